"""What a run has to say for itself, before MLflow hears of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Every run says this much, so that it explains itself wherever the UI shows it.
REQUIRED_TAGS = (
    "lock_digest",
    "data_digest",
    "config_digest",
    "git_commit",
    "git_dirty",
    "source",
    "is_simulated",
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """The table that a run learned from."""

    name: str
    source: str  # path in the repository
    digest: str


@dataclass(frozen=True, slots=True)
class Record:
    """One run: what went in and what came out.

    Parameters
    ----------
    name : str
        Shown in the list of runs.
    params, metrics : nested mappings
        As in params.yaml and metrics.json; flattened with dots.
    tags : mapping of str to str
        At least `REQUIRED_TAGS`; whatever else tells runs apart (family, sweep, fold) too.
    dataset : Dataset
    artifacts : tuple of Path
        Files and folders to keep with the run.
    description : str
        Markdown that the run's page opens with.
    by_fold : mapping of sequence
        Metrics of each fold, by dotted name: the steps of ``fold.<name>``.
    """

    name: str
    params: Mapping[str, object]
    metrics: Mapping[str, object]
    tags: Mapping[str, str]
    dataset: Dataset
    artifacts: tuple[Path, ...]
    description: str
    by_fold: Mapping[str, Sequence[float]]

    def __post_init__(self) -> None:
        """Refuse a run that does not say where it comes from."""
        missing = [tag for tag in REQUIRED_TAGS if tag not in self.tags]
        if missing:
            raise ValueError(
                f"a run needs the tags {', '.join(REQUIRED_TAGS)}, lacks {missing}."
            )

    @property
    def flat_params(self) -> dict[str, str]:
        """Parameters by dotted name; what is no text as JSON."""
        return {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in _leaves(self.params)
        }

    @property
    def flat_metrics(self) -> dict[str, float]:
        """Metrics by dotted name; a score that does not exist is left out."""
        return {
            name: float(value)
            for name, value in _leaves(self.metrics)
            if isinstance(value, int | float)
        }


def _leaves(tree: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Walk a nested mapping in order."""
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
