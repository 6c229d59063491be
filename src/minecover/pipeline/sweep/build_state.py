"""The tables that DVC built, and the keys that each stage reads: what can be swept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from minecover.core.composition import leaves
from minecover.core.config import Params
from minecover.core.digests import file_digest
from minecover.core.errors import SweepError
from minecover.core.overrides import shell_word
from minecover.pipeline import STAGES
from minecover.tracking.datasets import recorded_datasets
from minecover.tracking.provenance import digest_of, stages_digest
from minecover.tracking.record import Dataset

LOCK, PIPELINE = Path("dvc.lock"), Path("dvc.yaml")
#: What a job runs beside the code of those stages.
SWEEP = "src/minecover/pipeline/sweep"
#: What the tables come from; a sweep takes them as they are.
UPSTREAM = STAGES[: STAGES.index("features") + 1]
#: What a job does itself: it deals the folds, trains and scores.
OWN = ("folds", "train", "evaluate")


@dataclass(frozen=True, slots=True)
class Stale:
    """A key with another value than the tables were built with."""

    key: str
    built: object
    wanted: object
    stages: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class BuildState:
    """The tables as dvc.lock records them, and the readers of keys as dvc.yaml names them.

    Parameters
    ----------
    upstream : mapping of mapping
        By stage: the parameters that it was last run with, by dotted key.
    audited : mapping
        The same of the stage `folds`.
    read : tuple of str
        Dotted keys that a job reads; all of them, and what lies below.
    data, audit, code : str
        SHA-256 of the stages that made the tables and of the stage `folds`, both as dvc.lock
        records them, and of the modules that a job runs.
    datasets : tuple of Dataset
        The tables and what they were made from, see `recorded_datasets`.
    """

    upstream: Mapping[str, Mapping[str, object]]
    audited: Mapping[str, object]
    read: tuple[str, ...]
    data: str
    audit: str
    code: str
    datasets: tuple[Dataset, ...]

    @classmethod
    def here(cls) -> BuildState:
        """Read dvc.yaml and dvc.lock of the working directory.

        Raises
        ------
        RegistryError
            If the tables or the folds were never built.
        """
        data, audit = stages_digest(LOCK, UPSTREAM), stages_digest(LOCK, ("folds",))
        lock = yaml.safe_load(LOCK.read_text(encoding="utf-8"))["stages"]
        stages = yaml.safe_load(PIPELINE.read_text(encoding="utf-8"))["stages"]
        files = sorted({dep for stage in OWN for dep in stages[stage]["deps"]})
        own = [path for path in files if path.startswith("src/") or path.endswith(".lock")]
        code = sorted({path for name in [*own, SWEEP] for path in code_files(Path(name))})
        return cls(
            upstream={stage: _recorded(lock[stage]) for stage in UPSTREAM},
            audited=_recorded(lock["folds"]),
            read=tuple(sorted({str(k) for s in OWN for k in stages[s].get("params", [])})),
            data=data,
            audit=audit,
            code=digest_of({path.as_posix(): file_digest(path) for path in code}),
            datasets=recorded_datasets(LOCK),
        )

    def identity(self, params: Params) -> str:
        """SHA-256 of what a job reads of the configuration, of the tables and of the code."""
        built = {"data": self.data, "audit": self.audit, "code": self.code}
        return digest_of({"config": self.choices(params), **built})

    def choices(self, params: Params) -> dict[str, object]:
        """Give what a job reads of the configuration."""
        return {key: params.value(key) for key in self.read}

    def stale(self, params: Params) -> list[Stale]:
        """Find the keys that the tables would have to be built anew for."""
        readers: dict[str, list[str]] = {}
        found: dict[str, tuple[object, object]] = {}
        for stage, recorded in self.upstream.items():
            for key, was in recorded.items():
                for leaf, pair in _differing(key, was, params.value(key)):
                    readers.setdefault(leaf, []).append(stage)
                    found[leaf] = pair
        return [Stale(leaf, *pair, tuple(readers[leaf])) for leaf, pair in found.items()]

    def is_audited(self, params: Params) -> bool:
        """Tell whether reports/leakage.json is about the folds that a job deals."""
        return not any(
            list(_differing(key, was, params.value(key))) for key, was in self.audited.items()
        )


def code_files(path: Path) -> list[Path]:
    """List the files of a dependency: itself, or all files below it except compiled ones."""
    if path.is_file():
        return [path]
    below = (one for one in path.rglob("*") if one.is_file() and one.suffix != ".pyc")
    return sorted(below)


def refuse_stale(built: BuildState, jobs: Mapping[tuple[str, ...], Params]) -> None:
    """Refuse a sweep over what only building anew would change.

    Parameters
    ----------
    built : BuildState
    jobs : mapping of Params
        By the overrides of each job.

    Raises
    ------
    SweepError
        Naming the keys and the line to type instead.
    """
    stale = {overrides: built.stale(params) for overrides, params in jobs.items()}
    first = next((found for found in stale.values() if found), None)
    if first is None:
        return
    shown = "; ".join(
        f"{one.key} is read by {', '.join(one.stages)}, which ran with {one.built!r}, "
        f"not {one.wanted!r}"
        for one in first[:3]
    )
    more = f"; and {len(first) - 3} keys more" if len(first) > 3 else ""
    raise SweepError(
        f"a sweep runs over the tables that are built: {shown}{more}. Type: "
        + _instead(
            list(stale),
            among_jobs=len({_importance_rows(found) for found in stale.values()}) > 1,
        )
    )


def _importance_rows(stale: Sequence[Stale]) -> tuple[tuple[str, str], ...]:
    """Give what a job would need built, comparable to another's."""
    return tuple((one.key, repr(one.wanted)) for one in stale)


def _instead(jobs: Sequence[tuple[str, ...]], *, among_jobs: bool) -> str:
    """Write the line that builds the tables: one for all jobs, or a queue of builds."""
    values: dict[str, list[str]] = {}
    for word in (word for overrides in jobs for word in overrides):
        key, equals, value = word.partition("=")
        if value not in values.setdefault(key + equals, []):
            values[key + equals].append(value)
    if among_jobs:
        words = " ".join(
            f"-S {shell_word(key + ','.join(each))}" for key, each in values.items()
        )
        return f"dvc exp run --queue {words} && dvc exp run --run-all"
    words = " ".join(
        shell_word(key + each[0]) for key, each in values.items() if len(each) == 1
    )
    return f"minecover params --write {words} && dvc repro folds"


def _recorded(section: Mapping[str, Mapping[str, Mapping[str, object]]]) -> dict[str, object]:
    """Give the parameters of a stage in dvc.lock."""
    return dict(section.get("params", {}).get("params.yaml", {}))


def _differing(
    key: str, was: object, wanted: object
) -> Iterator[tuple[str, tuple[object, object]]]:
    """Walk the leaves below a key that differ, with both values."""
    before, now = dict(leaves(was, key)), dict(leaves(wanted, key))
    for leaf in {**before, **now}:
        pair = before.get(leaf), now.get(leaf)
        if digest_of(pair[0]) != digest_of(pair[1]):
            yield leaf, pair
