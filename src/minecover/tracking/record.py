"""What a run logs, independent of MLflow: parameters, metrics, tags, dataset, artifacts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Values of the tag ``kind``.
BUILD, JOB_RUN = "build", "job"
SWEEP_RUN, NESTED, COMPARISON = "sweep", "nested choice", "comparison"
EXTERNAL = "external evaluation"
#: Tag of the runs that `minecover adopt` takes, builds and jobs: the table of runs shows them.
ADOPTABLE = "adoptable"
#: Most metrics of a run: more would hide the few that decide.
MAX_RUN_METRICS = 60
#: Tags of every run, so that each run in the UI says where it comes from.
REQUIRED_TAGS = (
    "kind",
    "data_digest",
    "git_commit",
    "git_dirty",
    "source",
    "is_simulated",
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A file or folder of the pipeline that a run was made from.

    Parameters
    ----------
    name : str
        Name in the list of data sets.
    source : str
        Path in the repository.
    digest : str
        Digest, cut off to MLflow's 36 characters when it is logged: as many as DVC's has.
    context : str
        What the run took from it, one word or two.
    size_bytes, files : int or None
        Size and number of files; None if it was not recorded.
    """

    name: str
    source: str
    digest: str
    context: str = "training"
    size_bytes: int | None = None
    files: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One run: what went in and what came out.

    Parameters
    ----------
    name : str
        Name in the list of runs.
    params, metrics : mapping
        Nested, as in params.yaml and metrics.json; logged under dotted names.
    tags : mapping of str to str
        At least `REQUIRED_TAGS`, and what else distinguishes runs (family, sweep, fold).
    dataset : Dataset
        The tables that the run was trained on.
    artifacts : tuple of Path
        Files and folders to log.
    description : str
        Markdown at the top of the run's page.
    by_fold : mapping of str to sequence of float
        Metrics of each fold, by dotted name; logged as the steps of ``fold.<name>``.
    lineage : tuple of Dataset
        What `dataset` was made from.
    page : str
        Markdown of a registered version: its model card. Empty takes the description.

    Raises
    ------
    ValueError
        If a required tag is missing.
    """

    name: str
    params: Mapping[str, object]
    metrics: Mapping[str, object]
    tags: Mapping[str, str]
    dataset: Dataset
    artifacts: tuple[Path, ...]
    description: str
    by_fold: Mapping[str, Sequence[float]]
    lineage: tuple[Dataset, ...] = ()
    page: str = ""

    def __post_init__(self) -> None:
        """Refuse a run without its required tags; without a kind it is a build."""
        object.__setattr__(self, "tags", {"kind": BUILD, **self.tags})
        missing = [tag for tag in REQUIRED_TAGS if tag not in self.tags]
        if missing:
            raise ValueError(
                f"a run needs the tags {', '.join(REQUIRED_TAGS)}, lacks {missing}."
            )

    @property
    def flat_params(self) -> dict[str, str]:
        """Parameters by dotted name; strings as they are, other values as JSON."""
        return {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in _leaves(self.params)
        }

    @property
    def flat_metrics(self) -> dict[str, float]:
        """Metrics by dotted name, without those that are undefined (null)."""
        return {
            name: float(value)
            for name, value in _leaves(self.metrics)
            if isinstance(value, int | float)
        }


def _leaves(tree: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the leaves of a nested mapping with their dotted names, in order."""
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
