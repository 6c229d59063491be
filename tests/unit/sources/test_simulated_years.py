"""Simulated scenes over years: days, satellites, mines that change, and the usual world."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.errors import ConfigError, NotCoveredError, SiteError
from minecover.core.lattice import Lattice
from minecover.core.sites import Site
from minecover.sources.simulated_years import SimulatedYears
from minecover.sources.simulation.layout import Plot
from minecover.sources.simulation.lives import year_of


@pytest.fixture(scope="module")
def years() -> SimulatedYears:
    params = composed(["source=simulated_years", "world.n_sites=5"])
    built = params.build("source.scenes")
    assert isinstance(built, SimulatedYears)
    return built


@pytest.fixture(scope="module")
def site(years: SimulatedYears) -> Site:
    return Site("sim0000", "", years.world.sites()["sim0000"], 4)


@pytest.fixture(scope="module")
def plot(years: SimulatedYears, site: Site) -> Plot:
    return years.world.plot_under(site.grid)


def test_a_period_has_the_same_scenes_as_all_years_have(
    years: SimulatedYears, site: Site
) -> None:
    long = replace(years, first_day="2012-01-01", last_day="2013-12-31").scenes(site)
    short = replace(years, first_day="2013-01-01", last_day="2013-12-31").scenes(site)

    later = [day.year == 2013 for day in long.dates]
    assert short.dates == tuple(day for day in long.dates if day.year == 2013)
    np.testing.assert_array_equal(long.dn[later], short.dn)


def test_satellites_follow_one_another(years: SimulatedYears, plot: Plot) -> None:
    taken = {day.year: years.satellite(day) for day in years.days(plot)}

    assert taken[2011] == "landsat-5"
    assert taken[2012] == "landsat-7"
    assert taken[2013] == taken[2015] == "landsat-8"
    assert taken[2016] == taken[2017] == "sentinel-2a"


def test_landsat_7_has_gaps_and_others_have_none(years: SimulatedYears, site: Site) -> None:
    before, gappy = (
        replace(years, first_day=f"{year}-01-01", last_day=f"{year}-12-31").scenes(site)
        for year in (2011, 2012)
    )
    shares = [(cube.qa == 1).mean(axis=(1, 2)) for cube in (before, gappy)]

    assert set(shares[0]) <= {0.0, 1.0}
    assert 0.05 < np.median(shares[1]) < 0.5


def test_ground_without_a_life_is_that_of_the_usual_world(
    years: SimulatedYears, plot: Plot
) -> None:
    lives = replace(years.lives, growing=0.0, moving=0.0, left=0.0)
    still = replace(years, lives=lives)

    np.testing.assert_array_equal(still.is_mine(plot, 2014.0), years.world.ground(plot).is_mine)


def test_a_mine_shows_only_while_it_is_there(years: SimulatedYears, site: Site) -> None:
    plot = years.world.plot_under(site.grid)
    early, late = years.is_mine(plot, 2010.5), years.is_mine(plot, 2017.5)
    opened = (late & ~early)[plot.slices(site.read_grid)]
    cubes = [
        replace(years, first_day=f"{y}-01-01", last_day=f"{y}-12-31").scenes(site)
        for y in (2010, 2017)
    ]
    swir = [np.nanmedian(cube.values("swir16")[:, 0], axis=0)[opened] for cube in cubes]

    assert opened.sum() >= 20
    assert np.median(swir[1]) > np.median(swir[0]) + 0.05


def test_days_of_a_year_lie_in_it(years: SimulatedYears, plot: Plot) -> None:
    days = years.days(plot)

    assert list(days) == sorted(days)
    assert {int(year_of(day)) for day in days} == set(range(2010, 2018))


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        pytest.param({"bands": ["lwir11"]}, "source.bands", id="thermal band"),
        pytest.param({"satellites": {"spot": 2010}}, "satellites", id="unknown satellite"),
        pytest.param({"lattice": Lattice("sentinel_2", 10)}, "lattice.family", id="lattice"),
        pytest.param({"dates_a_year": 0}, "dates_a_year", id="no date"),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    years: SimulatedYears, changed: dict[str, Any], key: str
) -> None:
    with pytest.raises(ConfigError, match=key):
        replace(years, **changed)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"first_day": "2013-01-01", "last_day": "2013-01-01"}, id="one day"),
        pytest.param({"last_day": "2012-12-31", "satellites": {"landsat-8": 2013}}, id="early"),
    ],
)
def test_days_without_a_pass_are_not_covered(
    years: SimulatedYears, site: Site, changed: dict[str, Any]
) -> None:
    with pytest.raises(NotCoveredError, match="Widen the period"):
        replace(years, **changed).scenes(site)


def test_other_ground_is_refused(years: SimulatedYears, site: Site) -> None:
    with pytest.raises(SiteError, match="no simulated ground"):
        years.scenes(replace(site, grid=site.grid.grown(200)))
