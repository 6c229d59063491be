"""Where the grounds lie: far apart in the Kivus, a tenth of the sites sharing theirs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from minecover.core.grid import PIXEL_M, Grid, snapped

#: UTM zone of the Kivus, the northern one on both hemispheres as Landsat has it.
CRS = "EPSG:32635"
#: Pixels a side of a site, and how far a ground reaches beyond its sites.
SITE_PX, MARGIN_PX = 100, 25
#: Upper left corner of the area [m], and the cells it is divided into, one ground each.
LEFT_M, TOP_M, CELL_M, CELL_ROWS, CELL_COLS = 545_000.0, 45_000.0, 12_000.0, 40, 16
#: A ground starts at most this far from its cell's corner, so that no two come within 6 km.
JITTER_M = 1_200.0
MAX_SITES = CELL_ROWS * CELL_COLS
#: How the names of sites with and without mines begin.
MINED, MINE_FREE = "sim", "background"
#: Of every 20 sites, the 7th and the 8th look at one ground, this many pixels apart.
PAIR_EVERY, PAIR_FIRST, PAIR_SHIFT_PX = 20, 6, (20, 60)


@dataclass(frozen=True, slots=True)
class Plot:
    """A stretch of ground and the squares on it that are sites.

    `grid` reaches `MARGIN_PX` beyond the outermost sites. `windows` are the sites' squares:
    one, or two that overlap. No mine is dug on a ground that `is_mine_free`.
    """

    ground_id: int
    grid: Grid
    windows: tuple[Grid, ...]
    is_mine_free: bool = False

    @property
    def site_ids(self) -> tuple[str, ...]:
        """Names of the sites, one a window."""
        if self.is_mine_free:  # counted from the other end
            return (f"{MINE_FREE}{MAX_SITES - 1 - self.ground_id:04d}",)
        return tuple(f"{MINED}{self.ground_id + k:04d}" for k in range(len(self.windows)))

    def slices(self, grid: Grid) -> tuple[slice, slice]:
        """Rows and columns of the ground that a grid on it covers."""
        row, col = self.grid.rowcol(*grid.xy(0, 0))
        rows, cols = grid.shape
        return slice(row, row + rows), slice(col, col + cols)


@lru_cache(maxsize=8)
def lay_plots(seed: int) -> tuple[Plot, ...]:
    """Lay all the grounds a world of any size can have, in the order of their sites."""
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
        left_m = snapped(LEFT_M + col * CELL_M + jitter_m[index, 0])
        top_m = snapped(TOP_M - row * CELL_M - jitter_m[index, 1])
        shift = tuple(shifts[index]) if index % PAIR_EVERY == PAIR_FIRST else ()
        plots.append(_lay_plot(index, left_m, top_m, *map(int, shift)))
    return tuple(plots)


def _lay_plot(ground_id: int, left_m: float, top_m: float, *shift: int) -> Plot:
    """Lay a ground whose sites' common upper left corner is given [m]."""
    offsets = [(0, 0)]
    if shift:
        first = tuple(max(0, -s) for s in shift)
        offsets = [(first[0], first[1]), (first[0] + shift[0], first[1] + shift[1])]
    windows = tuple(
        Grid.from_corner(CRS, left_m + col * PIXEL_M, top_m - row * PIXEL_M, SITE_PX, SITE_PX)
        for row, col in offsets
    )
    rows, cols = (SITE_PX + (abs(s) if shift else 0) for s in (shift or (0, 0)))
    return Plot(
        ground_id, Grid.from_corner(CRS, left_m, top_m, rows, cols).grown(MARGIN_PX), windows
    )
