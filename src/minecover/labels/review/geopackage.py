"""Review questions as a GeoPackage that QGIS opens with its own form and colours."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
from jinja2 import Environment, PackageLoader, StrictUndefined

from minecover.core.files import replacing, write_text
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
#: Table in which QGIS looks for the style of a layer of the same file.
LAYER_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT, f_geometry_column TEXT,
  styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN,
  description TEXT, owner TEXT, ui TEXT,
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)"""


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
    with replacing(path) as temporary:
        # GDAL takes the empty temporary file for a broken GeoPackage.
        temporary.unlink()
        table.to_file(temporary, layer=LAYER, driver="GPKG", geometry_type="MultiPolygon")
        with closing(sqlite3.connect(temporary)) as file, file:
            file.execute(LAYER_STYLES)
            file.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
                "VALUES ('layer_styles', 'attributes', 'layer_styles')"
            )
            file.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
                "f_geometry_column, styleName, styleQML, useAsDefault, description) "
                "VALUES ('', '', ?, 'geom', ?, ?, 1, 'Verdicts of a review')",
                (LAYER, LAYER, style),
            )
    write_text(path.with_suffix(".qml"), style)
    return [path, path.with_suffix(".qml")]


def render_style() -> str:
    """Return the QGIS style as XML: colours by verdict, a form with choices, today's date."""
    return _TEMPLATES.get_template("style.qml").render(
        choices={"verdict": list(VERDICTS), "what": list(LOOK_ALIKES)},
        colours=COLOURS,
        question_fields=QUESTION_FIELDS,
        answer_fields=ANSWER_FIELDS,
    )


_TEMPLATES = Environment(
    loader=PackageLoader("minecover.labels.review", ""),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
