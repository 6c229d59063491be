"""Quality bands of Landsat and Sentinel-2: which bits and classes raise which flag."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from minecover.core.errors import SceneError

Bits = NDArray[np.uint16]

#: Position of the Cloud Score+ in the layout "s2": first bit, number of bits; and the value of
#: pixels whose score is not known. Scores are whole percent, 0 (cloud) ... 100 (clear).
CLEAR_SCORE = (4, 7)
UNKNOWN_SCORE = 127
#: Layouts whose products say it apart from the quality band where a band is saturated, see
#: `minecover.core.cube.Cube.saturated`.
SATURATED_APART = ("c2",)


@dataclass(frozen=True, slots=True)
class QALayout:
    """Bit layout of one kind of quality band.

    Parameters
    ----------
    name : str
        ``"c2"``, ``"c1"`` or ``"pre"`` of Landsat, or ``"s2"``.
    flags : mapping of str to (int, int, int, int)
        First bit, number of bits, and lowest and highest value that raise the flag, by flag
        name. Flags that the layout does not have are absent.
    """

    name: str
    flags: MappingProxyType[str, tuple[int, int, int, int]]

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
        first, count, least, most = self.flags[flag]
        value = (qa >> first) & ((1 << count) - 1)
        raised: NDArray[np.bool_] = (value >= least) & (value <= most)
        return raised


def _layout(name: str, **flags: tuple[int, int, int, int]) -> QALayout:
    return QALayout(name, MappingProxyType(flags))


#: Quality layouts by name. Two-bit confidences raise a flag at 3, "high"; "cloud" is high
#: confidence in all layouts, and had no bit of its own before the collections. Collection 2's
#: bit 6 ("clear") is not used, because USGS also sets it in deep cloud shadow (23888). The bits
#: 0-3 of "s2" are the class of Sentinel-2's scene classification (SCL).
QA_LAYOUTS: MappingProxyType[str, QALayout] = MappingProxyType(
    {
        "c2": _layout(
            "c2",
            fill=(0, 1, 1, 1),
            dilated_cloud=(1, 1, 1, 1),
            cirrus=(2, 1, 1, 1),
            cloud=(3, 1, 1, 1),
            cloud_shadow=(4, 1, 1, 1),
            snow=(5, 1, 1, 1),
            water=(7, 1, 1, 1),
            cloud_high=(8, 2, 3, 3),
            cloud_medium=(8, 2, 2, 3),
        ),
        "c1": _layout(
            "c1",
            fill=(0, 1, 1, 1),
            saturated=(2, 2, 1, 3),
            cloud=(4, 1, 1, 1),
            cloud_high=(5, 2, 3, 3),
            cloud_medium=(5, 2, 2, 3),
            cloud_shadow=(7, 2, 3, 3),
            snow=(9, 2, 3, 3),
            cirrus=(11, 2, 3, 3),
        ),
        "pre": _layout(
            "pre",
            fill=(0, 1, 1, 1),
            water=(4, 2, 3, 3),
            snow=(10, 2, 3, 3),
            cirrus=(12, 2, 3, 3),
            cloud=(14, 2, 3, 3),
            cloud_high=(14, 2, 3, 3),
            cloud_medium=(14, 2, 2, 3),
        ),
        "s2": _layout(
            "s2",
            fill=(0, 4, 0, 0),
            saturated=(0, 4, 1, 1),
            dark=(0, 4, 2, 2),
            cloud_shadow=(0, 4, 3, 3),
            unclassified=(0, 4, 7, 7),
            water=(0, 4, 6, 6),
            cloud_medium=(0, 4, 8, 9),
            cloud_high=(0, 4, 9, 9),
            cloud=(0, 4, 8, 9),
            cirrus=(0, 4, 10, 10),
            snow=(0, 4, 11, 11),
        ),
    }
)


def sentinel_2_quality(
    scl: NDArray[np.generic], clear_score: NDArray[np.floating] | None
) -> Bits:
    """Return the quality bits of Sentinel-2 in the layout ``"s2"``.

    Parameters
    ----------
    scl : integer array
        Classes of the scene classification, 0 (no data) ... 11.
    clear_score : float array of the shape of `scl`, or None
        Cloud Score+, 0 (cloud) ... 1 (clear), NaN where it is not known; None if no pixel's is.

    Returns
    -------
    uint16 array of the shape of `scl`

    References
    ----------
    ESA, Sentinel-2 Level-2A Algorithm Theoretical Basis Document (S2-PDGS-MPC-ATBD-L2A),
    section 3; Pasquarella et al. (2023), Comprehensive quality assessment of optical satellite
    imagery using weakly supervised video learning, CVPR workshops (Cloud Score+).
    """
    percent = np.full(scl.shape, UNKNOWN_SCORE, np.uint16)
    if clear_score is not None:
        # Rounded down, so that a limit of whole percent accepts what is at least that clear;
        # float32 stores some hundredths a little too low.
        known = np.floor(np.clip(clear_score, 0, 1).astype(np.float64) * 100 + 1e-3)
        percent = np.where(np.isfinite(known), known, UNKNOWN_SCORE).astype(np.uint16)
    return np.asarray(scl.astype(np.uint16) | (percent << CLEAR_SCORE[0]), np.uint16)


def clear_percent(qa: Bits) -> Bits:
    """Return the Cloud Score+ of bits in the layout ``"s2"``, 0 ... 100, or `UNKNOWN_SCORE`."""
    first, count = CLEAR_SCORE
    return np.asarray((qa >> first) & ((1 << count) - 1), np.uint16)
