"""Landsat 8/9: bands, scaling of digital numbers, layouts of quality bits."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from minecover.core.errors import SceneError

F32 = NDArray[np.float32]
Bits = NDArray[np.uint16]

#: Reflective bands of OLI, in the order of their numbers.
REFLECTIVE = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9")
#: Thermal bands of TIRS.
THERMAL = ("B10", "B11")
#: The eleven bands used by the published model.
BANDS = REFLECTIVE + THERMAL

#: Reflectance = DN * 2e-5 - 0.1, before the sun correction (every Landsat 8/9 Level-1 MTL).
TOA_SCALE, TOA_OFFSET = 2.0e-5, -0.1
#: Kelvin = DN * 0.00341802 + 149: USGS's scaling of ST_B10, used for every temperature.
KELVIN_SCALE, KELVIN_OFFSET = 0.00341802, 149.0

#: QA_RADSAT bits of bands 1-7 and 9: the reflective saturations (B8, B10 and B11 have no bit).
RADSAT_REFLECTIVE = 0x17F


@dataclass(frozen=True, slots=True)
class QALayout:
    """Bit layout of one generation of Landsat's quality band.

    Parameters
    ----------
    name : str
        ``"c2"``, ``"c1"`` or ``"pre"``.
    flags : mapping of str to (int, int, int)
        First bit, number of bits, and lowest value that raises the flag, by flag name. Flags
        that the layout does not have are absent.
    """

    name: str
    flags: MappingProxyType[str, tuple[int, int, int]]

    def raised(self, qa: Bits, flag: str) -> NDArray[np.bool_]:
        """Return where a flag is raised.

        Parameters
        ----------
        qa : uint16 array
            Quality bits, of any shape.
        flag : str
            Name of the flag.

        Returns
        -------
        bool array of the shape of `qa`
            True where the flag is raised.

        Raises
        ------
        TypeError
            If `qa` is not an unsigned integer bit field.
        SceneError
            If the layout has no such flag.
        """
        if not np.issubdtype(qa.dtype, np.unsignedinteger):
            raise TypeError(
                f"qa must be an unsigned integer bit field, found {qa.dtype}. "
                "Read quality bands without scaling and with nearest-neighbour resampling."
            )
        if flag not in self.flags:
            raise SceneError(
                f"the quality layout {self.name!r} has no {flag} bits "
                f"(it has: {', '.join(self.flags)}). Choose another mask profile."
            )
        first, count, least = self.flags[flag]
        raised: NDArray[np.bool_] = ((qa >> first) & ((1 << count) - 1)) >= least
        return raised


def _layout(name: str, **flags: tuple[int, int, int]) -> QALayout:
    return QALayout(name, MappingProxyType(flags))


#: Quality layouts by name. Two-bit confidences raise a flag at 3, "high"; "cloud" is high
#: confidence in all layouts, and had no bit of its own before the collections. Collection 2's
#: bit 6 ("clear") is not used, because USGS also sets it in deep cloud shadow (23888).
QA_LAYOUTS: MappingProxyType[str, QALayout] = MappingProxyType(
    {
        "c2": _layout(
            "c2",
            fill=(0, 1, 1),
            dilated_cloud=(1, 1, 1),
            cirrus=(2, 1, 1),
            cloud=(3, 1, 1),
            cloud_shadow=(4, 1, 1),
            snow=(5, 1, 1),
            water=(7, 1, 1),
            cloud_high=(8, 2, 3),
            cloud_medium=(8, 2, 2),
        ),
        "c1": _layout(
            "c1",
            fill=(0, 1, 1),
            saturated=(2, 2, 1),
            cloud=(4, 1, 1),
            cloud_high=(5, 2, 3),
            cloud_medium=(5, 2, 2),
            cloud_shadow=(7, 2, 3),
            snow=(9, 2, 3),
            cirrus=(11, 2, 3),
        ),
        "pre": _layout(
            "pre",
            fill=(0, 1, 1),
            water=(4, 2, 3),
            snow=(10, 2, 3),
            cirrus=(12, 2, 3),
            cloud=(14, 2, 3),
            cloud_high=(14, 2, 3),
            cloud_medium=(14, 2, 2),
        ),
    }
)


def kelvin_dn(kelvin: F32) -> Bits:
    """Return temperatures as digital numbers in the scaling of USGS.

    The step is 3.4 mK, a thirtieth of the sensor's noise.

    Parameters
    ----------
    kelvin : float32 array
        Temperature [K], NaN where there is no data.

    Returns
    -------
    uint16 array
        Digital numbers 1 ... 65535, 0 where there is no data.
    """
    return encode(kelvin, KELVIN_SCALE, KELVIN_OFFSET)


def encode(values: F32, scale: float, offset: float) -> Bits:
    """Return physical values as digital numbers.

    Parameters
    ----------
    values : float32 array
        ``dn * scale + offset``; not finite where there is no data.
    scale, offset : float
        Scaling of the digital numbers.

    Returns
    -------
    uint16 array
        Digital numbers, clipped to 1 ... 65535; 0 (fill) where there is no data.
    """
    dn = np.rint((np.asarray(values, np.float64) - offset) / scale)
    return np.where(np.isfinite(dn), np.clip(dn, 1, 65535), 0).astype(np.uint16)


def brightness_temperature(dn: Bits, *, mult: float, add: float, k1: float, k2: float) -> F32:
    """Return the at-sensor brightness temperature of thermal digital numbers.

    Parameters
    ----------
    dn : uint16 array
        Level-1 digital numbers; 0 is fill.
    mult, add : float
        RADIANCE_MULT_BAND_n and RADIANCE_ADD_BAND_n of the MTL [W m-2 sr-1 um-1].
    k1, k2 : float
        K1_CONSTANT_BAND_n [W m-2 sr-1 um-1] and K2_CONSTANT_BAND_n [K] of the MTL.

    Returns
    -------
    float32 array
        ``K2 / ln(K1 / L + 1)`` [K] with ``L = mult * dn + add``; NaN for fill.

    References
    ----------
    USGS, Landsat 8 Data Users Handbook (LSDS-1574), section 5.3.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        radiance = dn.astype(np.float64) * mult + add
        kelvin = k2 / np.log(k1 / radiance + 1.0)
    return np.where(dn == 0, np.nan, kelvin).astype(np.float32)
