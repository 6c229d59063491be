"""The part of the report that says how good its model is: scores with intervals, curves."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from minecover.core.templates import templates_of
from minecover.evaluation import Report, find_unknown
from minecover.reporting.page import score_tables as tables
from minecover.reporting.page.detection_tables import (
    detection_table,
    kind_table,
    pooling_table,
)
from minecover.reporting.page.mask_table import MaskCosts, mask_table


@dataclass(frozen=True, slots=True, eq=False)
class ScoreContent:
    """What is known of a build's model.

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
    pictures : mapping of str to bytes
        PNG by caption, in the order of the page.
    """

    model: Mapping[str, object]
    metrics: Report
    leakage: Mapping[str, object]
    mask_costs: MaskCosts
    precision: pd.DataFrame
    checks_a_week: int
    pictures: Mapping[str, bytes]


def render_scores(content: ScoreContent) -> str:
    """Render the scores of a build as HTML, in English.

    Parameters
    ----------
    content : ScoreContent
        Scores and pictures to show.

    Returns
    -------
    str
        HTML without head and body, the same for the same content.
    """
    metrics = content.metrics
    return TEMPLATES.get_template("scores.html").render(
        model=content.model,
        n_mines=tables.lookup(metrics, "objects.mines"),
        score=lambda key: tables.format_score(metrics, key),
        pixels=tables.pixel_table(metrics),
        objects=tables.object_table(metrics),
        detection=detection_table(metrics),
        kinds=kind_table(metrics),
        poolings=pooling_table(metrics),
        unknown=find_unknown(metrics),
        calibration=tables.calibration_table(metrics),
        transfer=tables.transfer_table(metrics),
        background=tables.background_table(metrics),
        first=tables.first_candidates_table(content.precision),
        week=content.checks_a_week,
        leakage=content.leakage,
        masks=mask_table(content.mask_costs),
        pictures={
            caption: base64.b64encode(png).decode() for caption, png in content.pictures.items()
        },
    )


TEMPLATES = templates_of("minecover.reporting.page")
