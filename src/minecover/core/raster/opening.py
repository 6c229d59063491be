"""Open a raster for reading, also inside a .tar or .zip; all errors become a `SceneError`."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rasterio
from pyproj.exceptions import ProjError
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader

from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.raster.archives import archive_of, gdal_name


def _report_unraisable(found: sys.UnraisableHookArgs) -> None:
    """Report an error that Python cannot raise, but for one of rasterio's log.

    GDAL quotes the bytes of a damaged file in its messages. Where they are no text, rasterio
    prints a traceback besides the error that it raises.
    """
    if not (
        isinstance(found.exc_value, UnicodeDecodeError) and "log_error" in str(found.object)
    ):
        _earlier_hook(found)


_earlier_hook = sys.unraisablehook
sys.unraisablehook = _report_unraisable


@contextmanager
def opened(path: Path) -> Iterator[DatasetReader]:
    """Open a raster for reading.

    Parameters
    ----------
    path : Path
        A raster file, or a member of an archive: ``LC08.tar/LC08_B4.TIF``.

    Raises
    ------
    SceneError
        If the file is missing, may not be read, is damaged, not a raster, or without CRS; also
        if reading fails inside the block.
    """
    name = _gdal_name(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            source = rasterio.open(name)
        with source:
            if source.crs is None:
                raise SceneError(
                    f"{path} has no coordinate reference system. "
                    "Use the georeferenced GeoTIFF as delivered."
                )
            yield source
    except (RasterioError, CRSError, ProjError, OSError) as error:
        raise SceneError(_describe(path, error)) from error


def grid_of(source: DatasetReader, path: Path) -> Grid:
    """Return the grid of an open raster.

    Raises
    ------
    SceneError
        If it is rotated, mirrored or without pixels.
    """
    try:
        return Grid(source.crs.to_string(), source.transform, source.shape)
    except ValueError as error:
        raise SceneError(
            f"{path} cannot be laid on the ground: {error} Use the file as delivered, or turn "
            "it to the north with gdalwarp."
        ) from error


def _gdal_name(path: Path) -> str:
    """Return GDAL's name of a file, which may lie in an archive."""
    archive = archive_of(path)
    if archive is not None:
        return gdal_name(archive, path)
    if not path.is_file():
        raise SceneError(f"{path} is missing. Download it again, or restore it: dvc pull.")
    if not os.access(path, os.R_OK):
        raise SceneError(
            f"{path} may not be read: permission denied. Give yourself the right to read it "
            "(chmod u+r), or copy it."
        )
    return str(path)


def _describe(path: Path, error: Exception) -> str:
    size = f"{path.stat().st_size} bytes and " if path.is_file() else ""
    return (
        f"{path} cannot be read as a raster: found {size}"
        f"{str(error.__cause__ or error).rstrip(chr(46))}. It is damaged or truncated: "
        "download it again, or restore it: dvc pull."
    )
