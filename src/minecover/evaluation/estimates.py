"""Scores with their bootstrap replicates, and the nested report they are written as."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minecover.evaluation.bootstrap import Bootstrap
from minecover.evaluation.ranking import F64

#: Decimals of every reported score: more would only be rounding noise of the platform.
DECIMALS = 6

#: The content of reports/metrics.json.
Report = dict[str, "float | int | None | Report"]
#: The same before intervals are taken. A score is a (1 + replicates,) array: its value, then
#: its value in each replicate (`Bootstrap.draws`). A plain number has no interval.
Estimates = dict[str, "F64 | float | int | Estimates"]


def to_report(estimates: Estimates, bootstrap: Bootstrap) -> Report:
    """Return the scores with their intervals, rounded for reports/metrics.json.

    Parameters
    ----------
    estimates : nested dict
        Scores as (1 + replicates,) arrays, and plain numbers.
    bootstrap : Bootstrap
        Defines the interval.

    Returns
    -------
    nested dict of float, int and None
        Each score under its ``name``, its interval under ``name_low`` and ``name_high``. A
        score that does not exist (0/0, the interval of one site) is None, JSON's null.
    """
    report: Report = {}
    for name, node in estimates.items():
        if isinstance(node, dict):
            report[name] = to_report(node, bootstrap)
        elif isinstance(node, np.ndarray):
            low, high = bootstrap.interval(node[1:])
            report[name] = _rounded(float(node[0]))
            report[f"{name}_low"] = None if low is None else _rounded(low)
            report[f"{name}_high"] = None if high is None else _rounded(high)
        else:
            report[name] = _rounded(node)
    return report


def iter_scores(estimates: Estimates, prefix: str = "") -> Iterator[tuple[str, F64]]:
    """Yield each score with its dotted name; plain numbers are left out.

    Parameters
    ----------
    estimates : nested dict
        Scores as (1 + replicates,) arrays, and plain numbers.
    prefix : str
        Beginning of every name.

    Yields
    ------
    name : str
        Such as ``location.f1``.
    values : (1 + replicates,) float64
        The score, then its replicates.
    """
    for name, node in estimates.items():
        if isinstance(node, dict):
            yield from iter_scores(node, f"{prefix}{name}.")
        elif isinstance(node, np.ndarray):
            yield prefix + name, node


def get_score(report: Report, key: str) -> float:
    """Return a number of a report.

    Parameters
    ----------
    report : nested dict
        As `to_report` returns it or as read from reports/metrics.json.
    key : str
        Dotted name, such as ``location.f1_low``.

    Returns
    -------
    float
        NaN if the report has no such key, or None there.
    """
    node: float | int | Report | None = report
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return float(node) if isinstance(node, float | int) else float("nan")


def _rounded(value: float | int) -> float | int | None:
    """Round to `DECIMALS`; None for NaN."""
    if isinstance(value, int):
        return value
    return None if np.isnan(value) else round(value, DECIMALS)
