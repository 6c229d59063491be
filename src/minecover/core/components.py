"""Connected components: objects of pixels that touch at edges or corners."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def connected(row: NDArray[np.int64], col: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the number of the 8-connected object of each pixel.

    Parameters
    ----------
    row, col : (n,) int64
        Pixels without repetition, sorted by row and then by column, as from `np.nonzero`.

    Returns
    -------
    (n,) int32
        Object numbers 0, 1, 2, ... without a gap.
    """
    if not row.size:
        return np.empty(0, np.int32)
    # Two columns wider than the pixels, so that the end of a row is not next to the next row.
    width = int(np.ptp(col)) + 3
    key = row * width + col
    pairs = []
    for step in (1, width - 1, width, width + 1):
        there = np.minimum(np.searchsorted(key, key + step), len(key) - 1)
        here = np.flatnonzero(key[there] == key + step)
        pairs.append((here, there[here]))
    start, end = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
    links = coo_array((np.ones(len(start), np.bool_), (start, end)), shape=(len(key),) * 2)
    numbers: NDArray[np.int32] = connected_components(links, directed=False)[1]
    return numbers
