"""The jobs of a sweep: their choices, names and identities, and which of them share fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from minecover.core.composition import one_line
from minecover.core.config import CONF, Params
from minecover.core.errors import ConfigError, SweepError
from minecover.core.overrides import unknown_key
from minecover.learning.models.shared_forest import ForestSize
from minecover.pipeline.run_record import family_of
from minecover.pipeline.sweep.build_state import BuildState, refuse_stale
from minecover.pipeline.sweep.fold_probabilities import SharedFits, shares_trees
from minecover.pipeline.sweep.naming import job_name
from minecover.tracking.provenance import digest_of

#: Keys on which the probabilities of a fold depend, besides the tables and the code.
FITTED = ("design.name", "design.recipe", "features", "table", "folds", "mask", "model")
#: Characters of a job's digest: its identity.
DIGITS = 16
#: What `OmegaConf.select` returns where there is no such key.
NOWHERE = object()

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One combination of the listed values.

    Parameters
    ----------
    overrides : tuple of str
        Overrides from which Hydra composes it.
    chosen : mapping of str
        The values of the keys that differ between the jobs.
    params : Params
        Its configuration.
    job_id : str
        Digest of everything that its results depend on.
    """

    overrides: tuple[str, ...]
    chosen: Mapping[str, str]
    params: Params
    job_id: str

    @property
    def name(self) -> str:
        """Name of its run, unless another job has it already."""
        return job_name(self.chosen) or family_of(self.params)


def combinations(overrides: Iterable[Override]) -> list[tuple[str, ...]]:
    """Return every combination of the listed values, the last key changing fastest.

    Raises
    ------
    SweepError
        If a value is a range without steps, which only a search can try.
    """
    words: dict[str, list[str]] = {}
    for override in overrides:
        key = override.get_key_element()
        if not override.is_sweep_override():
            value = override.get_value_element_as_str()
            # ~key deletes whatever value the key has; ~key=null would ask for that one.
            is_bare = override.is_delete() and "=" not in str(override.input_line)
            words[key] = [key if is_bare else f"{key}={value}"]
        elif override.is_discrete_sweep():
            words[key] = [f"{key}={value}" for value in override.sweep_string_iterator()]
        else:
            raise SweepError(
                f"{override.input_line} lists no values. A sweep takes lists, as in a=1,2 or "
                "a=range(1,9,2); `minecover search` tries values between two bounds."
            )
    return list(product(*words.values()))


def compose_jobs(
    loader: ConfigLoader, config: DictConfig, listed: Iterable[Words]
) -> dict[Words, Params]:
    """Compose jobs as Hydra's launchers do; overrides of keys that a job lacks are left out.

    So ``model=forest,linear model.max_depth=20,35`` is two forests and one linear model.

    Parameters
    ----------
    loader : ConfigLoader
        Hydra's own.
    config : DictConfig
        What Hydra composed for the sweep as a whole.
    listed : iterable of tuple of str
        The overrides of each job.

    Returns
    -------
    dict of Params
        By the overrides that are left; equal jobs once.

    Raises
    ------
    ConfigError
        If no job has a key, or something does not compose.
    """
    parser = OverridesParser.create(config_loader=loader)
    parsed = cache(parser.parse_override)
    load = cache(lambda words: loader.load_sweep_config(config, list(words)))

    def is_option(word: str) -> bool:
        # What adds, deletes or chooses an option of a group changes which keys there are.
        one = parsed(word)
        is_value = one.type is not None and one.type.name == "CHANGE"
        return not is_value or bool(loader.get_group_options(one.key_or_group))

    def existing(words: Words) -> Words:
        options = load(tuple(word for word in words if is_option(word)))
        return tuple(
            word
            for word in words
            if is_option(word)
            or OmegaConf.select(options, parsed(word).key_or_group, default=NOWHERE)
            is not NOWHERE
        )

    jobs: dict[Words, Params] = {}
    wanted: set[str] = set()
    known: set[str] = set()
    for words in listed:
        try:
            kept = existing(words)
            wanted |= {word.partition("=")[0] for word in words}
            known |= {word.partition("=")[0] for word in kept}
            if kept not in jobs:
                jobs[kept] = resolved(load(kept))
        except (HydraException, OmegaConfBaseException) as error:
            raise ConfigError(
                f"{' '.join(words)} does not compose: {one_line(error)}"
            ) from error
    if wanted - known:
        raise ConfigError(
            "; ".join(unknown_key(key, CONF) for key in sorted(wanted - known)) + "."
        )
    return jobs


def resolved(config: DictConfig) -> Params:
    """Return a composed configuration, its interpolations resolved, without Hydra's part."""
    names = [str(key) for key in config if key != "hydra"]
    tree = OmegaConf.to_container(
        OmegaConf.masked_copy(config, names), resolve=True, throw_on_missing=True
    )
    assert isinstance(tree, dict)
    return Params({str(key): value for key, value in tree.items()})


def plan_jobs(
    overrides: Sequence[Override], loader: ConfigLoader, config: DictConfig, built: BuildState
) -> list[Job]:
    """Compose every job, and refuse those for which other tables would have to be built.

    Raises
    ------
    SweepError
        If jobs need other tables, or two jobs are the same.
    """
    composed = compose_jobs(loader, config, combinations(overrides))
    refuse_stale(built, composed)
    swept = {o.get_key_element() for o in overrides if o.is_sweep_override()}
    by_id: dict[str, Job] = {}
    for words, params in composed.items():
        pairs = (word.partition("=")[::2] for word in words)
        chosen = {key.lstrip("+"): value for key, value in pairs if key in swept}
        job = Job(words, chosen, params, built.identity(params)[:DIGITS])
        other = by_id.setdefault(job.job_id, job)
        if other is not job:
            raise SweepError(
                f"the jobs {other.name!r} and {job.name!r} are the same: nothing that folds, "
                "training or scoring reads differs between them. Sweep over other keys."
            )
    return list(by_id.values())


def shared_fits(jobs: Sequence[Job], built: BuildState) -> dict[str, SharedFits]:
    """Return for each job, by job_id, which jobs can share its fits."""
    common: dict[str, str] = {}
    sizes: dict[str, ForestSize | None] = {}
    files: dict[str, dict[ForestSize | None, str]] = {}
    for job in jobs:
        fitted = {key: job.params.value(key) for key in FITTED}
        name = digest_of([built.data, built.code, fitted])
        family, recipe = job.params.build("model"), job.params.build("design.recipe")
        size = None
        if shares_trees(family, recipe):
            size = ForestSize.of(family[-1])
            model = {**job.params.value("model"), "n_estimators": None, "max_depth": None}
            name_of_all = digest_of([built.data, built.code, {**fitted, "model": model}])
        common[job.job_id] = name if size is None else name_of_all
        sizes[job.job_id] = size
        files.setdefault(common[job.job_id], {})[size] = name
    everyone = list(common.values())
    return {
        job_id: SharedFits(name, sizes[job_id], files[name], everyone.count(name) > 1)
        for job_id, name in common.items()
    }
