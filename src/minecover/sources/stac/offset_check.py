"""Check the offset of Sentinel-2's digital numbers by the reflectance of clear vegetation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from minecover.sources.product import U16
from minecover.sources.sentinel_2_product import SATURATED

Bools = NDArray[np.bool_]
F64 = NDArray[np.float64]

#: Digital numbers per unit of reflectance.
QUANTIFICATION = 10_000
#: Range of the median red reflectance of clear vegetation. It lies in 0.00 to 0.06 on real
#: images; an offset that is wrong moves it by 0.1.
RED = (-0.02, 0.09)
#: NDVI of dense vegetation, and the fewest pixels whose median is judged.
NDVI, MIN_PIXELS = 0.75, 10
#: Classes of clear ground, among them vegetation.
CLEAR, VEGETATION = (2, 4, 5, 6, 7), 4
#: Where an offset of 1000 is still in the numbers, no ground is darker than this in red; else
#: some nearly always is, where there is vegetation: trees, shadows, water.
DARKEST, DARKEST_PERCENT = 950, 1
#: Least difference of near infrared and red of dense vegetation, which no offset changes.
GREEN = 2000


def contradiction(red: U16, nir: U16, classes: U16, offset: int) -> float | None:
    """Return the median red of clear vegetation if an offset makes it impossible.

    Parameters
    ----------
    red, nir : (row, col) uint16
        Digital numbers; 0 is fill.
    classes : (row, col) uint16
        Classes of the scene classification (SCL).
    offset : int
        What is added to digital numbers, 0 or -1000.

    Returns
    -------
    float or None
        Reflectance, outside of `RED`; None if nothing speaks against the offset, which is so
        without vegetation, too.
    """
    has_data = (red != 0) & (nir != 0) & (red != SATURATED) & (nir != SATURATED)
    vegetation = has_data & (classes == VEGETATION)
    dense = vegetation & _is_dense(red, nir, offset)
    if np.count_nonzero(dense) < MIN_PIXELS:
        # An offset of 1000 that is still in the numbers lowers the NDVI of a forest to about
        # 0.6. Then all ground is bright, and the lower numbers show the forest.
        clear = red[has_data & np.isin(classes, CLEAR)]
        is_bright = clear.size and np.percentile(clear, DARKEST_PERCENT) >= DARKEST
        if offset != 0 or not is_bright:
            return None
        is_green = nir.astype(np.int64) - red > GREEN
        dense = vegetation & is_green & _is_dense(red, nir, -1000) & (red > 1000)
        if np.count_nonzero(dense) < MIN_PIXELS:
            return None
    median = (float(np.median(red[dense])) + offset) / QUANTIFICATION
    return None if RED[0] <= median <= RED[1] else median


def _is_dense(red: U16, nir: U16, offset: int) -> Bools:
    """Return where the NDVI is that of dense vegetation; also where red is negative."""
    low, high = red.astype(np.float64) + offset, nir.astype(np.float64) + offset
    return np.asarray(high - low > NDVI * (high + low))
