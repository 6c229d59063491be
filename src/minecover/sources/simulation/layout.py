"""Positions of the simulated plots in the Kivus; a tenth of the sites share a plot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from minecover.core.grid import Grid
from minecover.core.lattice import LANDSAT

#: UTM zone of the Kivus, northern on both hemispheres as in Landsat products.
CRS = "EPSG:32635"
#: Side of a site, and margin of a plot around its sites [pixels].
SITE_PX, MARGIN_PX = 100, 25
MARGIN_M = MARGIN_PX * LANDSAT.pixel_m
#: Upper left corner of the area [m], and its division into cells with one plot each.
LEFT_M, TOP_M, CELL_M, CELL_ROWS, CELL_COLS = 545_000.0, 45_000.0, 12_000.0, 40, 16
#: Largest displacement of a plot from its cell's corner [m]: plots are at least 6 km apart.
JITTER_M = 1_200.0
MAX_SITES = CELL_ROWS * CELL_COLS
#: Prefixes of the names of sites with and without mines.
MINED, MINE_FREE = "sim", "background"
#: Of every 20 sites, the 7th and the 8th share a plot, displaced by 20 to 60 pixels.
PAIR_EVERY, PAIR_FIRST, PAIR_SHIFT_PX = 20, 6, (20, 60)


@dataclass(frozen=True, slots=True)
class Plot:
    """A simulated piece of ground with one site, or two that overlap.

    Parameters
    ----------
    ground_id : int
        Number of the plot, which seeds its random streams.
    grid : Grid
        Grid of the plot: the sites with a margin of `MARGIN_PX`.
    windows : tuple of Grid
        Squares of the sites.
    is_mine_free : bool
        Whether the plot has no mines.
    """

    ground_id: int
    grid: Grid
    windows: tuple[Grid, ...]
    is_mine_free: bool = False

    @property
    def site_ids(self) -> tuple[str, ...]:
        """Names of the sites, one per window."""
        if self.is_mine_free:  # counted from the other end
            return (f"{MINE_FREE}{MAX_SITES - 1 - self.ground_id:04d}",)
        return tuple(f"{MINED}{self.ground_id + k:04d}" for k in range(len(self.windows)))

    def slices(self, grid: Grid) -> tuple[slice, slice]:
        """Return the rows and columns of the plot that a grid covers."""
        row, col = self.grid.rowcol(*grid.xy(0, 0))
        rows, cols = grid.shape
        return slice(row, row + rows), slice(col, col + cols)


@lru_cache(maxsize=8)
def place_plots(seed: int) -> tuple[Plot, ...]:
    """Return all plots that a world of any size can have, in the order of their sites."""
    rng = np.random.default_rng([seed])
    cells = rng.permutation(MAX_SITES)
    jitter_m = rng.uniform(0.0, JITTER_M, (MAX_SITES, 2))
    shifts = rng.integers(PAIR_SHIFT_PX[0], PAIR_SHIFT_PX[1] + 1, (MAX_SITES, 2))
    shifts *= rng.choice([-1, 1], (MAX_SITES, 2))
    plots = []
    for index in range(MAX_SITES):
        if index % PAIR_EVERY == PAIR_FIRST + 1:
            continue
        row, col = divmod(int(cells[index]), CELL_COLS)
        left_m = LANDSAT.below(LEFT_M + col * CELL_M + jitter_m[index, 0])
        top_m = LANDSAT.below(TOP_M - row * CELL_M - jitter_m[index, 1])
        shift = tuple(shifts[index]) if index % PAIR_EVERY == PAIR_FIRST else ()
        plots.append(_place_plot(index, left_m, top_m, *map(int, shift)))
    return tuple(plots)


def _place_plot(ground_id: int, left_m: float, top_m: float, *shift: int) -> Plot:
    """Return a plot by the common upper left corner of its sites [m]."""
    offsets = [(0, 0)]
    if shift:
        first = tuple(max(0, -s) for s in shift)
        offsets = [(first[0], first[1]), (first[0] + shift[0], first[1] + shift[1])]
    windows = tuple(
        Grid.from_corner(
            CRS, left_m + col * LANDSAT.pixel_m, top_m - row * LANDSAT.pixel_m, SITE_PX, SITE_PX
        )
        for row, col in offsets
    )
    rows, cols = (SITE_PX + (abs(s) if shift else 0) for s in (shift or (0, 0)))
    return Plot(
        ground_id, Grid.from_corner(CRS, left_m, top_m, rows, cols).grown(MARGIN_PX), windows
    )
