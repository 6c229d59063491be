"""Scenes of the simulated world over years, in which mines change, and so do satellites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from minecover.core import landsat
from minecover.core.cube import Cube
from minecover.core.errors import ConfigError, NotCoveredError
from minecover.core.lattice import LANDSAT, Lattice
from minecover.core.sites import Site
from minecover.sources import check_period
from minecover.sources.simulation.acquisition_days import choose_days, overpasses
from minecover.sources.simulation.ground import covered, shore_px
from minecover.sources.simulation.layout import Plot
from minecover.sources.simulation.lives import Life, Lives, draw_lives, year_of
from minecover.sources.simulation.overpass import simulate_view
from minecover.sources.simulation.parameters import Calendar
from minecover.sources.simulation.satellites import RESPONSES, SHARED, gaps, measure, with_gaps
from minecover.sources.simulation.sensor import FILL, Bits
from minecover.sources.simulation.streams import Bools, Stream, generator
from minecover.sources.simulation.world import World


@dataclass(frozen=True, slots=True)
class SimulatedYears:
    """Source of simulated scenes of many years, on Landsat's pixels.

    All is as in `minecover.sources.simulated.SimulatedScenes`, the mines in their full size
    included, except that each mine has a life, and that satellites follow one another. The
    quality bits have the form of Landsat's Collection 2 for all of them.

    Parameters
    ----------
    world : World
        The simulated world.
    bands : sequence of str
        Some of `minecover.sources.simulation.satellites.SHARED`.
    lives : Lives
        What becomes of mines.
    satellites : mapping of str to int
        First calendar year of each satellite, until the next one's.
    dates_a_year : int
        Scenes of a place and year, plus or minus the world's ``calendar.dates_spread``.
    first_day, last_day : str
        ISO days between which scenes are taken, both included.
    lattice : Lattice
        Where the pixels of the sites lie.
    """

    world: World
    bands: Sequence[str]
    lives: Lives
    satellites: Mapping[str, int]
    dates_a_year: int
    first_day: str
    last_day: str
    lattice: Lattice = LANDSAT

    def __post_init__(self) -> None:
        """Check period, bands, satellites and lattice."""
        check_period(self.first_day, self.last_day)
        if unknown := [name for name in self.bands if name not in SHARED]:
            raise ConfigError(
                f"simulated satellites share the bands {', '.join(SHARED)}, found "
                f"{', '.join(unknown)}. Fix source.bands."
            )
        if unknown := [name for name in self.satellites if name not in RESPONSES]:
            raise ConfigError(
                f"simulated satellites are {', '.join(RESPONSES)}, found {', '.join(unknown)}. "
                "Fix source.scenes.satellites."
            )
        if self.lattice != LANDSAT or self.dates_a_year < 1:
            raise ConfigError(
                "simulated years have Landsat's pixels and at least one date a year, found "
                f"{self.lattice} and dates_a_year={self.dates_a_year}. Set "
                "lattice.family=landsat lattice.pixel_m=30, or fix source.scenes.dates_a_year."
            )

    def scenes(self, site: Site) -> Cube:
        """Return the scenes of a site between the first and the last day.

        Parameters
        ----------
        site : Site
            A site of the world, with its halo.

        Raises
        ------
        NotCoveredError
            If no satellite passes in these days.
        SiteError
            If the site with its halo does not lie on simulated ground, or has other pixels.
        """
        grid, plot = site.read_grid, self.world.plot_of(site, self.lattice)
        days = self.days(plot)
        if not days:
            raise NotCoveredError(
                f"no simulated satellite passes over site {site.site_id} from {self.first_day} "
                f"to {self.last_day}. Widen the period."
            )
        rows, cols = plot.slices(grid)
        taken = list(self._taken(plot, days))
        own = [SHARED.index(name) for name in self.bands]
        up = [self.world.sun(plot, day).up for day in days]
        return Cube(
            dn=np.stack([dn[own, rows, cols] for dn, _ in taken]),
            scale=np.repeat(landsat.TOA_SCALE / np.array(up)[:, None], len(own), axis=1),
            offset=np.repeat(landsat.TOA_OFFSET / np.array(up)[:, None], len(own), axis=1),
            qa=np.stack([qa[rows, cols] for _, qa in taken]),
            saturated=np.zeros((len(days), *grid.shape), np.bool_),
            qa_layout="c2",
            dates=days,
            bands=tuple(self.bands),
            grid=grid,
            halo_px=site.halo_px,
        )

    def days(self, plot: Plot) -> tuple[date, ...]:
        """Return the days with scenes of a plot, ascending; those of a year are always same."""
        first, last = map(date.fromisoformat, (self.first_day, self.last_day))
        spread = self.world.parameters.calendar.dates_spread
        chosen: list[date] = []
        begun = min(self.satellites.values(), default=last.year + 1)
        for year in range(max(first.year, begun), last.year + 1):
            rng = generator(self.world.seed, plot.ground_id, Stream.CALENDAR, year)
            whole = Calendar(f"{year}-01-01", f"{year}-12-31", spread)
            passes = overpasses(whole, plot.grid.transform.c)
            chosen += choose_days(rng, passes, spread, self.dates_a_year)
        return tuple(day for day in chosen if first <= day <= last)

    def satellite(self, day: date) -> str:
        """Return the satellite that takes the scenes of a day."""
        begun = {name: year for name, year in self.satellites.items() if year <= day.year}
        return max(begun, key=begun.__getitem__)

    def mine_lives(self, plot: Plot) -> tuple[Life, ...]:
        """Return the lives of a plot's mines."""
        world, network = self.world, self.world.network(plot)
        shore = shore_px(network, world.valley(plot, network))
        key = (world.seed, plot.ground_id)
        return draw_lives(key, self.lives, world.mines(plot, network), shore)

    def is_mine(self, plot: Plot, year: float) -> Bools:
        """Return the true mines of a plot at a time, in years, (row, col) bool."""
        mines = [life.at(year).active for life in self.mine_lives(plot)]
        found: Bools = np.any([np.zeros(plot.grid.shape, np.bool_), *mines], axis=0)
        return found

    def _taken(self, plot: Plot, days: Sequence[date]) -> Iterator[tuple[Bits, Bits]]:
        """Yield digital numbers and quality bits of each day."""
        world, lives = self.world, self.mine_lives(plot)
        key, whole = (world.seed, plot.ground_id), world.ground(plot)
        for day in days:
            mines = tuple(life.at(year_of(day)) for life in lives)
            cover = covered(whole.background, mines, whole.valley)
            ground, sun = replace(whole, mines=mines, cover=cover), world.sun(plot, day)
            view = simulate_view(world.parameters, key, ground, day, sun)
            response = RESPONSES[self.satellite(day)]
            rng = generator(*key, Stream.SATELLITE, day.toordinal())
            dn, qa = measure(rng, response, view.reflectance, sun.up), view.qa
            if response.has_gaps:
                with_gaps(dn, qa, gaps(rng, plot.grid.shape))
            if view.is_flagged:
                dn[:], qa[:] = 0, FILL
            yield dn, qa
