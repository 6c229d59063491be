"""Turn the scores of reports/metrics.json into tables of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from minecover.evaluation import Report

SCORES = ("precision", "recall", "f1", "average_precision")
#: Rows of the pixel table: keys of metrics.json and their names.
PIXEL_ROWS = {
    "observation": "one date, as published in 2017 (a mine under cloud counts as missed)",
    "common_support.observation": "one date, common support",
    "location": "all dates together",
    "truth.location": "all dates together, against the true mines",
    "baseline.random.location": "a random classifier",
}
#: Rows of the object table: keys of metrics.json and their names.
OBJECT_ROWS = {
    "objects.mine_recall": "share of the mines that is found",
    "objects.precision": "share of the found objects that is on a mine",
    "objects.false_per_100km2": "false objects per 100 km²",
    "objects.extent_iou": "overlap of the outlines of a found mine (intersection over union)",
}
CALIBRATION_ROWS = {
    "calibration.location.brier_skill": "Brier skill: 1 is perfect, 0 a constant probability",
    "calibration.location.ece": "calibration error: mean gap between predicted and observed",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text.

    Parameters
    ----------
    columns : tuple of str
        Column headers.
    rows : tuple of tuples of str
        Cells of each row, the row's name first.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def pixel_table(metrics: Report) -> Table:
    """Return the scores of single pixels.

    Parameters
    ----------
    metrics : nested dict
        Content of reports/metrics.json.
    """
    rows = [
        (name, *(format_score(metrics, f"{key}.{column}") for column in SCORES))
        for key, name in PIXEL_ROWS.items()
    ]
    return Table(("scored", *(name.replace("_", " ") for name in SCORES)), tuple(rows))


def object_table(metrics: Report) -> Table:
    """Return the scores of whole mines, at the threshold and at fixed false alarm rates.

    Parameters
    ----------
    metrics : nested dict
        Content of reports/metrics.json.
    """
    names = {
        **OBJECT_ROWS,
        **_name_numbered(
            metrics, "objects", "at_", "_false_per_100km2",
            "share of the mines found, if {} false objects per 100 km² are accepted",
            leaf=".mine_recall",
        ),
        **_name_numbered(
            metrics, "objects", "f1_within_", "_px",
            "F1 of the pixels, within a tolerance of {} px",
        ),
    }  # fmt: skip
    return _compare_with_truth(metrics, names)


def calibration_table(metrics: Report) -> Table:
    """Return the calibration scores of the probabilities.

    Parameters
    ----------
    metrics : nested dict
        Content of reports/metrics.json.
    """
    return _compare_with_truth(metrics, CALIBRATION_ROWS)


def transfer_table(metrics: Report) -> Table:
    """Return the expected precision of the same model where mines are rarer.

    Parameters
    ----------
    metrics : nested dict
        Content of reports/metrics.json.
    """
    names = {
        f"transfer.{key}": f"{int(key.split('_')[2]) / 1e4:g} % of the ground is mine"
        for key in _children(metrics, "transfer")
        if key.endswith("_ppm")
    }
    return _compare_with_truth(metrics, names)


def background_table(metrics: Report) -> Table:
    """Return the false objects on ground without mines; no rows if none was scored.

    Parameters
    ----------
    metrics : nested dict
        Content of reports/metrics.json.
    """
    names = {"background.false_per_100km2": "false objects per 100 km²"}
    scored = {key: name for key, name in names.items() if lookup(metrics, key)}
    return _compare_with_truth(metrics, scored)


def first_candidates_table(precision: pd.DataFrame) -> Table:
    """Return the precision among the first k candidates.

    Parameters
    ----------
    precision : DataFrame
        Columns `against` (what a candidate has to touch), `k`, `precision`, `low`, `high`.
    """
    sides = list(dict.fromkeys(precision["against"]))
    cells = {
        (row.against, row.k): format_interval(row.precision, row.low, row.high)
        for row in precision.itertuples()
    }
    rows = [
        (f"the first {k}", *(cells.get((side, k), "–") for side in sides))
        for k in sorted(set(precision["k"]))
    ]
    return Table(("candidates", *(f"that touch {side}" for side in sides)), tuple(rows))


def lookup(metrics: Report, key: str) -> object:
    """Return the value of a dotted key, or None if there is no such key.

    Parameters
    ----------
    metrics : nested dict
        Content of reports/metrics.json.
    key : str
        For example ``"objects.mine_recall"``.
    """
    node: object = metrics
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def format_score(metrics: Report, key: str) -> str:
    """Return a score and its interval as text; a dash if there is no such score.

    Parameters
    ----------
    metrics : nested dict
        Content of reports/metrics.json.
    key : str
        Dotted key of the score; its interval lies at `key` + ``"_low"`` and ``"_high"``.
    """
    return format_interval(*(lookup(metrics, f"{key}{end}") for end in ("", "_low", "_high")))


def format_interval(value: object, low: object, high: object) -> str:
    """Return a value and its interval as text.

    Parameters
    ----------
    value : float or None
        Anything that is not a number gives a dash.
    low, high : float or None
        Ends of the interval; it is left out unless both are numbers.
    """
    if not isinstance(value, float | int) or value != value:
        return "–"
    if not (isinstance(low, float | int) and isinstance(high, float | int)) or low != low:
        return f"{value:.3f}"
    return f"{value:.3f} ({low:.2f}–{high:.2f})"


def _compare_with_truth(metrics: Report, names: Mapping[str, str]) -> Table:
    """Return scores against the labels and, where it is known, against the truth."""
    sides = {"against the labels": ""}
    if lookup(metrics, "truth.objects") is not None:
        sides["against the truth"] = "truth."
    rows = [
        (name, *(format_score(metrics, prefix + key) for prefix in sides.values()))
        for key, name in names.items()
    ]
    return Table(("", *sides), tuple(rows))


def _name_numbered(
    metrics: Report, node: str, before: str, after: str, name: str, *, leaf: str = ""
) -> dict[str, str]:
    """Name the scores whose keys contain a number from the configuration."""
    return {
        f"{node}.{key}{leaf}": name.format(key[len(before) : -len(after)])
        for key in _children(metrics, node)
        if key.startswith(before) and key.endswith(after)
    }


def _children(metrics: Report, node: str) -> Iterator[str]:
    """Yield the keys below a node."""
    value = lookup(metrics, node)
    yield from value if isinstance(value, dict) else ()
