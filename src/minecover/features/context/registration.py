"""Difference of two elevation models after co-registration, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.grid import Grid
from minecover.core.interpolation import sampled
from minecover.features.context.surfaces import Surface, read_with_margin
from minecover.features.context.terrain import (
    CELL_PX,
    KNOWN_WINDOW,
    REACH_PX,
    WINDOW_CELLS,
    cells_under,
    inner,
)

F64 = NDArray[np.float64]

#: Rounds of co-registration, and the step below which it ends [px].
ROUNDS, SMALLEST_STEP_PX = 20, 0.01
#: Ground whose difference is beyond so many robust standard deviations has changed: it says
#: nothing of a shift.
OUTLIER = 3.0
#: Standard deviation of a normal distribution per median absolute deviation.
PER_MAD = 1.4826
#: Root mean square of the slope from which a shift is sought [m/m], and the largest one [px]:
#: flat ground looks the same wherever it is moved.
LEAST_SLOPE, MOST_SHIFT_PX = 0.03, 3.0
#: Number of values found in a window, see `register`.
N_FOUND = 6


@dataclass(frozen=True, slots=True)
class RegisteredChange:
    """Elevation in one model minus elevation in an earlier one, where both are co-registered.

    As `ElevationChange`, but the earlier model is also moved horizontally: a shift of a third
    of a pixel makes false pits and heaps of metres on every slope.

    Parameters
    ----------
    after, before : Surface
        Elevations [m], e.g. Copernicus of 2011 to 2015 and SRTM of February 2000.

    References
    ----------
    Nuth & Kaeaeb (2011), The Cryosphere 5, 271-290, doi:10.5194/tc-5-271-2011. Their cosine of
    the aspect is solved for both directions at once, as the plane on the gradient that it is.
    """

    after: Surface
    before: Surface

    def __call__(self, grid: Grid) -> F32:
        """Compute the change of elevation.

        The shift is found in windows of 2.9 km on an absolute lattice and interpolated between
        them, so that a pixel's value does not depend on the grid.

        Returns
        -------
        (row, col) float32
            Metres, negative where the ground was dug. NaN where a model, or more than three
            quarters of the window, is not known.
        """
        after, before, found = _registered(self.after, self.before, grid)
        (east, north), up = np.nan_to_num(found[:2]), found[2]
        width_m, height_m = grid.pixel_m
        rows, cols = np.indices(grid.shape) + REACH_PX + 0.5
        moved = sampled(before, cols + east / width_m, rows - north / height_m, is_smooth=True)
        return np.asarray(inner(after, REACH_PX, grid) - moved - up).round(3).astype(np.float32)


@dataclass(frozen=True, slots=True)
class RegisteredChangeError:
    """Standard deviation of `RegisteredChange` on ground that did not change [m].

    It grows with the slope: it is measured on the flatter and on the steeper half of a window,
    and interpolated between them.

    Parameters
    ----------
    after, before : Surface
        As of `RegisteredChange`.

    References
    ----------
    Hugonnet et al. (2022), IEEE J-STARS 15, 6456-6472, doi:10.1109/JSTARS.2022.3188922: errors
    of elevation models depend on the slope, and medians measure them.
    """

    after: Surface
    before: Surface

    def __call__(self, grid: Grid) -> F32:
        """Compute the error, (row, col) float32 [m]; NaN where the change is not known."""
        after, _, found = _registered(self.after, self.before, grid)
        flat, per_slope = found[3:5]
        slope = np.hypot(*_gradient(after, grid.pixel_m))
        error = np.maximum(flat + per_slope * inner(slope, REACH_PX, grid), found[5])
        return np.asarray(error).round(3).astype(np.float32)


def register(after: F64, before: F64, pixel_m: tuple[float, float]) -> F64:
    """Find the shift between two elevation models, and the error that is left.

    Parameters
    ----------
    after, before : (row, col) float64
        Elevations [m]; NaN where not known.
    pixel_m : (float, float)
        Width and height of a pixel [m].

    Returns
    -------
    (6,) float64
        Where the ground of a pixel lies in the earlier model, to the east and to the north of
        it [m], and how much higher the later one is there [m]; the error of the difference on
        flat ground [m], its growth with the slope [m per m/m], and the least error [m].
    """
    gradient = _gradient(after, pixel_m)
    rows, cols = np.indices(after.shape) + 0.5
    shift, most = np.zeros(2), MOST_SHIFT_PX * np.array(pixel_m)
    for _ in range(ROUNDS):
        moved = sampled(
            before, cols + shift[0] / pixel_m[0], rows - shift[1] / pixel_m[1], is_smooth=True
        )
        left, usable = _without_outliers(after - moved, gradient)
        if not usable.any() or np.sqrt(np.mean(np.square(gradient[:, usable]))) < LEAST_SLOPE:
            break
        step = _step(left[usable], gradient[:, usable])
        shift = np.clip(shift + step, -most, most)
        if np.all(np.abs(step) < SMALLEST_STEP_PX * np.array(pixel_m)):
            break
    moved = sampled(
        before, cols + shift[0] / pixel_m[0], rows - shift[1] / pixel_m[1], is_smooth=True
    )
    difference, usable = _without_outliers(after - moved, gradient)
    if not usable.any():
        return np.full(N_FOUND, np.nan)
    up = float(np.median(difference[usable]))
    return np.array([*shift, up, *_error(difference[usable] - up, gradient[:, usable])])


def _registered(after: Surface, before: Surface, grid: Grid) -> tuple[F64, F64, F64]:
    """Return both models with their margin, and what `register` finds around each pixel."""
    wide = [read_with_margin(one, grid, REACH_PX).astype(np.float64) for one in (after, before)]
    top, left, places = cells_under(grid)
    size = WINDOW_CELLS * CELL_PX
    n_rows, n_cols = (
        (length - start) // CELL_PX - WINDOW_CELLS + 1
        for length, start in zip(wide[0].shape, (top, left), strict=True)
    )
    found = np.full((N_FOUND, n_rows, n_cols), np.nan)
    for row, col in np.ndindex(n_rows, n_cols):
        window = (
            slice(top + row * CELL_PX, top + row * CELL_PX + size),
            slice(left + col * CELL_PX, left + col * CELL_PX + size),
        )
        known = np.isfinite(wide[0][window]) & np.isfinite(wide[1][window])
        if known.mean() >= KNOWN_WINDOW:
            one = register(wide[0][window], wide[1][window], grid.pixel_m)
            # The last bits of least squares depend on the processor.
            found[:, row, col] = one.round(4)
    return wide[0], wide[1], np.array([sampled(one, *places, is_smooth=True) for one in found])


def _gradient(height_m: F64, pixel_m: tuple[float, float]) -> F64:
    """Return the gradient to the east and to the north, (2, row, col) [m/m]."""
    # Over five pixels: noise in a slope hides part of every shift that is seen on it.
    padded = np.pad(height_m, 1, mode="edge")
    rows, cols = height_m.shape
    smooth = np.zeros(height_m.shape)
    for row, col in np.ndindex(3, 3):
        smooth += padded[row : row + rows, col : col + cols] / 9
    down, east = np.gradient(smooth, pixel_m[1], pixel_m[0])
    return np.array([east, -down])


def _without_outliers(difference: F64, gradient: F64) -> tuple[F64, NDArray[np.bool_]]:
    """Return a difference, and where it is known and not an outlier."""
    known = np.isfinite(difference) & np.isfinite(gradient).all(axis=0)
    if not known.any():
        return difference, known
    away = difference - np.median(difference[known])
    limit = OUTLIER * PER_MAD * np.median(np.abs(away[known]))
    usable: NDArray[np.bool_] = known & (np.abs(away) <= limit)
    return difference, usable


def _step(difference: F64, gradient: F64) -> F64:
    """Return how much farther the earlier model must be moved, (2,) [m], by least squares."""
    design = np.column_stack([*gradient, np.ones(len(difference))])
    solved: F64 = np.linalg.lstsq(design, difference, rcond=None)[0]
    return solved[:2]


def _error(left: F64, gradient: F64) -> tuple[float, float, float]:
    """Return the error on flat ground, its growth with the slope, and the least error."""
    slope = np.hypot(*gradient)
    steep = slope > np.median(slope)
    if steep.all() or not steep.any():
        error = float(PER_MAD * np.median(np.abs(left)))
        return error, 0.0, error
    at = [float(np.median(slope[half])) for half in (~steep, steep)]
    found = [float(PER_MAD * np.median(np.abs(left[half]))) for half in (~steep, steep)]
    growth = max((found[1] - found[0]) / (at[1] - at[0]), 0.0)
    return found[0] - growth * at[0], growth, min(found)
