"""One real site from the Planetary Computer: for whoever has a network."""

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.grid import Grid, project, utm_crs
from minecover.core.sites import Site
from minecover.features.validity import valid
from minecover.sources import Source

pytestmark = pytest.mark.online

#: Kamituga in South Kivu, a mining town since the 1930s.
LON, LAT = 28.18, -3.06


def test_a_site_in_south_kivu_has_scenes() -> None:
    params = composed(["source=stac", "labels=files", "labels.input=none", "context=none"])
    source: Source = params.build("source.scenes")
    crs = utm_crs(LON, LAT)
    grid = Grid.around(crs, *project(LON, LAT, crs), size_px=100)

    cube = source.scenes(Site("kamituga", "", grid, 8))

    usable = valid(cube, params.build("masks")["strict"])
    red = cube.values("red")[:, 0][usable]
    kelvin = cube.values("lwir11")[:, 0][usable]
    assert len(cube.dates) > 3
    assert usable.any()
    assert 0.0 < np.median(red) < 0.3
    assert 285 < np.median(kelvin) < 320
