"""Render the page of an external evaluation: what was tried where, and what came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minecover.core.templates import templates_of
from minecover.evaluation import Report, get_score
from minecover.evaluation.external import FEWEST_GROUPS
from minecover.reporting.page.detection_tables import (
    BY_CHANCE,
    DETECTION_ROWS,
    POOLING_NAMES,
    kind_table,
)
from minecover.reporting.page.score_tables import Table, format_score, lookup

#: Scores of locations and whole mines: keys of the report and their names.
GROUND_ROWS = {
    "location.average_precision": "average precision of locations",
    "location.precision": "precision of locations",
    "location.recall": "recall of locations",
    "location.f1": "F1 of locations",
    "objects.mine_recall": "share of the mines that is found",
    "objects.precision": "share of the found objects that is on a mine",
    "objects.false_per_100km2": "false objects per 100 km²",
    "background.false_per_100km2": "false objects per 100 km² of ground without mines",
    "calibration.location.ece": "calibration error: mean gap between predicted and observed",
    "truth.location.average_precision": "average precision, against the true mines",
    "truth.objects.mine_recall": "share of the true mines that is found",
}
#: Numbers of locations, in words.
COUNTED = {
    "locations": "observed locations",
    "mine_locations": "of these labelled as mine",
}
#: What random rankings score.
CHANCE = {
    **BY_CHANCE,
    "location.average_precision": "baseline.random.location.average_precision",
}


def score_table(scores: Report) -> Table:
    """Return all scores of a ground, on all of it, where the model applies, and elsewhere.

    Parameters
    ----------
    scores : nested dict
        Report of `minecover.evaluation.external.external_estimates`.
    """
    rows = [_counts(scores, "locations"), _counts(scores, "mine_locations")]
    for key, name in {**GROUND_ROWS, **DETECTION_ROWS}.items():
        if lookup(scores, key) is not None:
            sides = (f"applicable.{side}.{key}" for side in ("inside", "outside"))
            cells = [format_score(scores, one) for one in (key, *sides)]
            chance = format_score(scores, CHANCE[key]) if key in CHANCE else ""
            rows.append((name, *cells, chance))
    head = ("", "all of it", "where the model applies", "elsewhere", "by chance")
    return Table(head, tuple(rows))


def external_page(content: Mapping[str, Any]) -> str:
    """Render the page of an external evaluation.

    Parameters
    ----------
    content : mapping
        What `minecover.pipeline.external.evaluation` writes as JSON.

    Returns
    -------
    str
        HTML that loads nothing; its title says *simulated* if the ground is.
    """
    template = templates_of("minecover.reporting").get_template("external_page.html")
    scores = content["scores"]
    kinds = kind_table(scores)
    return template.render(
        **content,
        table=score_table(scores),
        kinds=kinds,
        few_kinds=_few(kinds),
        fewest=FEWEST_GROUPS,
        share=format_score(scores, "applicable.share"),
        pooling=POOLING_NAMES[content["model"]["pooling"]],
        first_left_out=_first(content["left_out"]),
    )


def _counts(scores: Report, name: str) -> tuple[str, ...]:
    """Return how many locations each column is about."""
    inside, outside = (
        int(get_score(scores, f"applicable.{side}.{name}")) for side in ("inside", "outside")
    )
    numbers = (f"{number:,}" for number in (inside + outside, inside, outside))
    return (COUNTED[name], *numbers, "")


def _few(kinds: Table) -> Sequence[str]:
    """Return the kinds of ground with too few sites for an interval."""
    return [row[0] for row in kinds.rows if row[-1].isdigit() and int(row[-1]) < FEWEST_GROUPS]


def _first(left_out: Mapping[str, str], most: int = 10) -> Sequence[tuple[str, str]]:
    """Return the first sites that were left out, and why."""
    return list(left_out.items())[:most]
