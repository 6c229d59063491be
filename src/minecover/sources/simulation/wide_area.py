"""A simulated area of any size, computed cell by cell, with few mines as in a province."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.core.lattice import LANDSAT
from minecover.sources.simulation.acquisition_days import Sun, overpasses, sun_at
from minecover.sources.simulation.ground import Ground, make_ground, make_valley, shore_px
from minecover.sources.simulation.layout import CRS
from minecover.sources.simulation.mines import Mine, MinePlacer
from minecover.sources.simulation.overpass import simulate_view
from minecover.sources.simulation.parameters import Parameters
from minecover.sources.simulation.sensor import FILL, Bits, count
from minecover.sources.simulation.streams import F64, Bools, Stream, generator
from minecover.sources.simulation.water import draw_network
from minecover.sources.simulation.world import DEGREE_M

#: Side of a cell [pixels]; each cell is an independent ground with its own sky.
CELL_PX = 512
#: Number of the first cell, above those of all plots.
FIRST_CELL = 100_000
#: Upper left corner of the area [m], south of the simulated sites.
LEFT_M, TOP_M = 600_015.0, -450_000.0
#: Half the side of the window around its centre in which a mine is drawn, and the side [px].
REACH_PX = 40
WINDOW_PX = 2 * REACH_PX + 1
#: Pixels of 900 m2 in 100 km2.
PIXELS_IN_100_KM2 = 100e6 / 900.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One ground of an area.

    Parameters
    ----------
    number : int
        Number of the cell, which seeds its random streams.
    row, col : int
        Upper left pixel in the area.
    shape : (rows, cols)
        Size [pixels].
    """

    number: int
    row: int
    col: int
    shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of simulated ground with scenes of a few dates.

    Parameters
    ----------
    seed : int
        Seed of all random numbers.
    rows, cols : int
        Size [pixels].
    n_dates : int
        Number of scenes, 16 days apart.
    mines_per_100km2 : float
        Mean number of mines per 100 km2.
    parameters : Parameters
        Parameters of the world, whose number of mines per site is ignored.
    """

    seed: int
    rows: int
    cols: int
    n_dates: int
    mines_per_100km2: float
    parameters: Parameters

    def __post_init__(self) -> None:
        """Check size, number of dates and density of mines."""
        most = len(overpasses(self.parameters.calendar, LEFT_M))
        if min(self.rows, self.cols) < 2 * REACH_PX or not 1 <= self.n_dates <= most:
            raise ConfigError(
                f"a simulated area needs at least {2 * REACH_PX} rows and columns and 1 ... "
                f"{most} dates, found {self.rows} x {self.cols} and {self.n_dates}."
            )
        if self.mines_per_100km2 < 0:
            raise ConfigError(
                f"mines per 100 km2 must not be negative, found {self.mines_per_100km2:g}."
            )

    @property
    def grid(self) -> Grid:
        """Grid of the area, aligned with Landsat's pixels."""
        return Grid.from_corner(
            CRS, LANDSAT.below(LEFT_M), LANDSAT.below(TOP_M), self.rows, self.cols
        )

    @property
    def days(self) -> tuple[date, ...]:
        """Days of the scenes, ascending."""
        return tuple(overpasses(self.parameters.calendar, LEFT_M)[: self.n_dates])

    def sun(self, day: date) -> Sun:
        """Return the direction of the sun, the same for the whole area."""
        return sun_at(day, TOP_M / DEGREE_M)

    def cells(self) -> Iterator[Cell]:
        """Yield the cells of the area, row by row; the last ones include the remainder."""
        rows, cols = _cuts(self.rows), _cuts(self.cols)
        for i, (top, bottom) in enumerate(zip(rows, rows[1:], strict=False)):
            for j, (left, right) in enumerate(zip(cols, cols[1:], strict=False)):
                number = FIRST_CELL + i * 1000 + j
                yield Cell(number, top, left, (bottom - top, right - left))

    def ground(self, cell: Cell) -> Ground:
        """Return the permanent properties of a cell."""
        land = self.parameters.land
        key = (self.seed, cell.number)
        network = draw_network(generator(*key, Stream.WATER), cell.shape, land.road_fraction)
        valley = make_valley(self.parameters, key, network)
        mines = self._mines(cell, shore_px(network, valley))
        return make_ground(land, key, network, mines, valley)

    def expose(self, cell: Cell, ground: Ground, day: date) -> tuple[Bits, Bits]:
        """Return Level-1 digital numbers of a cell (11, row, col) and QA_PIXEL (row, col)."""
        p, sun = self.parameters, self.sun(day)
        view = simulate_view(p, (self.seed, cell.number), ground, day, sun)
        dn, qa = count(view.rng, view.reflectance, view.kelvin, sun.up, p.sensor), view.qa
        if view.is_flagged:
            dn[:], qa[:] = 0, FILL
        return dn, qa

    def _mines(self, cell: Cell, shore: F64) -> tuple[Mine, ...]:
        """Return the mines of a cell, each drawn in a window of its own."""
        rng = generator(self.seed, cell.number, Stream.MINES)
        odds = np.exp(-shore / self.parameters.mines.water_decay_px)
        odds *= (shore >= 1) & _inside(cell.shape)
        mean = self.mines_per_100km2 * odds.size / PIXELS_IN_100_KM2
        steps = np.cumsum(odds.ravel())
        if steps[-1] == 0:
            return ()  # a small cell, or one under water
        mines = []
        for _ in range(rng.poisson(mean)):
            at = int(np.searchsorted(steps, rng.random() * steps[-1], side="right"))
            mines.append(self._mine(rng, divmod(at, cell.shape[1]), shore))
        return tuple(mines)

    def _mine(self, rng: np.random.Generator, centre: tuple[int, int], shore_px: F64) -> Mine:
        """Return one mine around a pixel."""
        p = self.parameters
        placer = MinePlacer(p.mines, p.annotator, ())
        window = tuple(slice(at - REACH_PX, at + REACH_PX + 1) for at in centre)
        middle = (slice(REACH_PX, REACH_PX + 1),) * 2
        body, outline = placer.first(rng, np.ones((WINDOW_PX,) * 2), middle, shore_px[window])
        mine = placer.mine(rng, body, outline, shore_px[window])
        return Mine(
            bare=_embed(mine.bare, window, shore_px.shape),
            pond=_embed(mine.pond, window, shore_px.shape),
            outline=_embed(mine.outline, window, shore_px.shape),
        )


def _cuts(length: int) -> list[int]:
    """Return the pixels at which an axis is divided into cells."""
    whole = max(length // CELL_PX, 1)
    return [*(CELL_PX * i for i in range(whole)), length]


def _inside(shape: tuple[int, int]) -> Bools:
    """Return at which pixels a mine's window fits into a cell."""
    inside = np.zeros(shape, bool)
    inside[REACH_PX : shape[0] - REACH_PX, REACH_PX : shape[1] - REACH_PX] = True
    return inside


def _embed(plane: Bools, window: tuple[slice, ...], shape: tuple[int, ...]) -> Bools:
    """Return a plane of the cell with the pixels of a window set."""
    whole = np.zeros(shape, bool)
    whole[window] = plane
    return whole
