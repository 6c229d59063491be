"""Bare ground and water: what a mine looks like on a single date."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import Cube
from minecover.features.indices import normalised_difference

#: Bands that tell bare ground from vegetation.
BANDS = ("red", "nir08")
#: NDVI below which less than half of a pixel is vegetation: half way between bare soil (0.2)
#: and full cover (0.5), Sobrino & Raissouni (2000), Int. J. Remote Sens. 21, 353-366.
BARE_NDVI = 0.35


def bare_ground(cube: Cube) -> NDArray[np.bool_]:
    """Return where a cube shows bare ground or water, as mines do.

    Parameters
    ----------
    cube : Cube
        Scenes of a site, with the `BANDS` red and near infrared.

    Returns
    -------
    (time, row, col) bool
        True where NDVI is below `BARE_NDVI`, without the halo; False where it is undefined.
    """
    red, infrared = (cube.core(cube.values(band)[:, 0]) for band in BANDS)
    return np.asarray(normalised_difference(infrared, red) < BARE_NDVI)
