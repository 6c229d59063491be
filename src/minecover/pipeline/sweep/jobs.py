"""The jobs of a sweep: what each chooses, what it is called, and with whom it shares a fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from hydra.core.override_parser.types import Override

from minecover.core.config import Params
from minecover.core.errors import SweepError
from minecover.learning.models.shared_forest import Size
from minecover.pipeline.sweep.build_state import BuildState, refuse_stale
from minecover.pipeline.sweep.composition import Composer
from minecover.pipeline.sweep.fold_scores import Kinship, shares_trees
from minecover.tracking.provenance import digest_of

#: What the raw scores of a fold depend on, beside the tables and the code.
FITTED = ("design.name", "design.recipe", "features", "table", "folds", "mask", "model")
#: Characters of a job's digest: its identity.
DIGITS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One combination of the listed values.

    Parameters
    ----------
    overrides : tuple of str
        What Hydra composes it from.
    chosen : mapping of str
        The values of the keys that differ between the jobs.
    params : Params
    job_id : str
        Digest of all that it depends on.
    """

    overrides: tuple[str, ...]
    chosen: Mapping[str, str]
    params: Params
    job_id: str

    @property
    def name(self) -> str:
        """What its run is called: its choices, or what is trained where there is but one."""
        words = [
            value if "." not in key else f"{key.rpartition('.')[2]}={value}"
            for key, value in self.chosen.items()
        ]
        return " ".join(words) or str(self.params.value("model._target_")).rpartition(".")[2]


def combinations(overrides: Iterable[Override]) -> list[tuple[str, ...]]:
    """Give every combination of the listed values, the last key changing fastest.

    Raises
    ------
    SweepError
        If a value is a range without steps, which only a search can try.
    """
    values: dict[str, list[str]] = {}
    for override in overrides:
        key = override.get_key_element()
        if not override.is_sweep_override():
            values[key] = [override.get_value_element_as_str()]
        elif override.is_discrete_sweep():
            values[key] = [str(value) for value in override.sweep_string_iterator()]
        else:
            raise SweepError(
                f"{override.input_line} lists no values. A sweep tries lists, as in a=1,2 or "
                "a=range(1,9,2); `minecover search` looks between two numbers."
            )
    return list(
        product(*([f"{key}={value}" for value in each] for key, each in values.items()))
    )


def planned(overrides: Sequence[Override], composer: Composer, built: BuildState) -> list[Job]:
    """Compose every job, and refuse what cannot be answered from the tables that are built.

    Raises
    ------
    SweepError
        If jobs ask for other tables, or two jobs are the same.
    """
    asked = composer.jobs(combinations(overrides))
    refuse_stale(built, asked)
    swept = {o.get_key_element() for o in overrides if o.is_sweep_override()}
    by_id: dict[str, Job] = {}
    for words, params in asked.items():
        pairs = (word.partition("=")[::2] for word in words)
        chosen = {key.lstrip("+"): value for key, value in pairs if key in swept}
        job = Job(words, chosen, params, built.identity(params)[:DIGITS])
        twin = by_id.setdefault(job.job_id, job)
        if twin is not job:
            raise SweepError(
                f"the jobs {twin.name!r} and {job.name!r} are the same: nothing that folds, "
                "training or scoring reads differs between them. Sweep over other keys."
            )
    return list(by_id.values())


def kinships(jobs: Sequence[Job], built: BuildState) -> dict[str, Kinship]:
    """Find the jobs that one fit can serve, by job_id."""
    common: dict[str, str] = {}
    sizes: dict[str, Size | None] = {}
    files: dict[str, dict[Size | None, str]] = {}
    for job in jobs:
        fitted = {key: job.params.value(key) for key in FITTED}
        name = digest_of([built.data, built.code, fitted])
        family, recipe = job.params.build("model"), job.params.build("design.recipe")
        size = None
        if shares_trees(family, recipe):
            size = Size.of(family[-1])
            model = {**job.params.value("model"), "n_estimators": None, "max_depth": None}
            name_of_all = digest_of([built.data, built.code, {**fitted, "model": model}])
        common[job.job_id] = name if size is None else name_of_all
        sizes[job.job_id] = size
        files.setdefault(common[job.job_id], {})[size] = name
    everyone = list(common.values())
    return {
        job_id: Kinship(name, sizes[job_id], files[name], everyone.count(name) > 1)
        for job_id, name in common.items()
    }
