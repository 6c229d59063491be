"""Basic types and functions: grids, cubes, sites, sensors, rasters, configuration, errors."""

import os
from importlib.util import find_spec
from pathlib import Path

#: Folders of a GDAL or PROJ that lies elsewhere on this machine (PostGIS, OSGeo4W, conda).
FOREIGN = ("GDAL_DATA", "GDAL_DRIVER_PATH", "PROJ_DATA", "PROJ_LIB")


def ignore_foreign_data() -> None:
    """Forget where another GDAL or PROJ keeps its data, where rasterio brings its own.

    Its database of coordinate systems has another version, so that no coordinate system could
    be read.
    """
    found = find_spec("rasterio")
    if found is None or found.origin is None:
        return
    if (Path(found.origin).parent / "proj_data" / "proj.db").is_file():
        for name in FOREIGN:
            os.environ.pop(name, None)


# Before rasterio or pyogrio is imported: both read the environment then.
ignore_foreign_data()
