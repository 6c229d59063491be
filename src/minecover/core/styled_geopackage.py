"""Write GeoPackages with the QGIS style of their layer inside, byte for byte the same."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from minecover.core.files import check_space, replacing

#: Time that is recorded in every file, so that its bytes do not depend on the clock.
RECORDED_TIME = "2000-01-01T00:00:00.000Z"
#: Version of the GeoPackage standard; GDAL before 3.8 warns of later ones.
VERSION = "1.2"
#: Table in which QGIS looks for the style of a layer of the same file.
LAYER_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT, f_geometry_column TEXT,
  styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN,
  description TEXT, owner TEXT, ui TEXT,
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)"""


def write_styled_geopackage(
    path: Path, table: gpd.GeoDataFrame, *, layer: str, style: str, description: str
) -> None:
    """Write polygons as a GeoPackage with one layer and its QGIS style.

    Parameters
    ----------
    path : Path
        ``*.gpkg``.
    table : GeoDataFrame
        Polygons in any CRS; MultiPolygons alone if a column has a type of Arrow, as days have.
    layer : str
        Name of the layer, and of the style.
    style : str
        The style, QML.
    description : str
        Description of the style.

    Raises
    ------
    OSError
        If it cannot be written: the disk is full, for example, of which GDAL says nothing.
    """
    with replacing(path) as temporary, _saying_why(path):
        # GDAL takes the empty temporary file for a broken GeoPackage.
        temporary.unlink()
        with _recorded_time():
            table.to_file(
                temporary,
                layer=layer,
                driver="GPKG",
                # Without Arrow, days would be written as text.
                use_arrow=any(isinstance(kind, pd.ArrowDtype) for kind in table.dtypes),
                geometry_type="MultiPolygon",
                dataset_options={"VERSION": VERSION},
            )
        with closing(sqlite3.connect(temporary)) as file, file:
            file.execute(LAYER_STYLES)
            file.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
                "VALUES ('layer_styles', 'attributes', 'layer_styles', ?)",
                (RECORDED_TIME,),
            )
            file.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
                "f_geometry_column, styleName, styleQML, useAsDefault, description, "
                "update_time) VALUES ('', '', ?, 'geom', ?, ?, 1, ?, ?)",
                (layer, layer, style, description, RECORDED_TIME),
            )


@contextmanager
def _saying_why(path: Path) -> Iterator[None]:
    """Replace errors of GDAL and SQLite by that of the system, before the file is removed."""
    try:
        yield
    except (DataLayerError, DataSourceError, FeatureError, sqlite3.Error) as error:
        check_space(path)
        raise OSError(errno.EIO, f"cannot be written ({error})", str(path)) from error


@contextmanager
def _recorded_time() -> Iterator[None]:
    """Let GDAL record `RECORDED_TIME` inside the block."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": RECORDED_TIME})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
