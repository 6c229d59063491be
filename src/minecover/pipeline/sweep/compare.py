"""Two runs on the same sites: which is better, for whom, and at what risk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from minecover.core.files import replacing, write_text
from minecover.evaluation import ScoredModel, paired_differences
from minecover.pipeline.run_card import (
    LESS_IS_BETTER,
    RANKS,
    SIMULATED,
    direction,
    number,
    score_name,
)
from minecover.pipeline.run_scores import differences_of, run_scores, scored_run
from minecover.pipeline.stages.evaluate import evaluation_settings
from minecover.pipeline.sweep.comparison_page import comparison_page
from minecover.pipeline.sweep.elsewhere import Elsewhere, elsewhere
from minecover.pipeline.sweep.naming import against_name
from minecover.tracking import log_run, runs
from minecover.tracking.provenance import git_state
from minecover.tracking.record import COMPARISON, REQUIRED_TAGS, Dataset, Record
from minecover.tracking.types import Tracking

#: Scores of the short table, the one that decides first; the first ten that both runs have.
SHORT = (
    RANKS,
    "look_alike.auc",
    "site.auc",
    "site.recall_at_5_percent_false",
    "look_alike.called",
    "chip.auc",
    "location.f1",
    "objects.at_2_false_per_100km2.mine_recall",
    "objects.at_5_false_per_100km2.mine_recall",
    "objects.mine_recall",
    "objects.precision",
    "objects.false_per_100km2",
    "calibration.location.ece",
    "truth.location.average_precision",
    "truth.location.f1",
    "transfer.precision_at_1000_ppm",
    "location.precision",
    "location.recall",
)
N_SHORT = 10
#: Words for a gain, a loss and neither, of b against a.
MARKS = {1: "▲ b better", -1: "▼ b worse", 0: "– unclear"}


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two runs and the differences of their scores, the second minus the first.

    Parameters
    ----------
    a, b : RunSummary
        The runs.
    table : DataFrame
        See `minecover.evaluation.paired_differences`.
    models : pair of ScoredModel
        Out-of-fold predictions of both.
    elsewhere : sequence of Elsewhere
        How both did on other ground, where they were tried there.
    """

    a: runs.RunSummary
    b: runs.RunSummary
    table: pd.DataFrame
    models: tuple[ScoredModel, ScoredModel]
    elsewhere: Sequence[Elsewhere] = ()

    @property
    def is_simulated(self) -> bool:
        """Whether the runs were scored on simulated data."""
        return self.b.tags.get("is_simulated") == "true"

    @property
    def name(self) -> str:
        """Name of the comparison: what differs between the names of the two runs."""
        return against_name(self.b.name, self.a.name)

    def row(self, score: str) -> pd.Series:
        """Return the row of a score."""
        return self.table.set_index("score").loc[score]

    def mark(self, score: str) -> int:
        """Return 1 if b is better by a score for certain, -1 if it is worse, 0 if neither."""
        row = self.row(score)
        low, high = float(row["difference_low"]), float(row["difference_high"])
        is_less = score.removeprefix("truth.").startswith(LESS_IS_BETTER)
        return direction(low, high, less_is_better=is_less)

    @property
    def short(self) -> list[str]:
        """The scores of the short table."""
        known = set(self.table["score"])
        return [score for score in SHORT if score in known][:N_SHORT]

    def verdict(self) -> list[str]:
        """Return the answer in sentences: which is better, in what, and at what risk."""
        row, mark = self.row(RANKS), self.mark(RANKS)
        better = {1: f"b ({self.b.name}) is better", -1: f"a ({self.a.name}) is better"}
        low, high = row["difference_low"], row["difference_high"]
        first = (
            f"{better.get(mark, 'No difference that the sites bear out')}: average precision "
            f"{row['b']:.3f} (b) against {row['a']:.3f} (a), difference "
            f"{row['difference']:+.3f} [{low:+.3f}, {high:+.3f}]."
        )
        return [first, *self._counts(), *self._risk()]

    def _counts(self) -> Iterator[str]:
        """Yield what else of the short table is better, and what is worse, in b."""
        for mark, word in ((1, "better"), (-1, "worse")):
            others = [score for score in self.short if score != RANKS]
            names = [score_name(score) for score in others if self.mark(score) == mark]
            if names:
                yield f"b is {word} in {'; '.join(names)}."

    def _risk(self) -> Iterator[str]:
        """Yield what the maps of both would miss and draw in vain."""
        known = set(self.table["score"])
        if {"objects.mine_recall", "objects.false_per_100km2"} <= known:
            found, false = self.row("objects.mine_recall"), self.row("objects.false_per_100km2")
            yield (
                f"Risk, each at its own threshold: a misses {100 * (1 - found['a']):.0f} and b "
                f"{100 * (1 - found['b']):.0f} of 100 mines; a draws {false['a']:.1f} and b "
                f"{false['b']:.1f} false objects per 100 km²."
            )

    def rows(self, scores: list[str]) -> list[tuple[str, str, str, str, str]]:
        """Return lines of a table: name, a, b, difference with its interval, and the mark."""
        lines = []
        for score in scores:
            row = self.row(score)
            low, high = row["difference_low"], row["difference_high"]
            difference = f"{row['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"
            values = number(row["a"]), number(row["b"])
            lines.append((score_name(score), *values, difference, MARKS[self.mark(score)]))
        return lines

    def text(self, *, everything: bool) -> str:
        """Return the comparison for a terminal: the verdict, then the table.

        Parameters
        ----------
        everything : bool
            Whether all scores are shown, under their names in metrics.json.
        """
        head = ("score", "a", "b", "b minus a [interval]", "")
        scores = list(self.table["score"]) if everything else self.short
        lines = [head, *self.rows(scores)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        padded = (
            [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
            for line in lines
        )
        table = "\n".join("  ".join(cells).rstrip() for cells in padded)
        about = f"a: {self.a.name} ({self.a.run_id})\nb: {self.b.name} ({self.b.run_id})"
        kind = f"{SIMULATED.strip('*')}\n" if self.is_simulated else ""
        verdict = "\n".join(self.verdict())
        others = "".join("\n\n" + "\n".join(one.lines()) for one in self.elsewhere)
        return f"{verdict}\n{kind}\n{about}\n\n{table}{others}"

    def markdown(self) -> str:
        """Return the comparison for the page of its run."""
        lines = [f"| {' | '.join(line)} |" for line in self.rows(self.short)]
        head = ["| score | a | b | b minus a [interval] | |", "|---|---|---|---|---|"]
        both = (("a", self.a), ("b", self.b))
        about = [f"{letter}: {run.name} (`{run.run_id}`)" for letter, run in both]
        first, *others = self.verdict()
        page = "The artifact compare.html has the maps of the site that differs most."
        parts = [f"**{first}**", *others, *about, "\n".join([*head, *lines])]
        parts += [*(one.markdown() for one in self.elsewhere), page]
        return "\n\n".join([*([SIMULATED] if self.is_simulated else []), *parts])


def compare(tracking: Tracking, first: str, second: str) -> Comparison:
    """Draw the sites again for both runs alike, and say what differs.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    first, second : str
        Ids of runs, or the beginnings of ids.

    Returns
    -------
    Comparison

    Raises
    ------
    RegistryError
        If a run is not there, or keeps no out-of-fold probabilities.
    ModelError
        If they were not scored on the same sites with the same labels.
    """
    a, b = runs.find_run(tracking, first), runs.find_run(tracking, second)
    with ThreadPoolExecutor(2) as threads:
        (params, model), (_, other) = threads.map(
            lambda run: scored_run(tracking, run.run_id), (a, b)
        )
    of_a, of_b = (run_scores(tracking, run.run_id, params) for run in (a, b))
    table = differences_of(of_a, of_b, params)
    if table is None:  # raises, and names the sites that differ
        table = paired_differences(model, other, evaluation_settings(params))
    return Comparison(a, b, table, (model, other), elsewhere(tracking, a, b, params))


def log_comparison(tracking: Tracking, found: Comparison) -> None:
    """Log a comparison as a run: its table, and a page with the maps of one site.

    Parameters
    ----------
    tracking : Tracking
        Names the store; nothing is logged in one that is read-only.
    found : Comparison
        What `compare` returned.
    """
    if tracking.is_read_only:
        return
    with tempfile.TemporaryDirectory() as name:
        table, page = Path(name, "comparison.csv"), Path(name, "compare.html")
        with replacing(table) as temporary:
            found.table.to_csv(temporary, index=False, lineterminator="\n")
        write_text(page, comparison_page(found))
        log_run(tracking, _record(found, (page, table)))


def _record(found: Comparison, artifacts: tuple[Path, ...]) -> Record:
    """Describe a comparison: what of it can be seen in a table of runs."""
    state = git_state(Path())
    numbers = found.table.set_index("score")
    metrics = {
        f"{column}.{score}": float(numbers.loc[score, column])
        for score in found.short
        for column in ("difference", "difference_low", "difference_high")
    }
    return Record(
        name=found.name,
        params={"a": found.a.run_id, "b": found.b.run_id},
        metrics=metrics,
        tags={
            **{tag: found.b.tags[tag] for tag in REQUIRED_TAGS},
            "kind": COMPARISON,
            "git_commit": state.commit,
            "git_dirty": str(state.is_dirty).lower(),
            "compared": f"{found.a.run_id} {found.b.run_id}",
        },
        dataset=Dataset("data/features", "data/features", found.b.tags["data_digest"]),
        artifacts=artifacts,
        description=found.markdown(),
        by_fold={},
    )
