"""The simulated world: plots of ground, their mines, and their scenes of a season."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from minecover.core.errors import ConfigError, SiteError
from minecover.core.grid import Grid
from minecover.core.lattice import Lattice
from minecover.core.sites import Site
from minecover.sources.simulation import layout
from minecover.sources.simulation.acquisition_days import (
    Sun,
    choose_days,
    overpasses,
    sentinel_2_passes,
    sun_at,
)
from minecover.sources.simulation.ground import Ground, make_ground, make_valley, shore_px
from minecover.sources.simulation.layout import Plot
from minecover.sources.simulation.mines import Mine, MinePlacer, read_shapes
from minecover.sources.simulation.overpass import simulate_view
from minecover.sources.simulation.parameters import Parameters
from minecover.sources.simulation.sensor import FILL, Exposure, expose
from minecover.sources.simulation.streams import Stream, generator
from minecover.sources.simulation.valley import Valley
from minecover.sources.simulation.water import Network, draw_network

#: Metres per degree of latitude, accurate near the equator.
DEGREE_M = 110_574.0


@dataclass(frozen=True, slots=True)
class World:
    """Simulated sites with known mines, each computed from the seed alone, in any order.

    Parameters
    ----------
    seed : int
        Seed of all random numbers.
    n_sites : int
        Number of sites with mines. A larger number does not change the first sites.
    n_background : int
        Number of additional sites without mines. A larger number does not change the others.
    n_dates : int
        Scenes per site, plus or minus ``calendar.dates_spread``. A larger number does not
        change the first scenes.
    parameters : Parameters
        Parameters of land, mines, weather and sensor.
    mine_masks : str or None
        An .npz file of hand-drawn mines to use as shapes; None for ellipses with rough edges.
    """

    seed: int
    n_sites: int
    n_background: int
    n_dates: int
    parameters: Parameters
    mine_masks: str | None

    def __post_init__(self) -> None:
        """Check seed and numbers of sites and dates."""
        for key, value, most in (
            ("n_sites", self.n_sites, layout.MAX_SITES),
            ("n_dates", self.n_dates, 13),
        ):
            if not 1 <= value <= most:
                raise ConfigError(
                    f"world.{key} must lie in 1 ... {most}, found {value}. Fix world.{key}."
                )
        if self.seed < 0:
            raise ConfigError(f"seed must not be negative, found {self.seed}. Fix seed.")
        most = sum(len(p.windows) == 1 for p in self._beyond())
        if not 0 <= self.n_background <= most:
            raise ConfigError(
                f"world.n_background must lie in 0 ... {most} beside n_sites="
                f"{self.n_sites}, found {self.n_background}. Fix world.n_background."
            )

    def plots(self) -> list[Plot]:
        """Return the plots of the world's sites, those without mines last."""
        mined = [p for p in layout.place_plots(self.seed) if p.ground_id < self.n_sites]
        single = [p for p in reversed(self._beyond()) if len(p.windows) == 1]
        free = [replace(plot, is_mine_free=True) for plot in single[: self.n_background]]
        return mined + free

    def _beyond(self) -> list[Plot]:
        """Return the plots without sites with mines."""
        return [p for p in layout.place_plots(self.seed) if p.ground_id >= self.n_sites]

    def sites(self) -> dict[str, Grid]:
        """Return the squares of the sites by name, sorted."""
        sites = {
            site_id: grid
            for plot in self.plots()
            for site_id, grid in zip(plot.site_ids, plot.windows, strict=True)
        }
        mined = sorted(name for name in sites if name.startswith(layout.MINED))
        chosen = sorted([*(sites.keys() - mined), *mined[: self.n_sites]])
        return {site_id: sites[site_id] for site_id in chosen}

    def plot_under(self, grid: Grid) -> Plot:
        """Return the plot that contains a grid.

        Parameters
        ----------
        grid : Grid
            Grid of a site, with its halo.

        Raises
        ------
        SiteError
            If no plot contains the grid.
        """
        for plot in self.plots():
            if _distance_beyond(plot.grid, grid) <= 0:
                return plot
        raise SiteError(
            f"no simulated ground contains the square {grid.bounds} of {grid.crs}: ground "
            f"extends {layout.MARGIN_M:g} m around each simulated site. Lower "
            f"sites.layouts.*.halo_m to less than {layout.MARGIN_M:g}, and place the sites on "
            "the simulated points without jitter."
        )

    def plot_of(self, site: Site, lattice: Lattice) -> Plot:
        """Return the plot of a site whose pixels are those of a source.

        Parameters
        ----------
        site : Site
            The site, with its halo.
        lattice : Lattice
            Where the pixels of the source lie.

        Raises
        ------
        SiteError
            If the site has other pixels, or no plot contains it with its halo.
        """
        grid = site.read_grid
        if not grid.is_on(lattice):
            left, _, _, top = grid.bounds
            raise SiteError(
                f"site {site.site_id} has pixels of {grid.side_m:g} m from {left:g}, {top:g}, "
                f"which do not lie on the lattice of the source, {lattice.family} with "
                f"{lattice.pixel_m:g} m. Place the sites again (`dvc repro sites`), or choose "
                "a source of these pixels."
            )
        return self.plot_under(grid)

    def network(self, plot: Plot) -> Network:
        """Return rivers and road of a plot."""
        rng = generator(self.seed, plot.ground_id, Stream.WATER)
        return draw_network(rng, plot.grid.shape, self.parameters.land.road_fraction)

    def valley(self, plot: Plot, network: Network) -> Valley | None:
        """Return what a river valley adds to a plot; None in a world without valleys."""
        return make_valley(self.parameters, (self.seed, plot.ground_id), network)

    def mines(self, plot: Plot, network: Network) -> tuple[Mine, ...]:
        """Return the mines of a plot."""
        if plot.is_mine_free:
            return ()
        rng = generator(self.seed, plot.ground_id, Stream.MINES)
        shapes = () if self.mine_masks is None else read_shapes(self.mine_masks)
        placer = MinePlacer(self.parameters.mines, self.parameters.annotator, shapes)
        windows = [plot.slices(window) for window in plot.windows]
        shore = shore_px(network, self.valley(plot, network))
        return placer.place(rng, shore, windows)

    def ground(self, plot: Plot) -> Ground:
        """Return the permanent properties of a plot."""
        network = self.network(plot)
        key, mines = (self.seed, plot.ground_id), self.mines(plot, network)
        return make_ground(
            self.parameters.land, key, network, mines, self.valley(plot, network)
        )

    def days(self, plot: Plot, family: str = "landsat") -> tuple[date, ...]:
        """Return the days with scenes of a plot, ascending; `family` is that of a lattice."""
        rng = generator(self.seed, plot.ground_id, Stream.CALENDAR)
        calendar = self.parameters.calendar
        days = (
            overpasses(calendar, plot.grid.transform.c)
            if family == "landsat"
            else sentinel_2_passes(calendar)
        )
        return choose_days(rng, days, calendar.dates_spread, self.n_dates)

    def sun(self, plot: Plot, day: date) -> Sun:
        """Return the direction of the sun over a plot when the satellite passes."""
        return sun_at(day, plot.grid.transform.f / DEGREE_M)

    def expose(self, plot: Plot, ground: Ground, day: date) -> Exposure:
        """Return the scene of a plot on a day."""
        p, sun = self.parameters, self.sun(plot, day)
        view = simulate_view(p, (self.seed, plot.ground_id), ground, day, sun)
        dn, scale, offset = expose(view.rng, view.reflectance, view.kelvin, sun.up, p.sensor)
        qa = view.qa
        if view.is_flagged:
            dn[:], qa[:] = 0, FILL
        return Exposure(dn, scale, offset, qa)


def _distance_beyond(ground: Grid, grid: Grid) -> float:
    """Return how far a grid extends beyond the ground [m]; at most 0 if it lies inside."""
    if ground.crs != grid.crs:
        return np.inf
    left, bottom, right, top = ground.bounds
    x0, y0, x1, y1 = grid.bounds
    return max(left - x0, bottom - y0, x1 - right, y1 - top)
