"""Medians in windows around every pixel, on a lattice that does not depend on the patch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.core.kernels import lattices, sorting


@dataclass(frozen=True, slots=True)
class Windows:
    """Square windows of coarse cells whose edges lie at fixed places of the grid's CRS.

    A lattice that began at the corner of the array would make statistics depend on the tiling.
    Here a cell is a square of pixels that starts at a multiple of its side, counted from the
    origin of the CRS, a window is a square of cells, and a pixel takes the bilinear mean of the
    four windows whose centres surround it.

    Parameters
    ----------
    cell_m : float
        Side of a cell [m], rounded to whole pixels; its value is the mean of its pixels with
        data.
    window_cells : int
        Side of a window [cells].
    step_cells : int
        Distance from one window to the next [cells].
    least_cells : int
        Least number of cells with data; the median of a window with fewer is NaN.
    """

    cell_m: float
    window_cells: int
    step_cells: int
    least_cells: int

    def __post_init__(self) -> None:
        """Refuse empty windows and windows that can never hold enough cells."""
        sides = (self.window_cells, self.step_cells, self.least_cells)
        if self.cell_m <= 0 or min(sides) < 1 or self.least_cells > self.window_cells**2:
            raise ConfigError(
                "cell_m must be above 0, window_cells and step_cells at least 1 and "
                "least_cells at most window_cells squared, found "
                f"{(self.cell_m, *sides)}. Fix the feature set in conf/table."
            )

    def cell_px(self, pixel_m: float) -> int:
        """Return the side of a cell [px], given that of a pixel [m]; at least 1."""
        return max(1, round(self.cell_m / pixel_m))

    def reach_px(self, pixel_m: float) -> int:
        """Return how far around a pixel values change its median [px]."""
        return (-(-self.window_cells // 2) + self.step_cells) * self.cell_px(pixel_m)

    def medians(self, values: F32, grid: Grid) -> tuple[F32, F32]:
        """Return the median and the median absolute deviation around every pixel.

        Parameters
        ----------
        values : (..., row, col) float32
            NaN where there is no data.
        grid : Grid
            The grid of the values.

        Returns
        -------
        median, deviation : (..., row, col) float32
            In the unit of the values; NaN where a pixel's windows do not lie on the grid, or
            have too little data.
        """
        flat = np.ascontiguousarray(values).reshape(-1, *grid.shape)
        at = self._lattice(grid)
        found = self._medians(flat, at, grid, with_deviation=True)
        median, deviation = (lattices.interpolated(z, at.rows, at.cols) for z in found)
        return median.reshape(values.shape), deviation.reshape(values.shape)

    def minus_medians(self, values: F32, reference: F32, grid: Grid) -> F32:
        """Return values minus the median of a reference in the windows around them.

        Parameters
        ----------
        values, reference : (..., row, col) float32
            Of one unit. The medians are those of the reference; NaN where there is no data.
        grid : Grid
            The grid of both.

        Returns
        -------
        (..., row, col) float32
            ``values - medians(reference)[0]``, in the unit of the values.
        """
        flat, of = (
            np.ascontiguousarray(v).reshape(-1, *grid.shape) for v in (values, reference)
        )
        at = self._lattice(grid)
        median, _ = self._medians(of, at, grid, with_deviation=False)
        return lattices.minus_interpolated(flat, median, at.rows, at.cols).reshape(values.shape)

    def _lattice(self, grid: Grid) -> _Lattice:
        """Find the windows that lie wholly on a grid."""
        (row, col), shape = _origin(grid), grid.shape
        cell_px = self.cell_px(grid.side_m)
        top, left = -row % cell_px, -col % cell_px
        skip_row = -((row + top) // cell_px) % self.step_cells
        skip_col = -((col + left) // cell_px) % self.step_cells
        rows, cols = (n // cell_px for n in (shape[0] - top, shape[1] - left))
        beyond = self.window_cells - 1
        tops = np.arange(skip_row, max(rows - beyond, 0), self.step_cells)
        lefts = np.arange(skip_col, max(cols - beyond, 0), self.step_cells)
        half = self.window_cells * cell_px / 2
        step = self.step_cells * cell_px
        return _Lattice(
            corner=(top, left),
            windows=(tops, lefts),
            rows=_between(top + skip_row * cell_px + half, step, shape[0], len(tops)),
            cols=_between(left + skip_col * cell_px + half, step, shape[1], len(lefts)),
        )

    def _medians(
        self, flat: F32, at: _Lattice, grid: Grid, *, with_deviation: bool
    ) -> tuple[F32, F32]:
        """Compute the median and deviation of each window."""
        cells = lattices.block_means(flat, self.cell_px(grid.side_m), corner=at.corner)
        return sorting.window_medians(
            cells,
            at.windows,
            self.window_cells,
            self.least_cells,
            with_deviation=with_deviation,
        )


@dataclass(frozen=True, slots=True)
class _Lattice:
    """Windows on a grid: first pixel of the first cell, first cells of the windows, weights."""

    corner: tuple[int, int]
    windows: tuple[NDArray[np.int64], NDArray[np.int64]]
    rows: lattices.Between
    cols: lattices.Between


def _origin(grid: Grid) -> tuple[int, int]:
    """Return row and column of the grid's first pixel, counted from the origin of its CRS."""
    t = grid.transform
    return int(np.floor(t.f / t.e + 0.25)), int(np.floor(t.c / t.a + 0.25))


def _between(first: float, step: int, n_pixels: int, n_windows: int) -> lattices.Between:
    """Locate pixel centres between window centres: lower window, share of the upper, inside."""
    position = (np.arange(n_pixels) + 0.5 - first) / step
    lower = np.floor(position)
    inside = (lower >= 0) & (lower + 1 < n_windows)
    share = (position - lower).astype(np.float32)
    return np.clip(lower, 0, max(n_windows - 2, 0)).astype(np.int64), share, inside
