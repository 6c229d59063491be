"""One page to read: scores with their intervals, a map, every candidate's pictures."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import pandas as pd
from bokeh.resources import Resources
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from minecover.evaluation import Report
from minecover.reporting.figures import WINDOW_PX
from minecover.reporting.figures.canvas import GREY
from minecover.reporting.figures.overview import LAYERS
from minecover.reporting.page import score_tables as tables
from minecover.reporting.page.candidate_strips import Look, Strip, strip
from minecover.reporting.page.interactive import OUTLINES, Place, map_item, strip_item

__all__ = ["N_SHOWN", "Content", "Look", "Place", "Strip", "page", "strip"]

#: Candidates whose pictures are on the page. All are on the map and in the files.
N_SHOWN = 100
#: What the outlines over the pictures are.
SAID = {
    "truth": "dotted: where the mine truly is",
    "label": "drawn by hand",
    "candidate": "the candidate",
}
#: Decimals of a candidate's numbers: a metre of ground, a hundredth of the rest.
DIGITS = {
    "lon": 5,
    "lat": 5,
    "area_ha": 2,
    "max_probability": 2,
    "mean_probability": 2,
    "to_water_m": 0,
    "to_road_m": 0,
    "to_known_mine_m": 0,
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
    precision : DataFrame
        Precision of the first candidates: `against`, `k`, `precision`, `low`, `high`.
    checks_a_week : int
        How many candidates one person looks at in a week.
    place : Place
        Sites, candidates by rank, and layers.
    strips : sequence of Strip
        Of the first candidates, at most `N_SHOWN`.
    pictures : mapping of str to bytes
        PNG by caption, in order.
    """

    model: Mapping[str, object]
    metrics: Report
    leakage: Mapping[str, object]
    precision: pd.DataFrame
    checks_a_week: int
    place: Place
    strips: Sequence[Strip]
    pictures: Mapping[str, bytes]


def page(content: Content) -> str:
    """Render the page: one file that opens without a network, the same bytes every time.

    Returns
    -------
    str
        HTML; the title says *simulated* where the data are.
    """
    candidates = content.place.candidates.drop(columns="geometry")
    rows = [
        [_cell(name, value) for name, value in zip(candidates.columns, row, strict=True)]
        for row in candidates.head(N_SHOWN).itertuples(index=False)
    ]
    n_pictures = max((len(one.captions) for one in content.strips), default=0)
    strips = [
        {**one.content, "facts": _facts(list(candidates.columns), row)}
        for one, row in zip(content.strips, rows, strict=False)
    ]
    return _ENVIRONMENT.from_string(_text("page.html")).render(
        title="Candidate mines"
        + (" on simulated data" if content.model["is_simulated"] else ""),
        model=content.model,
        layers={name: LAYERS.get(name, GREY) for name in content.place.layers},
        outlines=[
            (name, colour, SAID[name])
            for name, (colour, _) in OUTLINES.items()
            if name != "truth" or "truth" in content.metrics
        ],
        n_mines=tables.found(content.metrics, "objects.mines"),
        score=lambda key: tables.score(content.metrics, key),
        pixels=tables.pixels(content.metrics),
        objects=tables.objects(content.metrics),
        calibration=tables.calibration(content.metrics),
        elsewhere=tables.elsewhere(content.metrics),
        background=tables.background(content.metrics),
        first=tables.first_candidates(content.precision),
        week=content.checks_a_week,
        leakage=content.leakage,
        columns=[name.replace("_", " ").removesuffix(" m") for name in candidates.columns],
        rows=rows,
        n_candidates=len(candidates),
        strips=_json(strips),
        map_item=_json(map_item(content.place)),
        strip_item=_json(strip_item(n_pictures)),
        side=WINDOW_PX,
        bokeh=Markup(_bokeh()),
        script=Markup(_text("page.js")),
        pictures={
            caption: base64.b64encode(png).decode() for caption, png in content.pictures.items()
        },
    )


def _facts(columns: Sequence[str], row: Sequence[str]) -> str:
    """Say of a candidate what stands in its row, in a sentence."""
    fact = dict(zip(columns, row, strict=True))
    parts = [
        f"Rank {fact['rank']}, {fact['candidate_id']}",
        fact["province"],
        f"{fact['area_ha']} ha at {fact['lat']}, {fact['lon']}",
        f"probability up to {fact['max_probability']}",
        f"seen on {fact['dates_seen']} of {fact['dates_valid']} dates"
        + (f" since {fact['first_seen']}" if fact["first_seen"] else ""),
        "touches a labelled mine" if fact["known"] == "yes" else "new",
        "" if fact["applicable"] == "yes" else "the model extrapolates here",
    ]
    return ", ".join(part for part in parts if part) + "."


def _cell(column: str, value: object) -> str:
    """Write a cell of the table of candidates."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if column in DIGITS:
        return "–" if pd.isna(value) else f"{value:.{DIGITS[column]}f}"
    return str(value)


def _json(content: object) -> Markup:
    """Write JSON that can stand inside a script element, whatever it says."""
    return Markup(json.dumps(content, separators=(",", ":")).replace("<", "\\u003c"))


def _bokeh() -> str:
    """Give Bokeh's script out of its package, without the address of its own source."""
    resources = Resources(mode="inline", components=["bokeh"])
    return re.sub(r"//# sourceMappingURL=\S+", "", "\n".join(resources.js_raw))


def _text(name: str) -> str:
    """Read a file that lies beside this one."""
    return files("minecover.reporting.page").joinpath(name).read_text(encoding="utf-8")


_ENVIRONMENT = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
