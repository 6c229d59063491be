"""Two runs on ground that neither was trained on: their external evaluations side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from minecover.core.config import Params
from minecover.pipeline.external.logged import DECIDING
from minecover.pipeline.run_card import number, score_name
from minecover.pipeline.run_scores import REPLICATES, RunScores, differences_of
from minecover.tracking.decisions import version_of_run
from minecover.tracking.external import ExternalEvaluation, external_evaluations
from minecover.tracking.runs import RunSummary, download_artifact
from minecover.tracking.types import Tracking


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """One ground that one or both models of a comparison were tried on.

    Parameters
    ----------
    a, b : ExternalEvaluation or None
        What came out; None if the model was not tried there.
    table : DataFrame or None
        See `minecover.evaluation.paired_differences`; None unless both were tried there.
    """

    a: ExternalEvaluation | None
    b: ExternalEvaluation | None
    table: pd.DataFrame | None

    @property
    def ground(self) -> str:
        """The ground in words."""
        found = self.a or self.b
        return found.ground if found else ""

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return lines of a table: score, a, b, and the difference with its interval."""
        tried = [one for one in (self.a, self.b) if one is not None]
        return [
            (score_name(key), _value(self.a, key), _value(self.b, key), self._differs(key))
            for key in DECIDING
            if any(key in one.scores for one in tried)
        ]

    def _differs(self, key: str) -> str:
        """Return the difference of a score; a dash if there is none."""
        if self.table is None or key not in set(self.table["score"]):
            return "–"
        row = self.table.set_index("score").loc[key]
        low, high = row["difference_low"], row["difference_high"]
        return f"{row['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"

    def markdown(self) -> str:
        """Return the ground and its table for the page of a run."""
        head = ["| score | a | b | b minus a [interval] |", "|---|---|---|---|"]
        table = "\n".join([*head, *(f"| {' | '.join(row)} |" for row in self.rows())])
        return f"On {self.ground}, where neither was trained:\n\n{table}"

    def lines(self) -> list[str]:
        """Return the ground and its table for a terminal."""
        return [f"On {self.ground}, where neither was trained:", *map(_line, self.rows())]


def elsewhere(
    tracking: Tracking, a: RunSummary, b: RunSummary, params: Params
) -> list[Elsewhere]:
    """Return the external evaluations of the versions of two runs, by ground.

    Parameters
    ----------
    tracking : Tracking
        Names the store.
    a, b : RunSummary
        Runs of builds; those of jobs have no version, and so no evaluation.
    params : Params
        Of it, `metrics.bootstrap` is read.
    """
    of_a, of_b = (_by_digest(tracking, run) for run in (a, b))
    found = []
    for digest in sorted({**of_a, **of_b}):
        one, other = of_a.get(digest), of_b.get(digest)
        table = _differences(tracking, one, other, params) if one and other else None
        found.append(Elsewhere(one, other, table))
    return sorted(found, key=lambda here: (here.table is None, here.ground))


def _by_digest(tracking: Tracking, run: RunSummary) -> dict[str, ExternalEvaluation]:
    """Return the evaluations of the version of a run by the digest of their ground."""
    version = version_of_run(tracking, run.run_id)
    found: Sequence[ExternalEvaluation] = external_evaluations(version) if version else ()
    return {one.digest: one for one in found}


def _differences(
    tracking: Tracking, a: ExternalEvaluation, b: ExternalEvaluation, params: Params
) -> pd.DataFrame | None:
    """Compute the differences of the scores on the same draws of sites."""
    of_a, of_b = (_scores(tracking, one) for one in (a, b))
    return differences_of(of_a, of_b, params) if of_a.metrics == of_b.metrics else None


def _scores(tracking: Tracking, found: ExternalEvaluation) -> RunScores:
    """Return the scores of an evaluation with their replicates."""
    with tempfile.TemporaryDirectory() as name:
        return RunScores.read(download_artifact(tracking, found.run_id, REPLICATES, Path(name)))


def _value(found: ExternalEvaluation | None, key: str) -> str:
    """Return a score as text."""
    value = None if found is None else found.scores.get(key, [None])[0]
    return number(float("nan") if value is None else value)


def _line(row: tuple[str, str, str, str]) -> str:
    """Return a line of the table for a terminal."""
    name, of_a, of_b, difference = row
    return f"  {name:<62} {of_a:>6} {of_b:>6}  {difference}"
