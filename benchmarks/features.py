"""How fast are features computed? Numpy's and scipy's own functions beside the compiled loops.

    python benchmarks/features.py --side 256 --dates 7

On noise with a quarter of the observations missing. Prints nanoseconds a pixel and plane,
medians, and the largest difference of each pair.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from measured import machine, median_s
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import uniform_filter

from minecover.core.kernels import lattices, sorting, squares

Work = Callable[[], np.ndarray]


def main() -> None:
    """Time pairs; print one table."""
    options = _options()
    rng = np.random.default_rng(7)
    shape = (options.dates, options.side, options.side)
    values = rng.random(shape, dtype=np.float32)
    valid = rng.random(shape) < 0.75
    valid[0] = True  # numpy warns of a place that was never seen
    seen = np.where(valid, values, np.float32(np.nan))
    whole = rng.random((1, *shape[1:]), dtype=np.float32)
    cells = lattices.block_means(seen, 4)
    starts = (np.arange(0, cells.shape[1] - 5, 2), np.arange(0, cells.shape[2] - 5, 2))
    pairs: dict[str, tuple[Work, Work, int]] = {
        "median over dates": (
            lambda: np.nanmedian(seen, axis=0),
            lambda: sorting.quantile(*sorting.sort_dates(values, valid), 0.5),
            1,
        ),
        "means of 4 x 4 pixels": (
            lambda: np.nanmean(
                seen.reshape(len(seen), shape[1] // 4, 4, shape[2] // 4, 4), axis=(2, 4)
            ),
            lambda: lattices.block_means(seen, 4),
            options.dates,
        ),
        "medians of 6 x 6 cells": (
            lambda: np.nanmedian(
                sliding_window_view(cells, (6, 6), axis=(1, 2))[:, ::2, ::2], axis=(3, 4)
            ),
            lambda: sorting.window_medians(cells, starts, 6, 1, with_deviation=False)[0],
            options.dates,
        ),
        "mean and spread of 9 x 9 pixels": (
            lambda: _spread(whole),
            lambda: squares.means_and_sds(whole, [9])[:, 1],
            1,
        ),
    }
    print(machine())
    print(f"{'ns a pixel and plane':<34}{'numpy, scipy':>14}{'compiled':>10}{'apart':>10}")
    for name, (theirs, ours, planes) in pairs.items():
        n = planes * shape[1] * shape[2] / 1e9
        one, two = (median_s(work, options.repeats) / n for work in (theirs, ours))
        inner = np.s_[..., 4:-4, 4:-4]
        apart = np.nanmax(np.abs(theirs()[inner] - ours()[inner]))
        print(f"{name:<34}{one:>14.1f}{two:>10.1f}{apart:>10.0e}")


def _spread(plane: np.ndarray) -> np.ndarray:
    """Give the standard deviation in squares, where nothing is missing."""
    wide = plane.astype(np.float64)
    mean, square = (
        uniform_filter(each, (0, 9, 9), mode="constant") for each in (wide, wide**2)
    )
    spread: np.ndarray = np.sqrt(np.maximum(square - mean**2, 0))
    return spread


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--dates", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
