"""A world made from a seed: grounds, their mines, and their scenes through a season."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from minecover.core.errors import ConfigError, SiteError
from minecover.core.grid import Grid
from minecover.sources.simulation import layout
from minecover.sources.simulation.acquisition_days import choose_days, sun_at
from minecover.sources.simulation.ground import Ground, make_ground
from minecover.sources.simulation.layout import Plot
from minecover.sources.simulation.mines import Digger, Mine, read_shapes
from minecover.sources.simulation.overpass import look
from minecover.sources.simulation.parameters import Parameters
from minecover.sources.simulation.sensor import FILL, Exposure, expose
from minecover.sources.simulation.streams import Stream, generator
from minecover.sources.simulation.water import Network, draw_network

#: Metres a degree of latitude; the world lies at the equator, where this is exact enough.
DEGREE_M = 110_574.0


@dataclass(frozen=True, slots=True)
class World:
    """Sites with known mines, each made from the seed alone and in any order.

    Parameters
    ----------
    seed : int
        Everything follows from it.
    n_sites : int
        How many sites there are. More leave the first ones as they are.
    n_background : int
        How many sites without any mine there are besides. More leave all others as they are.
    n_dates : int
        Scenes a site, give or take ``calendar.dates_spread``. More leave the first as they are.
    parameters : Parameters
        What the world is like.
    mine_masks : str or None
        An .npz file of hand-drawn mines to take the shapes from; None draws ellipses with rough
        edges.
    """

    seed: int
    n_sites: int
    n_background: int
    n_dates: int
    parameters: Parameters
    mine_masks: str | None

    def __post_init__(self) -> None:
        """Refuse more sites or dates than there are."""
        for key, value, most in (
            ("n_sites", self.n_sites, layout.MAX_SITES),
            ("n_dates", self.n_dates, 13),
        ):
            if not 1 <= value <= most:
                raise ConfigError(
                    f"world.{key} must lie in 1 ... {most}, found {value}. "
                    "Fix conf/source/simulated.yaml."
                )
        if self.seed < 0:
            raise ConfigError(f"seed must not be negative, found {self.seed}.")
        most = sum(len(p.windows) == 1 for p in self._beyond())
        if not 0 <= self.n_background <= most:
            raise ConfigError(
                f"world.n_background must lie in 0 ... {most} beside n_sites="
                f"{self.n_sites}, found {self.n_background}. Fix conf/source/simulated.yaml."
            )

    def plots(self) -> list[Plot]:
        """List the grounds that hold the world's sites, those without mines last."""
        mined = [p for p in layout.lay_plots(self.seed) if p.ground_id < self.n_sites]
        lonely = [p for p in reversed(self._beyond()) if len(p.windows) == 1]
        free = [replace(plot, is_mine_free=True) for plot in lonely[: self.n_background]]
        return mined + free

    def _beyond(self) -> list[Plot]:
        """List the grounds that no site with mines lies on."""
        return [p for p in layout.lay_plots(self.seed) if p.ground_id >= self.n_sites]

    def sites(self) -> dict[str, Grid]:
        """Name the sites and their squares, ascending."""
        sites = {
            site_id: grid
            for plot in self.plots()
            for site_id, grid in zip(plot.site_ids, plot.windows, strict=True)
        }
        mined = sorted(name for name in sites if name.startswith(layout.MINED))
        kept = sorted([*(sites.keys() - mined), *mined[: self.n_sites]])
        return {site_id: sites[site_id] for site_id in kept}

    def plot_under(self, grid: Grid) -> Plot:
        """Find the ground that a square lies on.

        Raises
        ------
        SiteError
            If it lies on none, or reaches beyond its ground.
        """
        for plot in self.plots():
            if _distance_beyond(plot.grid, grid) <= 0:
                return plot
        raise SiteError(
            f"no simulated ground holds the square {grid.bounds} of {grid.crs}: there is "
            f"ground for {layout.MARGIN_PX} pixels round each simulated site. "
            f"Lower sites.halo_px to at most {layout.MARGIN_PX} and lay the sites on the "
            "simulated points without jitter."
        )

    def network(self, plot: Plot) -> Network:
        """Draw a ground's rivers and road."""
        rng = generator(self.seed, plot.ground_id, Stream.WATER)
        return draw_network(rng, plot.grid.shape, self.parameters.land.road_fraction)

    def mines(self, plot: Plot, network: Network) -> tuple[Mine, ...]:
        """Dig a ground's mines."""
        if plot.is_mine_free:
            return ()
        rng = generator(self.seed, plot.ground_id, Stream.MINES)
        shapes = () if self.mine_masks is None else read_shapes(self.mine_masks)
        digger = Digger(self.parameters.mines, self.parameters.annotator, shapes)
        windows = [plot.slices(window) for window in plot.windows]
        return digger.dig(rng, network.shore_px, windows)

    def ground(self, plot: Plot) -> Ground:
        """Make everything of a ground that lasts."""
        network = self.network(plot)
        mines = self.mines(plot, network)
        return make_ground(self.parameters.land, (self.seed, plot.ground_id), network, mines)

    def days(self, plot: Plot) -> tuple[date, ...]:
        """Choose the days that a ground has scenes of, ascending."""
        rng = generator(self.seed, plot.ground_id, Stream.CALENDAR)
        easting_m = plot.grid.transform.c
        return choose_days(rng, self.parameters.calendar, easting_m, self.n_dates)

    def expose(self, plot: Plot, ground: Ground, day: date) -> Exposure:
        """Take the scene of a ground on a day."""
        p, sun = self.parameters, sun_at(day, plot.grid.transform.f / DEGREE_M)
        view = look(p, (self.seed, plot.ground_id), ground, day, sun)
        dn, scale, offset = expose(view.rng, view.reflectance, view.kelvin, sun.up, p.sensor)
        qa = view.qa
        if view.is_flagged:
            dn[:], qa[:] = 0, FILL
        return Exposure(dn, scale, offset, qa)


def _distance_beyond(ground: Grid, grid: Grid) -> float:
    """How far a square reaches beyond a ground [m]; not above 0 if it does not."""
    if ground.crs != grid.crs:
        return np.inf
    left, bottom, right, top = ground.bounds
    x0, y0, x1, y1 = grid.bounds
    return max(left - x0, bottom - y0, x1 - right, y1 - top)
