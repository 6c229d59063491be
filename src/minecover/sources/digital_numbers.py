"""Check, once per file, that a band has the digital numbers and pixels that its MTL states."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from minecover.core import landsat
from minecover.core.cube import F32
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.lattice import LANDSAT
from minecover.core.raster import Sample, read_sample
from minecover.core.raster.archives import archive_of

#: Share of the sampled pixels that must be possible as digital numbers.
MIN_POSSIBLE = 0.5
#: Least and largest reflectance of ground and clouds, with a margin for noise, haze that was
#: corrected too much, and a low sun.
REFLECTANCE = (-0.02, 2.0)
#: Temperatures that clouds and ground have by day [K]: tops of typhoons reach 190.
KELVIN = (185.0, 400.0)
#: A band whose warmest pixels (the percentile) are colder than this [K] shows no ground: it
#: shows tops of storms alone, or temperatures times 10 (300 K read as Level 1 are 201 K).
#: Times 100 looks like digital numbers: 300 K would be 303 K.
NO_GROUND, WARMEST_PERCENT = 210.0, 98.0
#: Tolerance of a pixel's side against the MTL; and the factor that is accepted if the MTL does
#: not state the size.
SIZE_TOLERANCE, SIZE_FACTOR = 0.01, 3.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What the MTL says of the file of one band.

    Parameters
    ----------
    scale, offset : float
        ``value = dn * scale + offset``: reflectance [1] or temperature [K]. A thermal band of
        Level 1 has the scaling in which its temperature is stored in a cube.
    is_kelvin : bool
        Whether the value is a temperature.
    thermal : tuple of float or None
        ``mult, add, k1, k2`` of a thermal band of Level 1.
    pixel_m : float or None
        Side of a pixel [m]; None if the MTL does not say it.
    is_pan : bool
        Whether it is the pan band.
    """

    scale: float
    offset: float
    is_kelvin: bool
    thermal: tuple[float, ...] | None
    pixel_m: float | None
    is_pan: bool

    def physical(self, dn: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return reflectance [1] or temperature [K] of digital numbers."""
        if self.thermal is None:
            return dn * self.scale + self.offset
        mult, add, k1, k2 = self.thermal
        counts = np.clip(np.rint(dn), 1, 65535).astype(np.uint16)
        kelvin = landsat.brightness_temperature(counts, mult=mult, add=add, k1=k1, k2=k2)
        return kelvin.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Stored:
    """How a file stores the pixels of a band.

    Parameters
    ----------
    grid : Grid
        Grid of the file.
    is_dn : bool
        Whether it holds digital numbers, in the scaling of the MTL.
    scale, offset : float
        Otherwise ``value = stored * scale + offset``, as the file itself says.
    """

    grid: Grid
    is_dn: bool
    scale: float
    offset: float

    def values(self, stored: NDArray[np.generic]) -> F32:
        """Return reflectance [1] or temperature [K]; NaN where there is no data."""
        values = stored.astype(np.float64)
        physical = np.where(values == 0, np.nan, values * self.scale + self.offset)
        return physical.astype(np.float32)


def stored_pixels(path: Path, expected: Expected) -> Stored:
    """Return how a file stores a band, from a sample that is read once per process.

    Parameters
    ----------
    path : Path
        File of the band.
    expected : Expected
        What the MTL says of it.

    Raises
    ------
    SceneError
        If the file cannot be read, its pixels have another size or are in degrees, or its
        values are neither digital numbers nor scaled as the file itself says.
    """
    file = archive_of(path) or path
    return _stored(path, file.stat().st_mtime_ns if file.is_file() else 0, expected)


@lru_cache(maxsize=16384)
def _stored(path: Path, stamp: int, expected: Expected) -> Stored:
    sample = read_sample(path)
    _check_pixels(path, sample.grid, expected)
    is_dn = _is_unscaled(sample, expected)
    if is_dn:
        _check_digital_numbers(path, sample, expected)
    else:
        _check_declared(path, sample, expected)
    return Stored(sample.grid, is_dn, sample.scale, sample.offset)


def _is_unscaled(sample: Sample, expected: Expected) -> bool:
    """Return whether a file declares no scaling, or that of its MTL."""
    if (sample.scale, sample.offset) == (1.0, 0.0):
        return True
    scale = expected.scale if expected.thermal is None else expected.thermal[0]
    # The scale in an MTL of Level 1 is not yet divided by the sine of the sun's elevation; the
    # ratio of offset and scale does not depend on it.
    offset = expected.offset if expected.thermal is None else expected.thermal[1]
    ratio = sample.offset / sample.scale if sample.scale else math.inf
    is_same = math.isclose(sample.scale, scale, rel_tol=1e-3)
    return is_same or (ratio != 0 and math.isclose(ratio, offset / scale, rel_tol=1e-3))


def _check_digital_numbers(path: Path, sample: Sample, expected: Expected) -> None:
    if not len(sample.values):
        return
    physical = expected.physical(sample.values)
    lowest = KELVIN[0] if expected.is_kelvin else REFLECTANCE[0]
    is_cold = expected.is_kelvin and np.percentile(physical, WARMEST_PERCENT) < NO_GROUND
    if np.mean(physical >= lowest) >= MIN_POSSIBLE and not is_cold:
        return
    unit = " K" if expected.is_kelvin else ""
    raise SceneError(
        f"{path} must contain digital numbers as USGS delivered them, found {_range(sample)}, "
        f"which would be {'temperatures' if expected.is_kelvin else 'reflectances'} around "
        f"{np.median(physical):.3g}{unit}: {_guess(sample, expected)} Use the unscaled file, "
        "or write scale and offset into this one (gdal_edit.py -scale ... -offset ...)."
    )


def _check_declared(path: Path, sample: Sample, expected: Expected) -> None:
    if not len(sample.values):
        return
    low, high = KELVIN if expected.is_kelvin else REFLECTANCE
    values = sample.values * sample.scale + sample.offset
    if np.mean((values >= low) & (values <= high)) >= MIN_POSSIBLE:
        return
    kind = "temperatures in kelvin" if expected.is_kelvin else "reflectances"
    raise SceneError(
        f"{path} says that value = stored * {sample.scale:g} + {sample.offset:g}, which gives "
        f"{values.min():.4g} to {values.max():.4g} and not {kind}. Use the unscaled digital "
        "numbers as USGS delivered them, or correct its scale and offset (gdal_edit.py)."
    )


def _guess(sample: Sample, expected: Expected) -> str:
    """Return a sentence on what the values of a file probably are."""
    top = float(np.percentile(sample.values, 90))
    if expected.is_kelvin and 10 * KELVIN[0] <= top <= 10 * KELVIN[1]:
        return (
            "these are probably temperatures times 10, or tops of storms, without any ground: "
            "then leave the product out."
        )
    if expected.is_kelvin:
        unit = "kelvin" if top > 150 else "degrees Celsius"
        return f"these are probably temperatures in {unit}."
    if top <= 2:
        return "these are probably reflectances from 0 to 1."
    return "these are probably reflectances times 100 or 10,000."


def _range(sample: Sample) -> str:
    return f"{sample.values.min():.4g} to {sample.values.max():.4g} ({sample.dtype})"


def _check_pixels(path: Path, grid: Grid, expected: Expected) -> None:
    """Check the unit of the CRS and the size of the pixels."""
    try:
        crs = CRS.from_user_input(grid.crs)
    except CRSError as error:
        raise SceneError(
            f"{path} has a coordinate reference system that cannot be read: {error}. "
            "Use the file as USGS delivered it."
        ) from error
    unit = crs.axis_info[0].unit_name if crs.axis_info else "unknown units"
    if not crs.is_projected or unit not in ("metre", "meter"):
        raise SceneError(
            f"{path} must have pixels in metres, in a UTM zone, found {grid.crs[:60]} in "
            f"{unit}. Use the file as USGS delivered it, or bring it back: gdalwarp -t_srs "
            "EPSG:326zz -tr 30 30."
        )
    side_m = expected.pixel_m or (LANDSAT.pixel_m / 2 if expected.is_pan else LANDSAT.pixel_m)
    factor = 1 + SIZE_TOLERANCE if expected.pixel_m else SIZE_FACTOR
    ratios = [found / side_m for found in (grid.transform.a, -grid.transform.e)]
    if not all(1 / factor <= ratio <= factor for ratio in ratios):
        width, height = grid.transform.a, -grid.transform.e
        raise SceneError(
            f"{path} must have pixels of {side_m:g} m, as its MTL describes them, found "
            f"{width:g} x {height:g} m. Use the file as USGS delivered it."
        )
