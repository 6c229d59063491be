"""Two satellites over the same ground: simulated lines are measured, real folders are read."""

from dataclasses import replace

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.errors import ConfigError
from minecover.core.harmonisation import BANDS
from minecover.core.sites import Site
from minecover.pipeline.compare_sensors import compare_folder, compare_sources
from minecover.sources.simulated_years import SimulatedYears
from minecover.sources.simulation.satellites import RESPONSES


@pytest.fixture(scope="module")
def years() -> SimulatedYears:
    params = composed(["source=simulated_years", "world.n_sites=4"])
    built = params.build("source.scenes")
    assert isinstance(built, SimulatedYears)
    return replace(built, bands=list(BANDS), last_day="2010-12-31")


@pytest.mark.parametrize("satellite", ["landsat-5", "landsat-7", "sentinel-2a"])
def test_the_response_of_a_simulated_satellite_is_measured(
    years: SimulatedYears, satellite: str
) -> None:
    profile = composed().build("masks.strict")
    sources = [replace(years, satellites={name: 2010}) for name in (satellite, "landsat-8")]
    sites = [Site(name, "", grid, 0) for name, grid in years.world.sites().items()][:2]

    found = compare_sources(sources, [profile, profile], sites, days=0)

    response = RESPONSES[satellite]
    slope = np.array([line.slope for line in found.values()])
    offset = np.array([line.offset for line in found.values()])
    np.testing.assert_allclose(slope, 1 / np.array(response.slope), atol=0.03)
    expected = -np.array(response.offset) / np.array(response.slope)
    np.testing.assert_allclose(offset, expected, atol=0.006)
    assert min(line.n for line in found.values()) > 1000


def test_an_unknown_satellite_is_refused() -> None:
    with pytest.raises(ConfigError, match="landsat-8"):
        compare_folder("products", ("spot", "landsat-8"), "0,0,1,1", level=2, days=31)
