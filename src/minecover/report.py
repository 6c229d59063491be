"""One page to read: scores with their intervals, pictures, candidates, and how to take them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import geopandas as gpd
import numpy as np
import pandas as pd
from jinja2 import Environment, StrictUndefined

from minecover.metrics import Report

#: Candidates shown on the page; all of them are in candidates.geojson.
N_SHOWN = 20
#: Prevalences at which the precision is re-expressed: a mining district, an ordinary province.
ELSEWHERE = (1e-3, 1e-4)
#: Decimals of a candidate's numbers: a metre of ground, a hundredth of the rest.
DIGITS = {"lon": 5, "lat": 5, "area_ha": 2, "max_probability": 2, "mean_probability": 2}
SCORES = ("precision", "recall", "f1", "average_precision")
#: The rows of the table of scores: where they lie in metrics.json, and what they are called.
ROWS = {
    "observation": "one date, as published in 2017 (a clouded mine is a missed one)",
    "common_support.observation": "one date, common support",
    "location": "all dates together",
    "truth.location": "all dates together, against where the mines truly are",
    "baseline.random.location": "a random classifier",
}


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What the page shows.

    Parameters
    ----------
    model : mapping
        The model's card: models/model.json.
    metrics : nested dict
        reports/metrics.json.
    leakage : mapping
        reports/leakage.json.
    transfer : DataFrame
        `minecover.metrics.transfer`.
    candidates : GeoDataFrame
        `minecover.candidates.find`.
    pictures : mapping of str to bytes
        PNG by caption, in order.
    """

    model: Mapping[str, object]
    metrics: Report
    leakage: Mapping[str, object]
    transfer: pd.DataFrame
    candidates: gpd.GeoDataFrame
    pictures: Mapping[str, bytes]


def page(content: Content) -> str:
    """Render the page: one file that opens without a network.

    Returns
    -------
    str
        HTML; the title says *simulated* where the data are.
    """
    shown = content.candidates.drop(columns="geometry").head(N_SHOWN)
    columns = [name.replace("_", " ") for name in shown.columns]
    template = files("minecover").joinpath("report.html").read_text(encoding="utf-8")
    return _ENVIRONMENT.from_string(template).render(
        title="Candidate mines"
        + (" on simulated data" if content.model["is_simulated"] else ""),
        model=content.model,
        scores=score_table(content.metrics),
        columns=[name.replace("_", " ") for name in SCORES],
        elsewhere=_elsewhere(content.transfer),
        leakage=content.leakage,
        candidate_columns=columns,
        candidates=[
            [_cell(name, value) for name, value in zip(shown.columns, row, strict=True)]
            for row in shown.itertuples(index=False)
        ],
        n_candidates=len(content.candidates),
        pictures={
            caption: base64.b64encode(png).decode() for caption, png in content.pictures.items()
        },
    )


def score_table(metrics: Report) -> list[tuple[str, list[str]]]:
    """Write the lines of `ROWS`, with the scores of `SCORES`; what is not there is dashes."""
    return [
        (line, [score(found_at(metrics, key), name) for name in SCORES])
        for key, line in ROWS.items()
    ]


def found_at(metrics: Report, key: str) -> Mapping[str, object]:
    """Look a group of scores up by its dotted key; empty where there is none."""
    node: object = metrics
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


def score(found: Mapping[str, object], name: str) -> str:
    """Write a score of a group with its interval."""
    value, low, high = (found.get(key) for key in (name, f"{name}_low", f"{name}_high"))
    if not isinstance(value, float | int):
        return "–"
    if not (isinstance(low, float | int) and isinstance(high, float | int)):
        return f"{value:.3f}"
    return f"{value:.3f} ({low:.2f}–{high:.2f})"


def _elsewhere(transfer: pd.DataFrame) -> list[tuple[str, str]]:
    """Look the precision up at prevalences that the sites do not have."""
    lines = []
    for prevalence in ELSEWHERE:
        nearest = (transfer["prevalence"] - prevalence).abs().idxmin()
        lines.append((f"{prevalence:.2%}", f"{transfer.loc[nearest, 'precision']:.0%}"))
    return lines


def _cell(column: str, value: object) -> str:
    """Write a cell of the table of candidates."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{value:.{DIGITS[column]}f}" if column in DIGITS else str(value)


_ENVIRONMENT = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
