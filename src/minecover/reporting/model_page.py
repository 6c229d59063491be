"""What somebody has to know before using a model: data, scores, limits, how to load it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from minecover.evaluation import Report
from minecover.reporting.page.score_tables import pixels, score

#: What the location and the observation design do, in half a sentence.
DESIGNS = {
    "location": "features over all dates, each location scored once",
    "observation": "each date scored, then taken together",
}
#: Scores of whole mines: where they lie in metrics.json, and what they are called.
OBJECTS = {
    "objects.mine_recall": "mines found",
    "objects.precision": "found objects that are mines",
    "objects.false_per_100km2": "false objects on 100 km²",
    "transfer.precision_at_1000_ppm": "precision where one pixel in a thousand is mine",
    "transfer.precision_at_100_ppm": "precision where one in ten thousand is",
}


def model_page(
    model: Mapping[str, object], metrics: Report, leakage: Mapping[str, object]
) -> str:
    """Write the card of a model.

    Parameters
    ----------
    model : mapping
        models/model.json.
    metrics : nested dict
        reports/metrics.json.
    leakage : mapping
        reports/leakage.json.

    Returns
    -------
    str
        Markdown; it says *SIMULATED* where the data are.

    References
    ----------
    Mitchell et al. (2019), Model cards for model reporting, FAT* '19, 220-229.
    """
    template = (
        files("minecover.reporting").joinpath("model_page.md").read_text(encoding="utf-8")
    )
    pixel_scores = pixels(metrics)
    family = {key: value for key, value in _part(model, "model").items() if key != "_target_"}
    return _ENVIRONMENT.from_string(template).render(
        model=model,
        design=DESIGNS[str(model["design"])],
        family=list(family.items()),
        counts=metrics["count"],
        prevalence=metrics["prevalence"],
        coverage=metrics["coverage"],
        columns=pixel_scores.columns[1:],
        scores=[(name, cells) for name, *cells in pixel_scores.rows],
        objects=[(name, score(metrics, key)) for key, name in OBJECTS.items()],
        leakage=leakage,
        percent="{:.2%}".format,
    )


def _part(model: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Give a mapping inside the model's description."""
    node = model[key]
    return node if isinstance(node, Mapping) else {}


_ENVIRONMENT = Environment(
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
