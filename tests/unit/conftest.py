"""Little things that many tests draw."""

from datetime import date

import numpy as np
import pytest
from affine import Affine

from minecover.core.cube import Cube
from minecover.core.grid import Grid

GRID = Grid("EPSG:32635", Affine(30, 0, 600015, 0, -30, 9800015), (4, 5))


@pytest.fixture
def cube() -> Cube:
    """Two dates of six bands on 4 x 5 pixels, a one-pixel halo, reflectance 0.01 ... 0.12."""
    rng = np.random.default_rng(7)
    bands = ("blue", "green", "red", "nir08", "swir16", "swir22")
    return Cube(
        dn=rng.integers(5500, 11000, (2, 6, 4, 5)).astype(np.uint16),
        scale=np.full((2, 6), 2e-5),
        offset=np.full((2, 6), -0.1),
        qa=np.full((2, 4, 5), 21824, np.uint16),
        saturated=np.zeros((2, 4, 5), np.bool_),
        qa_layout="c2",
        dates=(date(2016, 12, 13), date(2017, 1, 14)),
        bands=bands,
        grid=GRID,
        halo_px=1,
    )
