"""A simulated area of any size, made cell by cell, as sparsely mined as a province."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from minecover.core.errors import ConfigError
from minecover.core.grid import Grid, snapped
from minecover.sources.simulation.acquisition_days import Sun, overpasses, sun_at
from minecover.sources.simulation.ground import Ground, make_ground
from minecover.sources.simulation.layout import CRS
from minecover.sources.simulation.mines import Digger, Mine
from minecover.sources.simulation.overpass import look
from minecover.sources.simulation.parameters import Parameters
from minecover.sources.simulation.sensor import FILL, Bits, count
from minecover.sources.simulation.streams import F64, Bools, Stream, generator
from minecover.sources.simulation.water import Network, draw_network
from minecover.sources.simulation.world import DEGREE_M

#: Side of a cell, a ground of its own [px]; land and sky change where cells meet.
CELL_PX = 512
#: Cells are numbered from here on, beyond every site's ground.
FIRST_CELL = 100_000
#: Upper left corner of the area [m], south of the simulated sites.
LEFT_M, TOP_M = 600_015.0, -450_000.0
#: A mine is dug in a window that reaches this far round its centre [px].
REACH_PX = 40
#: Pixels of 900 m2 in 100 km2.
PIXELS_IN_100_KM2 = 100e6 / 900.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One ground of an area: its number, and where it lies in the area [px]."""

    number: int
    row: int
    col: int
    shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of simulated ground that is seen on a few dates.

    Parameters
    ----------
    seed : int
        Everything follows from it.
    rows, cols : int
        Its size [px].
    n_dates : int
        Scenes, 16 days apart.
    mines_per_100km2 : float
        Mean number of mines.
    parameters : Parameters
        What the world is like; only the density of mines is not taken from there.
    """

    seed: int
    rows: int
    cols: int
    n_dates: int
    mines_per_100km2: float
    parameters: Parameters

    def __post_init__(self) -> None:
        """Refuse an area without ground, and more dates than the calendar has."""
        most = len(overpasses(self.parameters.calendar, LEFT_M))
        if min(self.rows, self.cols) < 2 * REACH_PX or not 1 <= self.n_dates <= most:
            raise ConfigError(
                f"a simulated area has at least {2 * REACH_PX} rows and columns and 1 ... "
                f"{most} dates, found {self.rows} x {self.cols} and {self.n_dates}."
            )
        if self.mines_per_100km2 < 0:
            raise ConfigError(f"mines per 100 km2 are not {self.mines_per_100km2}.")

    @property
    def grid(self) -> Grid:
        """Where the area lies, on Landsat's lattice."""
        return Grid.from_corner(CRS, snapped(LEFT_M), snapped(TOP_M), self.rows, self.cols)

    @property
    def days(self) -> tuple[date, ...]:
        """Days of the scenes, ascending."""
        return tuple(overpasses(self.parameters.calendar, LEFT_M)[: self.n_dates])

    def sun(self, day: date) -> Sun:
        """Find the sun, which stands alike over the whole area."""
        return sun_at(day, TOP_M / DEGREE_M)

    def cells(self) -> Iterator[Cell]:
        """Divide the area, row by row; a narrow rest joins the last full cell."""
        rows, cols = _cuts(self.rows), _cuts(self.cols)
        for i, (top, bottom) in enumerate(zip(rows, rows[1:], strict=False)):
            for j, (left, right) in enumerate(zip(cols, cols[1:], strict=False)):
                number = FIRST_CELL + i * 1000 + j
                yield Cell(number, top, left, (bottom - top, right - left))

    def ground(self, cell: Cell) -> Ground:
        """Make what lasts of a cell."""
        land = self.parameters.land
        key = (self.seed, cell.number)
        network = draw_network(generator(*key, Stream.WATER), cell.shape, land.road_fraction)
        return make_ground(land, key, network, self._mines(cell, network))

    def expose(self, cell: Cell, ground: Ground, day: date) -> tuple[Bits, Bits]:
        """Take the scene of a cell: counts of B1 ... B11, (11, row, col), and QA_PIXEL."""
        p, sun = self.parameters, self.sun(day)
        view = look(p, (self.seed, cell.number), ground, day, sun)
        dn, qa = count(view.rng, view.reflectance, view.kelvin, sun.up, p.sensor), view.qa
        if view.is_flagged:
            dn[:], qa[:] = 0, FILL
        return dn, qa

    def _mines(self, cell: Cell, network: Network) -> tuple[Mine, ...]:
        """Dig the mines of a cell, each in a window of its own."""
        rng = generator(self.seed, cell.number, Stream.MINES)
        odds = np.exp(-network.shore_px / self.parameters.mines.water_decay_px)
        odds *= (network.shore_px >= 1) & _inside(cell.shape)
        mean = self.mines_per_100km2 * odds.size / PIXELS_IN_100_KM2
        steps = np.cumsum(odds.ravel())
        mines = []
        for _ in range(rng.poisson(mean)):
            at = int(np.searchsorted(steps, rng.random() * steps[-1], side="right"))
            mines.append(self._mine(rng, divmod(at, cell.shape[1]), network.shore_px))
        return tuple(mines)

    def _mine(self, rng: np.random.Generator, centre: tuple[int, int], shore_px: F64) -> Mine:
        """Dig one mine round a pixel."""
        p = self.parameters
        digger = Digger(p.mines, p.annotator, ())
        window = tuple(slice(at - REACH_PX, at + REACH_PX + 1) for at in centre)
        middle = (slice(REACH_PX, REACH_PX + 1),) * 2
        body, outline = digger.first(rng, np.ones((2 * REACH_PX + 1,) * 2), middle)
        mine = digger.mine(rng, body, outline, shore_px[window])
        return Mine(
            bare=_placed(mine.bare, window, shore_px.shape),
            pond=_placed(mine.pond, window, shore_px.shape),
            outline=_placed(mine.outline, window, shore_px.shape),
        )


def _cuts(length: int) -> list[int]:
    """Where an axis is cut into cells [px]."""
    whole = max(length // CELL_PX, 1)
    return [*(CELL_PX * i for i in range(whole)), length]


def _inside(shape: tuple[int, int]) -> Bools:
    """Where a mine's window fits into a cell."""
    inside = np.zeros(shape, bool)
    inside[REACH_PX : shape[0] - REACH_PX, REACH_PX : shape[1] - REACH_PX] = True
    return inside


def _placed(plane: Bools, window: tuple[slice, ...], shape: tuple[int, ...]) -> Bools:
    """Lay a window's plane into a cell."""
    whole = np.zeros(shape, bool)
    whole[window] = plane
    return whole
