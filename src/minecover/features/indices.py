"""Spectral indices as functions of reflectance, each with its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from minecover.core.kernels import pixels

F32 = NDArray[np.float32]


def normalised_difference(a: F32, b: F32) -> F32:
    """Return (a - b) / (a + b), clipped to -1 ... 1.

    Noise makes reflectance slightly negative over dark water, where the ratio leaves its range:
    such values are clipped, so that one pixel cannot stretch a feature's scale.

    Parameters
    ----------
    a, b : float32
        Reflectance [1], of one shape.

    Returns
    -------
    float32
        Of the same shape; NaN where the sum is not positive, since 0/0 is no land cover.
    """
    return pixels.normalised_difference(a, b)


def ratio(a: F32, b: F32) -> F32:
    """Return a / b, clipped to 0 ... 10.

    Parameters
    ----------
    a, b : float32
        Reflectance [1], of one shape.

    Returns
    -------
    float32
        Of the same shape; NaN where `b` is not positive.
    """
    return pixels.ratio(a, b)


def evi2(red: F32, nir: F32) -> F32:
    """Return the two-band enhanced vegetation index, 2.5 (nir - red) / (nir + 2.4 red + 1).

    Parameters
    ----------
    red, nir : float32
        Reflectance [1], of one shape.

    References
    ----------
    Jiang et al. (2008), Remote Sens. Environ. 112, 3833-3845.
    """
    return np.asarray(2.5 * (nir - red) / (nir + 2.4 * red + 1.0), np.float32)


def bsi(blue: F32, red: F32, nir: F32, swir1: F32) -> F32:
    """Return the bare soil index, ((swir1 + red) - (nir + blue)) over their sum, in -1 ... 1.

    Parameters
    ----------
    blue, red, nir, swir1 : float32
        Reflectance [1], of one shape.

    References
    ----------
    Rikimaru et al. (2002), Tropical Ecology 43, 39-47.
    """
    return normalised_difference(swir1 + red, nir + blue)


@dataclass(frozen=True, slots=True)
class Index:
    """A formula and its bands.

    Parameters
    ----------
    bands : tuple of str
        Common names of the bands, in the order of the formula's arguments.
    formula : callable
        Takes the bands' reflectance and returns the index, float32 of the same shape.
    """

    bands: tuple[str, ...]
    formula: Callable[..., F32]

    def __call__(self, reflectance: Mapping[str, F32]) -> F32:
        """Apply the formula to reflectance by band name; other bands are ignored."""
        return self.formula(*(reflectance[band] for band in self.bands))


#: The indices by name. NDVI: Rouse 1974. NDWI: McFeeters 1996. MNDWI: Xu 2006. NDMI: Gao 1996.
#: NBR: Key & Benson 2006. NDTI (turbidity): Lacaux 2007. NDBI: Zha 2003. Iron oxide, ferrous
#: and clay ratios: Segal 1982, Sabins 1999.
INDICES: Mapping[str, Index] = MappingProxyType(
    {
        "ndvi": Index(("nir08", "red"), normalised_difference),
        "ndwi": Index(("green", "nir08"), normalised_difference),
        "mndwi": Index(("green", "swir16"), normalised_difference),
        "ndmi": Index(("nir08", "swir16"), normalised_difference),
        "nbr": Index(("nir08", "swir22"), normalised_difference),
        "ndti": Index(("red", "green"), normalised_difference),
        "ndbi": Index(("swir16", "nir08"), normalised_difference),
        "bsi": Index(("blue", "red", "nir08", "swir16"), bsi),
        "evi2": Index(("red", "nir08"), evi2),
        "iron_oxide": Index(("red", "blue"), ratio),
        "ferrous": Index(("swir16", "nir08"), ratio),
        "clay": Index(("swir16", "swir22"), ratio),
    }
)
