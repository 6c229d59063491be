"""Render the report page: scores with intervals, a map, and pictures of the candidates."""

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

from minecover.evaluation import NO_SKILL, Report, find_no_skill, find_unknown
from minecover.reporting.figures import WINDOW_PX
from minecover.reporting.figures.canvas import GREY
from minecover.reporting.figures.overview import LAYERS
from minecover.reporting.page import score_tables as tables
from minecover.reporting.page.candidate_strips import Strip, StripSources, cut_strip
from minecover.reporting.page.detection_tables import (
    detection_table,
    kind_table,
    pooling_table,
)
from minecover.reporting.page.interactive import OUTLINES, MapContent, map_item, strip_item
from minecover.reporting.page.mask_table import MaskCosts, mask_table

__all__ = [
    "N_SHOWN",
    "MapContent",
    "PageContent",
    "Strip",
    "StripSources",
    "cut_strip",
    "render_page",
]

#: Number of candidates in the list and with pictures; the map and the files hold all.
N_SHOWN = 100
#: Captions of the outlines over the pictures.
OUTLINE_CAPTIONS = {
    "truth": "dotted: the true mine",
    "label": "drawn by hand",
    "candidate": "the candidate",
}
#: What it means that a candidate was seen on none of its dates, by the design of the model.
UNSEEN = {
    "location": "less than half of it bare ground or water on each of {} dates: its "
    "probability comes from all dates together",
    "observation": "below the threshold on each of {} dates alone: its probability comes from "
    "all dates together",
}
#: Decimals of the numbers in the list of candidates.
DECIMALS = {
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
class PageContent:
    """Content of the report page.

    Parameters
    ----------
    model : mapping
        Content of models/model.json, the model's card.
    metrics : nested dict
        Content of reports/metrics.json.
    leakage : mapping
        Content of reports/leakage.json.
    mask_costs : mapping
        Content of reports/masks.json.
    precision : DataFrame
        Precision among the first candidates: columns `against`, `k`, `precision`, `low`,
        `high`.
    checks_a_week : int
        Number of candidates that one person checks in a week.
    map_content : MapContent
        Sites, candidates by rank, and layers of the map.
    strips : sequence of Strip
        Strips of the first candidates by rank, at most `N_SHOWN`.
    pictures : mapping of str to bytes
        PNG by caption, in the order of the page.
    """

    model: Mapping[str, object]
    metrics: Report
    leakage: Mapping[str, object]
    mask_costs: MaskCosts
    precision: pd.DataFrame
    checks_a_week: int
    map_content: MapContent
    strips: Sequence[Strip]
    pictures: Mapping[str, bytes]


def render_page(content: PageContent) -> str:
    """Render the report as one HTML file that needs no network.

    Parameters
    ----------
    content : PageContent
        Scores, map, strips and pictures to show.

    Returns
    -------
    str
        HTML, the same for the same content. The title says *simulated* if the data are, and
        *no better than chance* if the model is not.
    """
    candidates = content.map_content.candidates.drop(columns="geometry")
    rows = [
        [_format_cell(name, value) for name, value in zip(candidates.columns, row, strict=True)]
        for row in candidates.head(N_SHOWN).itertuples(index=False)
    ]
    design = str(content.model["design"])
    n_pictures = max((len(one.captions) for one in content.strips), default=0)
    strips = [
        {**one.to_dict(), "facts": _describe_candidate(list(candidates.columns), row, design)}
        for one, row in zip(content.strips, rows, strict=False)
    ]
    no_skill = find_no_skill(content.metrics)
    return _ENVIRONMENT.from_string(_read_text("page.html")).render(
        title="Candidate mines"
        + (" on simulated data" if content.model["is_simulated"] else "")
        + (f": {NO_SKILL}" if no_skill else ""),
        no_skill=no_skill,
        model=content.model,
        layers={name: LAYERS.get(name, GREY) for name in content.map_content.layers},
        outlines=[
            (name, colour, OUTLINE_CAPTIONS[name])
            for name, (colour, _) in OUTLINES.items()
            if name != "truth" or "truth" in content.metrics
        ],
        n_mines=tables.lookup(content.metrics, "objects.mines"),
        score=lambda key: tables.format_score(content.metrics, key),
        pixels=tables.pixel_table(content.metrics),
        objects=tables.object_table(content.metrics),
        detection=detection_table(content.metrics),
        kinds=kind_table(content.metrics),
        poolings=pooling_table(content.metrics),
        unknown=find_unknown(content.metrics),
        calibration=tables.calibration_table(content.metrics),
        transfer=tables.transfer_table(content.metrics),
        background=tables.background_table(content.metrics),
        first=tables.first_candidates_table(content.precision),
        week=content.checks_a_week,
        leakage=content.leakage,
        masks=mask_table(content.mask_costs),
        columns=[name.replace("_", " ").removesuffix(" m") for name in candidates.columns],
        rows=rows,
        n_candidates=len(candidates),
        strips=_script_json(strips),
        map_item=_script_json(map_item(content.map_content)),
        strip_item=_script_json(strip_item(n_pictures)),
        side=WINDOW_PX,
        bokeh=Markup(_bokeh_script()),
        script=Markup(_read_text("page.js")),
        pictures={
            caption: base64.b64encode(png).decode() for caption, png in content.pictures.items()
        },
    )


def _describe_candidate(columns: Sequence[str], row: Sequence[str], design: str) -> str:
    """Return a sentence that describes a candidate from its row of the list."""
    fact = dict(zip(columns, row, strict=True))
    dates = fact["dates_valid"]
    parts = [
        f"Rank {fact['rank']}, {fact['candidate_id']}",
        fact["province"],
        f"{fact['area_ha']} ha at {fact['lat']}, {fact['lon']}",
        f"probability up to {fact['max_probability']}",
        f"seen on {fact['dates_seen']} of {dates} dates since {fact['first_seen']}"
        if fact["first_seen"]
        else UNSEEN[design].format(dates),
        "touches a labelled mine" if fact["known"] == "yes" else "new",
        "" if fact["applicable"] == "yes" else "the model extrapolates here",
        "ground beside it was not observed" if fact["at_edge"] == "yes" else "",
    ]
    return ", ".join(part for part in parts if part) + "."


def _format_cell(column: str, value: object) -> str:
    """Return a cell of the list of candidates as text."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if column in DECIMALS:
        return "–" if pd.isna(value) else f"{value:.{DECIMALS[column]}f}"
    return str(value)


def _script_json(content: object) -> Markup:
    """Return JSON that is safe inside a script element."""
    return Markup(json.dumps(content, separators=(",", ":")).replace("<", "\\u003c"))


def _bokeh_script() -> str:
    """Return Bokeh's script, without the reference to its source map."""
    resources = Resources(mode="inline", components=["bokeh"])
    return re.sub(r"//# sourceMappingURL=\S+", "", "\n".join(resources.js_raw))


def _read_text(name: str) -> str:
    """Read a file of this package."""
    return files("minecover.reporting.page").joinpath(name).read_text(encoding="utf-8")


_ENVIRONMENT = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
