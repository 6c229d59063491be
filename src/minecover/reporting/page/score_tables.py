"""The scores of reports/metrics.json as tables that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from minecover.evaluation import Report

SCORES = ("precision", "recall", "f1", "average_precision")
#: The rows of the table of pixels: where they lie in metrics.json, and what they are called.
ROWS = {
    "observation": "one date, as published in 2017 (a clouded mine is a missed one)",
    "common_support.observation": "one date, common support",
    "location": "all dates together",
    "truth.location": "all dates together, against where the mines truly are",
    "baseline.random.location": "a random classifier",
}
#: What of the objects is shown, and its name.
OBJECTS = {
    "objects.mine_recall": "share of the mines that is found",
    "objects.precision": "share of the found objects that is on a mine",
    "objects.false_per_100km2": "false objects per 100 km²",
    "objects.extent_iou": "overlap of the outlines of a found mine (intersection over union)",
}
CALIBRATION = {
    "calibration.location.brier_skill": "Brier skill: 1 is certain and right, 0 is chance",
    "calibration.location.ece": "calibration error: how far the promised shares are off",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text: a header a column, and rows with their names first."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def pixels(metrics: Report) -> Table:
    """Tabulate the scores of single pixels."""
    rows = [
        (name, *(score(metrics, f"{key}.{column}") for column in SCORES))
        for key, name in ROWS.items()
    ]
    return Table(("scored", *(name.replace("_", " ") for name in SCORES)), tuple(rows))


def objects(metrics: Report) -> Table:
    """Tabulate the scores of whole mines, at the threshold and at affordable alarms."""
    names = {
        **OBJECTS,
        **_numbered(
            metrics, "objects", "at_", "_false_per_100km2",
            "share of the mines found, if {} false objects per 100 km² are affordable",
            leaf=".mine_recall",
        ),
        **_numbered(
            metrics, "objects", "f1_within_", "_px",
            "F1 of the pixels, if being off by {} of them is no mistake",
        ),
    }  # fmt: skip
    return _compared(metrics, names)


def calibration(metrics: Report) -> Table:
    """Tabulate how far probabilities can be taken at their word."""
    return _compared(metrics, CALIBRATION)


def elsewhere(metrics: Report) -> Table:
    """Tabulate the precision of the same model where mines are rarer."""
    names = {
        f"transfer.{key}": f"{int(key.split('_')[2]) / 1e4:g} % of the ground is mine"
        for key in _children(metrics, "transfer")
        if key.endswith("_ppm")
    }
    return _compared(metrics, names)


def background(metrics: Report) -> Table:
    """Tabulate the false objects on mine-free ground; no row where none was looked at."""
    names = {"background.false_per_100km2": "false objects per 100 km²"}
    return _compared(metrics, {key: name for key, name in names.items() if found(metrics, key)})


def first_candidates(precision: pd.DataFrame) -> Table:
    """Tabulate the precision of the first candidates.

    Parameters
    ----------
    precision : DataFrame
        `against`, `k`, `precision`, `low`, `high`.
    """
    sides = list(dict.fromkeys(precision["against"]))
    cells = {
        (row.against, row.k): interval(row.precision, row.low, row.high)
        for row in precision.itertuples()
    }
    rows = [
        (f"the first {k}", *(cells.get((side, k), "–") for side in sides))
        for k in sorted(set(precision["k"]))
    ]
    return Table(("candidates", *(f"that touch {side}" for side in sides)), tuple(rows))


def found(metrics: Report, key: str) -> object:
    """Look a dotted key up; None where it is not."""
    node: object = metrics
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def score(metrics: Report, key: str) -> str:
    """Write a score with its interval; a dash where there is none."""
    return interval(*(found(metrics, f"{key}{end}") for end in ("", "_low", "_high")))


def interval(value: object, low: object, high: object) -> str:
    """Write a value with its interval, if both are numbers."""
    if not isinstance(value, float | int) or value != value:
        return "–"
    if not (isinstance(low, float | int) and isinstance(high, float | int)) or low != low:
        return f"{value:.3f}"
    return f"{value:.3f} ({low:.2f}–{high:.2f})"


def _compared(metrics: Report, names: Mapping[str, str]) -> Table:
    """Tabulate scores against the labels and, where it is known, against the truth."""
    sides = {"against the labels": ""}
    if found(metrics, "truth.objects") is not None:
        sides["against the truth"] = "truth."
    rows = [
        (name, *(score(metrics, prefix + key) for prefix in sides.values()))
        for key, name in names.items()
    ]
    return Table(("", *sides), tuple(rows))


def _numbered(
    metrics: Report, node: str, before: str, after: str, name: str, *, leaf: str = ""
) -> dict[str, str]:
    """Name the scores whose keys hold a number that the configuration chose."""
    return {
        f"{node}.{key}{leaf}": name.format(key[len(before) : -len(after)])
        for key in _children(metrics, node)
        if key.startswith(before) and key.endswith(after)
    }


def _children(metrics: Report, node: str) -> Iterator[str]:
    """Name what lies below a node."""
    there = found(metrics, node)
    yield from there if isinstance(there, dict) else ()
