"""Read bands of files behind an address, such as a COG of a catalogue, window by window."""

from __future__ import annotations

import warnings

import rasterio
from rasterio.errors import NotGeoreferencedWarning

from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.raster.band_reading import Band, read_on_grid
from minecover.core.raster.one_band import OneBand
from minecover.core.raster.resampling import Method
from minecover.core.raster.sampling import check_single_band


def read_remote_band(
    address: str,
    grid: Grid,
    *,
    resampling: Method,
    fill: float,
    saturated: int | None,
    timeout_s: float,
) -> Band:
    """Return the only band of a file on a grid, as `minecover.core.raster.read_band` does.

    Parameters
    ----------
    address : str
        An address (``https://...``) or a path. What follows "?", a token, is not quoted.
    grid, resampling, fill, saturated
        See `minecover.core.raster.read_band`.
    timeout_s : float
        Time limit of one response [s].

    Raises
    ------
    OSError
        If the file cannot be read: rasterio's own error, which holds the status of a response.
    SceneError
        If it has several bands, or no coordinate reference system.
    """
    name = address.partition("?")[0]
    # Folders are not listed, and failed requests are not cached, since every further try would
    # fail.
    with rasterio.Env(
        GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR",
        CPL_VSIL_CURL_NON_CACHED="/vsicurl/",
        GDAL_HTTP_TIMEOUT=str(timeout_s),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            file = rasterio.open(address)
        with file:
            check_single_band(file, name)
            if file.crs is None:
                raise SceneError(
                    f"{name} has no coordinate reference system. Choose another catalogue "
                    "(source.catalogue)."
                )
            band = OneBand(file, 1)
            return read_on_grid(band, grid, resampling, fill=fill, saturated=saturated)
