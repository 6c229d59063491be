"""How simulated satellites differ from Landsat 8: response, noise, steps, and gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from minecover.core import landsat
from minecover.sources.simulation.sensor import FILL, Bits, blur
from minecover.sources.simulation.spectra import OLI_BANDS
from minecover.sources.simulation.streams import F64, Bools

#: Bands that all of them have, by common name.
SHARED = ("blue", "green", "red", "nir08", "swir16", "swir22")
#: Landsat 7's gaps since June 2003: lines of a sweep [pixels], and mean share that is lost.
SWEEP_LINES, LOST = 16, 0.22


@dataclass(frozen=True, slots=True)
class Response:
    """What a satellite measures where Landsat 8 measures a reflectance; calibrated guesses.

    Parameters
    ----------
    slope, offset : tuple of float
        Of `SHARED`: measured = slope * reflectance + offset. Differences of relative spectral
        response are not the same for every cover; this is their mean.
    noise : float
        Standard deviation of the noise of a pixel [1].
    step : float
        Step of its digital numbers in reflectance [1].
    psf_px : float
        Additional blur, standard deviation [pixels of 30 m].
    has_gaps : bool
        Whether lines are lost.
    """

    slope: tuple[float, ...]
    offset: tuple[float, ...]
    noise: float
    step: float
    psf_px: float
    has_gaps: bool = False


#: Old sensors have 8 bits and more noise. Sentinel-2 is delivered averaged on pixels of 30 m.
RESPONSES: Mapping[str, Response] = MappingProxyType(
    {
        **dict.fromkeys(
            ("landsat-4", "landsat-5"),
            Response(
                (1.020, 1.045, 1.025, 0.985, 0.975, 1.000),
                (0.004, 0.002, 0.002, 0.003, 0.004, 0.002),
                0.0025,
                0.003,
                0.25,
            ),
        ),
        "landsat-7": Response(
            (1.015, 1.040, 1.020, 0.990, 0.980, 1.005),
            (0.003, 0.002, 0.002, 0.002, 0.003, 0.002),
            0.0020,
            0.002,
            0.15,
            has_gaps=True,
        ),
        **dict.fromkeys(
            ("landsat-8", "landsat-9"), Response((1.0,) * 6, (0.0,) * 6, 0.0006, 0.0, 0.0)
        ),
        **dict.fromkeys(
            ("sentinel-2a", "sentinel-2b", "sentinel-2c"),
            Response(
                (0.985, 1.005, 0.980, 1.000, 0.995, 1.010),
                (0.001, 0.0, 0.001, 0.0, 0.001, -0.001),
                0.0006,
                0.0,
                0.0,
            ),
        ),
    }
)


def measure(
    rng: np.random.Generator, response: Response, reflectance: F64, sun_up: float
) -> Bits:
    """Return noisy digital numbers of `SHARED`, scaled as those of Landsat 8.

    Parameters
    ----------
    rng : Generator
        Random stream of the date.
    response : Response
        The satellite.
    reflectance : (9, row, col) float64
        Top-of-atmosphere reflectance of Landsat 8's B1 ... B9.
    sun_up : float
        Sine of the sun's elevation, part of the scaling.
    """
    planes = reflectance[[OLI_BANDS.index(name) for name in SHARED]]
    slope, offset = (np.array(one)[:, None, None] for one in (response.slope, response.offset))
    seen = slope * planes + offset
    if response.psf_px:
        seen = blur(seen, response.psf_px)
    seen = seen + response.noise * rng.standard_normal(seen.shape)
    if response.step:
        seen = np.rint(seen / response.step) * response.step
    counts = np.rint((seen * sun_up - landsat.TOA_OFFSET) / landsat.TOA_SCALE)
    return np.asarray(np.clip(counts, 1, 65535), np.uint16)


def gaps(rng: np.random.Generator, shape: tuple[int, int]) -> Bools:
    """Return the lines that a scan line corrector that failed leaves out, (row, col) bool.

    Wedges widen from the middle of a scene, 185 km wide, to its sides; a plot is so narrow that
    their width is nearly the same in all of it, and their place differs from date to date.

    Parameters
    ----------
    rng : Generator
        Random stream of the date.
    shape : (rows, cols)
        Shape of the plot [pixels].
    """
    share = LOST * 2 * rng.random()
    first, tilt = rng.uniform(0, SWEEP_LINES), 0.1
    along = np.arange(shape[0])[:, None] + tilt * np.arange(shape[1])[None] + first
    lost: Bools = np.mod(along, SWEEP_LINES) < share * SWEEP_LINES
    return lost


def with_gaps(dn: Bits, qa: Bits, lost: Bools) -> None:
    """Make pixels fill, in place: they were not observed."""
    dn[:, lost], qa[lost] = 0, FILL
