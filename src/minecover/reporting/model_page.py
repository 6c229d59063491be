"""Render the model card: data, scores, limits, how to load the model."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import numpy as np
from jinja2 import Environment, StrictUndefined

from minecover.core.places import Places
from minecover.evaluation import NO_SKILL, Report, find_no_skill, find_unknown
from minecover.reporting.page.detection_tables import detection_rows, kind_table
from minecover.reporting.page.score_tables import format_score, lookup, pixel_table

#: Short descriptions of the two designs.
DESIGNS = {
    "location": "features over all dates, each location scored once",
    "observation": "each date scored, then aggregated over dates",
}
#: Scores of whole mines: keys of metrics.json and their names.
OBJECTS = {
    "objects.mine_recall": "mines found",
    "objects.precision": "found objects that are mines",
    "objects.false_per_100km2": "false objects per 100 km²",
    "transfer.precision_at_1000_ppm": "precision where one pixel in a thousand is mine",
    "transfer.precision_at_100_ppm": "precision where one pixel in ten thousand is mine",
}


def model_page(
    model: Mapping[str, object], metrics: Report, leakage: Mapping[str, object]
) -> str:
    """Render the card of a model.

    Parameters
    ----------
    model : mapping
        Content of models/model.json.
    metrics : nested dict
        Content of reports/metrics.json.
    leakage : mapping
        Content of reports/leakage.json.

    Returns
    -------
    str
        Markdown; it says *SIMULATED* if the data are, and in its first line if the model is no
        better than chance.

    References
    ----------
    Mitchell et al. (2019), Model cards for model reporting, FAT* '19, 220-229.
    """
    template = (
        files("minecover.reporting").joinpath("model_page.md").read_text(encoding="utf-8")
    )
    pixel_scores = pixel_table(metrics)
    node = model["model"]
    family = node if isinstance(node, Mapping) else {}
    rows = model["example"]
    places = model.get("places")
    example = np.array(rows["probability"]) if isinstance(rows, Mapping) else ""
    return _ENVIRONMENT.from_string(template).render(
        model=model,
        places=Places.from_dict(places) if isinstance(places, Mapping) else None,
        design=DESIGNS[str(model["design"])],
        family=[(key, value) for key, value in family.items() if key != "_target_"],
        counts=metrics["count"],
        prevalence=metrics["prevalence"],
        coverage=metrics["coverage"],
        columns=pixel_scores.columns[1:],
        scores=[(name, cells) for name, *cells in pixel_scores.rows],
        objects=[
            *(
                (name, format_score(metrics, key))
                for key, name in OBJECTS.items()
                if lookup(metrics, key) is not None
            ),
            *detection_rows(metrics),
        ],
        kinds=kind_table(metrics),
        unknown=find_unknown(metrics),
        leakage=leakage,
        no_skill=find_no_skill(metrics),
        title_end=f": {NO_SKILL}" if find_no_skill(metrics) else "",
        example=example,
        percent="{:.2%}".format,
    )


_ENVIRONMENT = Environment(
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
