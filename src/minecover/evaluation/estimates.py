"""A score with its value in every draw of the sites: what intervals and comparisons are of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minecover.evaluation.bootstrap import Bootstrap
from minecover.evaluation.ranking import F64

#: Decimals kept of every score: more would only be rounding noise of the platform.
DECIMALS = 6

#: The content of reports/metrics.json.
Report = dict[str, "float | int | None | Report"]
#: The same before it is written: a score is an array, first its value, then that of each draw
#: of the sites (`Bootstrap.draws`); a plain number has no interval.
Estimates = dict[str, "F64 | float | int | Estimates"]


def rendered(estimates: Estimates, bootstrap: Bootstrap) -> Report:
    """Turn estimates into numbers: ``name``, and of a score ``name_low`` and ``name_high``.

    Returns
    -------
    nested dict of float, int and None
        A score that does not exist (0/0, the interval of one site) is None, JSON's null.
    """
    report: Report = {}
    for name, node in estimates.items():
        if isinstance(node, dict):
            report[name] = rendered(node, bootstrap)
        elif isinstance(node, np.ndarray):
            low, high = bootstrap.interval(node[1:])
            report[name] = _tidy(float(node[0]))
            report[f"{name}_low"] = None if low is None else _tidy(low)
            report[f"{name}_high"] = None if high is None else _tidy(high)
        else:
            report[name] = _tidy(node)
    return report


def drawn(estimates: Estimates, prefix: str = "") -> Iterator[tuple[str, F64]]:
    """Walk the scores with their dotted names, without the plain numbers."""
    for name, node in estimates.items():
        if isinstance(node, dict):
            yield from drawn(node, f"{prefix}{name}.")
        elif isinstance(node, np.ndarray):
            yield prefix + name, node


def number(report: Report, key: str) -> float:
    """Look a score up by its dotted key; NaN where it does not exist."""
    node: float | int | Report | None = report
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return float(node) if isinstance(node, float | int) else float("nan")


def _tidy(value: float | int) -> float | int | None:
    """Round, and write what is not a number as None."""
    if isinstance(value, int):
        return value
    return None if np.isnan(value) else round(value, DECIMALS)
