"""Review questions as a GeoPackage that QGIS opens with its own form and colours."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd

from minecover.core.files import write_text
from minecover.core.styled_geopackage import write_styled_geopackage
from minecover.core.templates import templates_of
from minecover.labels import LOOK_ALIKES, VERDICTS
from minecover.labels.review.questions import ANSWER_FIELDS, QUESTION_FIELDS

LAYER = "review"
#: Colours of outlines by verdict, "" without one (Okabe & Ito 2008) [RGB].
COLOURS = {
    "mine": "213,94,0",
    "not mine": "0,114,178",
    "unsure": "204,121,167",
    "": "240,228,66",
}


def write_geopackage(path: Path, questions: gpd.GeoDataFrame) -> list[Path]:
    """Write questions with empty answers, and their QGIS style.

    Parameters
    ----------
    path : Path
        ``*.gpkg``. The style is stored in it, and beside it as ``*.qml`` for outlines that are
        converted to another format.
    questions : GeoDataFrame
        `QUESTION_FIELDS` and outlines, in WGS 84.

    Returns
    -------
    list of Path
        The GeoPackage and the style.
    """
    table = questions.assign(**dict.fromkeys(ANSWER_FIELDS))
    table[list(ANSWER_FIELDS)] = table[list(ANSWER_FIELDS)].astype("string")
    style = render_style()
    write_styled_geopackage(
        path, table, layer=LAYER, style=style, description="Verdicts of a review"
    )
    write_text(path.with_suffix(".qml"), style)
    return [path, path.with_suffix(".qml")]


def render_style() -> str:
    """Return the QGIS style as XML: colours by verdict, a form with choices, today's date."""
    return (
        templates_of("minecover.labels.review")
        .get_template("style.qml")
        .render(
            choices={"verdict": list(VERDICTS), "what": list(LOOK_ALIKES)},
            colours=COLOURS,
            question_fields=QUESTION_FIELDS,
            answer_fields=ANSWER_FIELDS,
        )
    )
