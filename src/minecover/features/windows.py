"""Medians of the ground round every pixel, on a lattice that no patch can move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from minecover.cube import F32
from minecover.errors import ConfigError
from minecover.features.series import quantile_of_ordered
from minecover.grid import Grid


@dataclass(frozen=True, slots=True)
class Windows:
    """Square windows of coarse cells whose edges lie at fixed places of the grid's CRS.

    Computed on "the array that was given", a statistic would change with the tiling. Here a
    cell is a block of pixels that starts at a multiple of `cell_px` counted from the origin of
    the CRS, a window is a block of cells, and a pixel takes the bilinear mean of the four
    windows whose centres lie round it.

    Parameters
    ----------
    cell_px : int
        Side of a cell [px]; its value is the mean of its pixels with data.
    window_cells : int
        Side of a window [cells].
    step_cells : int
        From one window to the next [cells].
    least_cells : int
        A window with fewer cells with data says nothing (NaN).
    """

    cell_px: int
    window_cells: int
    step_cells: int
    least_cells: int

    def __post_init__(self) -> None:
        """Refuse what makes no window."""
        sides = (self.cell_px, self.window_cells, self.step_cells, self.least_cells)
        if min(sides) < 1 or self.least_cells > self.window_cells**2:
            raise ConfigError(
                "cell_px, window_cells and step_cells are at least 1 and least_cells at most "
                f"window_cells squared, found {sides}. Fix the feature block in conf/features."
            )

    @property
    def reach_px(self) -> int:
        """How far round a pixel the windows look [px]."""
        return (-(-self.window_cells // 2) + self.step_cells) * self.cell_px

    def medians(self, values: F32, grid: Grid) -> tuple[F32, F32]:
        """Median and median absolute deviation of the cells round every pixel.

        Parameters
        ----------
        values : (..., row, col) float32
            NaN where there is no data.
        grid : Grid
            Where the values lie.

        Returns
        -------
        median, deviation : (..., row, col) float32
            NaN where a pixel's windows do not lie on the grid, or have too little data.
        """
        (row, col), shape = _origin(grid), grid.shape
        top, left = -row % self.cell_px, -col % self.cell_px
        cells = _cell_means(values[..., top:, left:], self.cell_px)
        skip_row = -((row + top) // self.cell_px) % self.step_cells
        skip_col = -((col + left) // self.cell_px) % self.step_cells
        side = (self.window_cells, self.window_cells)
        windows = sliding_window_view(cells, side, axis=(-2, -1))[
            ..., skip_row :: self.step_cells, skip_col :: self.step_cells, :, :
        ]
        flat = np.sort(windows.reshape(*windows.shape[:-2], -1), axis=-1)
        median = self._middle(flat)
        deviation = self._middle(np.sort(np.abs(flat - median[..., None]), axis=-1))
        half = self.window_cells * self.cell_px / 2
        step = self.step_cells * self.cell_px
        rows = _between(top + skip_row * self.cell_px + half, step, shape[0], median.shape[-2])
        cols = _between(left + skip_col * self.cell_px + half, step, shape[1], median.shape[-1])
        return _spread(median, rows, cols), _spread(deviation, rows, cols)

    def _middle(self, ordered: F32) -> F32:
        """Median of the last axis, NaN where too few have data."""
        middle = quantile_of_ordered(np.moveaxis(ordered, -1, 0), 0.5)
        middle[np.isfinite(ordered).sum(axis=-1) < self.least_cells] = np.nan
        return middle


def _origin(grid: Grid) -> tuple[int, int]:
    """Row and column of the grid's first pixel, counted from the origin of its CRS."""
    t = grid.transform
    return int(np.floor(t.f / t.e + 0.25)), int(np.floor(t.c / t.a + 0.25))


def _cell_means(values: F32, n: int) -> F32:
    """Mean of whole blocks of n x n pixels, leaving NaN out."""
    rows, cols = values.shape[-2] // n, values.shape[-1] // n
    blocks = values[..., : rows * n, : cols * n]
    blocks = blocks.reshape(*values.shape[:-2], rows, n, cols, n)
    seen = np.isfinite(blocks)
    count = seen.sum(axis=(-3, -1))
    total = np.where(seen, blocks, 0).sum(axis=(-3, -1), dtype=np.float64)
    mean = np.full(count.shape, np.nan, np.float32)
    np.divide(total, count, out=mean, where=count > 0, casting="unsafe")
    return mean


Between = tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.bool_]]


def _between(first: float, step: int, n_pixels: int, n_windows: int) -> Between:
    """Place pixel centres between window centres: lower window, share of the upper, inside."""
    position = (np.arange(n_pixels) + 0.5 - first) / step
    lower = np.floor(position)
    inside = (lower >= 0) & (lower + 1 < n_windows)
    share = (position - lower).astype(np.float32)
    return np.clip(lower, 0, max(n_windows - 2, 0)).astype(np.intp), share, inside


def _spread(windows: F32, rows: Between, cols: Between) -> F32:
    """Interpolate from window centres to pixels, leaving windows without a value out."""
    seen = np.isfinite(windows)
    weight = _bilinear(seen.astype(np.float32), rows, cols)
    total = _bilinear(np.where(seen, windows, np.float32(0)), rows, cols)
    value = np.full(total.shape, np.nan, np.float32)
    # A lone window in the far corner does not speak for a pixel.
    np.divide(total, weight, out=value, where=weight > 0.25)
    value[..., ~(rows[2][:, None] & cols[2])] = np.nan
    return value


def _bilinear(z: F32, rows: Between, cols: Between) -> F32:
    (i, f, _), (j, g, _) = rows, cols
    last_row, last_col = z.shape[-2] - 1, z.shape[-1] - 1
    down_f = f[:, None]
    down: F32 = z[..., i, :] * (1 - down_f) + z[..., np.minimum(i + 1, last_row), :] * down_f
    across: F32 = down[..., j] * (1 - g) + down[..., np.minimum(j + 1, last_col)] * g
    return across
