"""Mean reflectance and temperature of each kind of ground; all values are expert guesses."""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

import numpy as np

from minecover.sources.simulation.streams import F64


class Cover(IntEnum):
    """Kinds of ground; the number is the row in the tables of this file."""

    FOREST = 0
    SAVANNA = 1
    CROP = 2
    FALLOW = 3
    BARE = 4
    SETTLEMENT = 5
    CLEAR_WATER = 6
    TURBID_WATER = 7
    WETLAND = 8
    BURNT = 9
    SANDBANK = 10
    LANDSLIDE = 11
    MINE = 12
    POND = 13
    # Kinds of a river valley, see `minecover.sources.simulation.valley`.
    WIDE_RIVER = 14
    RIVER_BAR = 15
    SCAR = 16
    FISH_POND = 17
    YARD = 18
    CLEARING = 19
    TAILINGS = 20
    OLD_TAILINGS = 21
    MILKY_POND = 22
    DARK_POND = 23


#: Top-of-atmosphere reflectance B1 ... B9 on flat ground in clean air, daytime brightness
#: temperature above local forest [K], relative standard deviation. Bounded by what is known
#: (path radiance in B1-B4, the red edge, water dark beyond 1 um), guessed in between.
_TABLE = np.array(
    [
        [0.113, 0.090, 0.073, 0.048, 0.290, 0.125, 0.050, 0.060, 0.0012, 0.0, 0.10],
        [0.122, 0.103, 0.094, 0.085, 0.255, 0.225, 0.125, 0.090, 0.0013, 5.0, 0.12],
        [0.121, 0.102, 0.093, 0.078, 0.270, 0.200, 0.105, 0.086, 0.0013, 4.0, 0.13],
        [0.128, 0.113, 0.113, 0.122, 0.235, 0.275, 0.195, 0.119, 0.0013, 11.0, 0.14],
        [0.120, 0.110, 0.115, 0.133, 0.221, 0.275, 0.203, 0.126, 0.0014, 7.0, 0.12],
        [0.133, 0.123, 0.124, 0.132, 0.202, 0.230, 0.179, 0.129, 0.0014, 7.0, 0.17],
        [0.110, 0.085, 0.060, 0.040, 0.028, 0.013, 0.008, 0.050, 0.0011, -1.0, 0.15],
        [0.126, 0.112, 0.116, 0.114, 0.075, 0.025, 0.015, 0.115, 0.0011, 0.0, 0.15],
        [0.114, 0.092, 0.078, 0.058, 0.205, 0.120, 0.058, 0.068, 0.0012, 1.0, 0.14],
        [0.110, 0.089, 0.075, 0.066, 0.125, 0.165, 0.135, 0.071, 0.0012, 9.0, 0.15],
        [0.129, 0.124, 0.137, 0.155, 0.234, 0.284, 0.225, 0.147, 0.0014, 3.0, 0.13],
        [0.118, 0.108, 0.112, 0.126, 0.203, 0.257, 0.185, 0.121, 0.0013, 4.0, 0.15],
        [0.165, 0.158, 0.171, 0.201, 0.309, 0.375, 0.277, 0.186, 0.0017, 15.0, 0.08],
        [0.134, 0.128, 0.142, 0.150, 0.115, 0.060, 0.035, 0.145, 0.0012, 6.0, 0.14],
    ]
)
#: Relative path radiance of B1 ... B9; the means contain 0.085 of it (clean air).
PATH: F64 = np.array([1.0, 0.78, 0.48, 0.30, 0.12, 0.03, 0.012, 0.42, 0.0])
CLEAN_AIR = 0.085
#: The kinds of a river valley: surface reflectance in blue, green, red, near infrared and both
#: short-wave infrared bands, warmth above forest [K], relative standard deviation in a site,
#: that of the logarithm between sites in the visible bands, the near infrared and beyond.
#: Measured on real Sentinel-2 chips of the Amazon basin, as docs/concepts/simulated-world.md
#: says. Guessed: all warmth, the clearing, and how scars differ between sites.
_VALLEY = np.array(
    [
        [0.062, 0.089, 0.104, 0.060, 0.035, 0.026, 0.0, 0.19, 0.17, 0.27, 0.47],
        [0.082, 0.112, 0.130, 0.229, 0.322, 0.221, 4.0, 0.25, 0.26, 0.21, 0.32],
        [0.087, 0.131, 0.145, 0.282, 0.287, 0.184, 4.0, 0.27, 0.20, 0.16, 0.20],
        [0.084, 0.144, 0.088, 0.087, 0.057, 0.032, 0.0, 0.32, 0.27, 0.50, 0.32],
        [0.080, 0.118, 0.120, 0.247, 0.242, 0.151, 7.0, 0.31, 0.14, 0.16, 0.23],
        [0.075, 0.105, 0.120, 0.245, 0.285, 0.190, 9.0, 0.15, 0.22, 0.18, 0.20],
        [0.130, 0.180, 0.225, 0.310, 0.345, 0.248, 10.0, 0.18, 0.27, 0.17, 0.23],
        [0.079, 0.116, 0.130, 0.251, 0.267, 0.174, 7.0, 0.23, 0.24, 0.15, 0.20],
        [0.115, 0.204, 0.243, 0.183, 0.088, 0.053, 4.0, 0.25, 0.37, 0.68, 0.48],
        [0.099, 0.165, 0.188, 0.119, 0.087, 0.054, 2.0, 0.24, 0.43, 0.77, 0.51],
    ]
)
N_TABLE = len(_TABLE)


def _top_of_atmosphere(surface: F64) -> F64:
    """Return B1 ... B9 in clean air of six bands at the surface, (cover, band)."""
    blue, green, red, nir, swir16, swir22 = surface.T
    pan, cirrus = (green + red) / 2, np.full_like(blue, 0.0012)
    oli = np.stack([0.9 * blue, blue, green, red, nir, swir16, swir22, pan, cirrus], axis=1)
    return np.asarray(oli + CLEAN_AIR * PATH, np.float64)


#: (cover, band) reflectance, (cover,) warmth [K], (cover,) relative standard deviation.
REFLECTANCE: F64 = np.vstack([_TABLE[:, :9], _top_of_atmosphere(_VALLEY[:, :6])])
WARMTH_K: F64 = np.concatenate([_TABLE[:, 9], _VALLEY[:, 6]])
SPREAD: F64 = np.concatenate([_TABLE[:, 10], _VALLEY[:, 7]])

#: Reflectance of thick cloud, B1 ... B8; the value in B9 is drawn with the sky.
CLOUD: F64 = np.array([0.50, 0.50, 0.50, 0.52, 0.57, 0.42, 0.30, 0.51, 0.0])
#: Effect of drought on vegetation, B1 ... B9: weaker red edge, brighter beyond it.
DROUGHT: F64 = np.array([0.0, 0.2, 0.2, 0.6, -0.8, 0.6, 0.8, 0.4, 0.0])

VEGETATION = (Cover.FOREST, Cover.SAVANNA, Cover.CROP, Cover.WETLAND)
SOIL = (Cover.FALLOW, Cover.BARE, Cover.SANDBANK, Cover.LANDSLIDE, Cover.MINE)

#: Positions of the bands that vary together: the visible ones, and B5, B6, B7.
VISIBLE = (0, 1, 2, 3, 7)
INFRARED = (4, 5, 6)

#: (cover, band) standard deviation between sites of the logarithm of reflectance; that of the
#: kinds of every world is used in river valleys alone.
BETWEEN_SITES: F64 = np.full(REFLECTANCE.shape, 0.10)
BETWEEN_SITES[N_TABLE:, list(VISIBLE)] = _VALLEY[:, 8, None]
BETWEEN_SITES[N_TABLE:, [4]] = _VALLEY[:, 9, None]
BETWEEN_SITES[N_TABLE:, [5, 6]] = _VALLEY[:, 10, None]
BETWEEN_SITES[:, 8] = 0.0

#: Names of B1 ... B9, the columns of these tables.
OLI_BANDS = ("coastal", "blue", "green", "red", "nir08", "swir16", "swir22", "pan", "cirrus")
#: Sentinel-2's bands at the surface as shares of these. Most are the same part of the spectrum;
#: the red edge and the near infrared beside `nir08` are interpolated, the same way for all
#: covers, so that they hold nothing that `red`, `nir08` and `swir16` do not.
MSI_SHARES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        **{name: {name: 1.0} for name in OLI_BANDS[:4]},
        "rededge071": {"red": 0.75, "nir08": 0.25},
        "rededge075": {"red": 0.25, "nir08": 0.75},
        "rededge078": {"red": 0.05, "nir08": 0.95},
        "nir": {"red": 0.03, "nir08": 0.97},
        "nir08": {"nir08": 1.0},
        "nir09": {"nir08": 0.9, "swir16": 0.1},
        "swir16": {"swir16": 1.0},
        "swir22": {"swir22": 1.0},
    }
)
