"""Questions as a GeoPackage that QGIS opens with a form and colours of its own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
from jinja2 import Environment, PackageLoader, StrictUndefined

from minecover.core.files import replacing, write_text
from minecover.labels import VERDICTS
from minecover.labels.review.questions import ANSWERS, ASKED

LAYER = "review"
#: Outlines of what has a verdict, and of what has none (Okabe & Ito 2008).
COLOURS = {
    "mine": "213,94,0",
    "not mine": "0,114,178",
    "unsure": "204,121,167",
    "": "240,228,66",
}
#: Where QGIS looks for the style of a layer of the same file.
LAYER_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT, f_geometry_column TEXT,
  styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN,
  description TEXT, owner TEXT, ui TEXT,
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)"""


def write_geopackage(path: Path, questions: gpd.GeoDataFrame) -> list[Path]:
    """Write questions with empty answers, and the style inside the file and beside it.

    Parameters
    ----------
    path : Path
        ``*.gpkg``. The style beside it is the same as ``*.qml``, for whoever reads the outlines
        in another form.
    questions : GeoDataFrame
        `ASKED` and outlines, in WGS 84.

    Returns
    -------
    list of Path
        The two files.
    """
    table = questions.assign(**dict.fromkeys(ANSWERS))
    table[list(ANSWERS)] = table[list(ANSWERS)].astype("string")
    style = qml()
    with replacing(path) as temporary:
        # GDAL would take the empty file that is there for a broken GeoPackage.
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


def qml() -> str:
    """Render the QGIS style: outlines by verdict, a form with choices, today as the day."""
    return _TEMPLATES.get_template("style.qml").render(
        verdicts=list(VERDICTS), colours=COLOURS, asked=ASKED, answers=ANSWERS
    )


_TEMPLATES = Environment(
    loader=PackageLoader("minecover.labels.review", ""),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
