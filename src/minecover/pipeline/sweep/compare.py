"""Two runs on the same sites: is one better, or were the sites kind to it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from minecover.core.config import Params, load_params
from minecover.core.files import replacing
from minecover.evaluation import ScoredModel, paired_differences
from minecover.evaluation.out_of_fold import read_out_of_fold
from minecover.pipeline.stages.evaluate import evaluation_settings, score_model
from minecover.tracking import log_run, runs
from minecover.tracking.provenance import git_state
from minecover.tracking.record import REQUIRED_TAGS, Dataset, Record
from minecover.tracking.types import Tracking

#: Scores of a verdict in words.
VERDICT = ("location.average_precision", "location.f1")


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two runs and the differences of their scores, the second minus the first.

    Parameters
    ----------
    a, b : RunSummary
    table : DataFrame
        See `minecover.evaluation.paired_differences`.
    """

    a: runs.RunSummary
    b: runs.RunSummary
    table: pd.DataFrame

    def row(self, score: str) -> pd.Series:
        """Give the row of a score."""
        return self.table.set_index("score").loc[score]

    def verdict(self, score: str) -> str:
        """Say which run is better by a score, if its interval leaves no doubt."""
        row = self.row(score)
        low, high = row["difference_low"], row["difference_high"]
        better = self.b if low > 0 else self.a if high < 0 else None
        said = (
            f"{better.name} is better" if better else "no difference that sites would bear out"
        )
        return (
            f"{score}: {row['a']:.3f} and {row['b']:.3f}, difference {row['difference']:+.3f} "
            f"[{low:+.3f}, {high:+.3f}]: {said}"
        )


def compare(tracking: Tracking, first: str, second: str) -> Comparison:
    """Draw the sites again for both runs alike, and log what differs as a run of its own.

    Parameters
    ----------
    tracking : Tracking
    first, second : str
        Ids of runs, or the beginnings of ids.

    Raises
    ------
    RegistryError
        If a run is not there, or keeps no out-of-fold scores.
    ModelError
        If they were not scored on the same sites with the same labels.
    """
    a, b = runs.find_run(tracking, first), runs.find_run(tracking, second)
    with tempfile.TemporaryDirectory() as folder:
        (params, model), (_, other) = (scored_run(tracking, run.run_id) for run in (a, b))
        found = Comparison(a, b, paired_differences(model, other, evaluation_settings(params)))
        path = Path(folder, "comparison.csv")
        with replacing(path) as temporary:
            found.table.to_csv(temporary, index=False, lineterminator="\n")
        log_run(tracking, _record(found, path))
    return found


def scored_run(tracking: Tracking, run_id: str) -> tuple[Params, ScoredModel]:
    """Fetch a run's out-of-fold scores, and cut them as it did.

    Raises
    ------
    RegistryError
        If the run keeps none.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        params = load_params(runs.download_artifact(tracking, run_id, "params.yaml", folder))
        path = runs.download_artifact(tracking, run_id, "out_of_fold.parquet", folder)
        return params, score_model(params, read_out_of_fold(path))


def _record(found: Comparison, path: Path) -> Record:
    """Describe a comparison: what of it can be seen in a table of runs."""
    state = git_state(Path())
    numbers = found.table.set_index("score")
    metrics = {
        f"{column}.{score}": float(numbers.loc[score, column])
        for score in VERDICT
        for column in ("difference", "difference_low", "difference_high")
    }
    tags = {tag: found.b.tags[tag] for tag in REQUIRED_TAGS}
    return Record(
        name=f"{found.b.name} against {found.a.name}",
        params={"a": found.a.run_id, "b": found.b.run_id},
        metrics=metrics,
        tags={
            **tags,
            "git_commit": state.commit,
            "git_dirty": str(state.is_dirty).lower(),
            "compared": f"{found.a.run_id} {found.b.run_id}",
        },
        dataset=Dataset(found.b.tags["source"], "data/features", found.b.tags["data_digest"]),
        artifacts=(path,),
        description="\n\n".join(found.verdict(score) for score in VERDICT),
        by_fold={},
    )
