"""Compiled loops: same results as the numpy expressions."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from minecover.core.kernels import lattices, pixels, sorting, squares

NAN = np.nan


def values(seed: int, *shape: int) -> np.ndarray:
    """Draw noise of mean 0, a quarter of it missing."""
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=shape).astype(np.float32)
    drawn[rng.random(shape) < 0.25] = NAN
    return drawn


@pytest.mark.parametrize("n", [1, 2, 3, 7, 12, 36])
def test_the_sorting_network_sorts(n: int) -> None:
    lanes = np.random.default_rng(n).permutation(n * 9).reshape(n, 9)
    expected = np.sort(lanes, axis=0)

    for i, j in sorting.sorting_network(n):
        lanes[i], lanes[j] = np.minimum(lanes[i], lanes[j]), np.maximum(lanes[i], lanes[j])

    np.testing.assert_array_equal(lanes, expected)


@pytest.mark.parametrize("n_dates", [1, 2, 7, 13])
def test_dates_are_sorted_with_missing_values_last(n_dates: int) -> None:
    plane = values(n_dates, n_dates, 11, 37)
    valid = np.random.default_rng(1).random(plane.shape) < 0.8

    ordered, count = sorting.sort_dates(plane, valid)

    seen = np.where(valid, plane, np.float32(NAN))
    np.testing.assert_array_equal(ordered, np.sort(seen, axis=0))
    np.testing.assert_array_equal(count, np.isfinite(seen).sum(axis=0))


@pytest.mark.parametrize("q", [0.0, 0.1, 0.25, 0.5, 0.9, 1.0])
def test_quantiles_are_numpys(q: float) -> None:
    plane = np.random.default_rng(1).random((6, 4, 5), dtype=np.float32)

    ordered, count = sorting.sort_dates(plane, np.ones(plane.shape, bool))

    np.testing.assert_allclose(
        sorting.quantile(ordered, count, q), np.quantile(plane, q, axis=0), rtol=1e-6
    )


def test_mean_and_spread_of_a_square() -> None:
    plane = np.array([[[1, 2, 3], [4, NAN, 6], [7, 8, 9]]], np.float32)

    ((mean, sd),) = squares.means_and_sds(plane, [3])

    known = np.array([1, 2, 3, 4, 6, 7, 8, 9])
    assert mean[0, 1, 1] == pytest.approx(known.mean())
    assert sd[0, 1, 1] == pytest.approx(known.std(), rel=1e-6)
    assert mean[0, 0, 0] == pytest.approx(np.mean([1, 2, 4]))


@pytest.mark.parametrize("size", [3, 5, 7, 9, 15])
def test_squares_of_several_sizes_are_those_of_each(size: int) -> None:
    plane, sizes, half = values(5, 2, 20, 23), [3, 5, 7, 9, 15], size // 2

    means, sds = squares.means_and_sds(plane, sizes).swapaxes(0, 1)

    padded = np.pad(plane, ((0, 0), (half, half), (half, half)), constant_values=NAN)
    windows = sliding_window_view(padded, (size, size), axis=(1, 2))
    at = sizes.index(size)
    np.testing.assert_allclose(means[at], np.nanmean(windows, axis=(3, 4)), atol=1e-6)
    np.testing.assert_allclose(sds[at], np.nanstd(windows, axis=(3, 4)), atol=1e-6)


def test_planes_that_miss_the_same_pixels_have_the_squares_of_each_alone() -> None:
    one, other = values(5, 1, 12, 15), values(6, 1, 12, 15)
    planes = np.concatenate([one, 3 * one + 1, other, other])

    together = squares.means_and_sds(planes, [3, 5])

    for k in range(len(planes)):
        alone = squares.means_and_sds(planes[k : k + 1], [3, 5])
        np.testing.assert_array_equal(together[:, :, k : k + 1], alone)


def test_blocks_may_start_inside_an_array() -> None:
    plane = values(7, 2, 11, 13)

    means = lattices.block_means(plane, 3, corner=(1, 2))

    np.testing.assert_array_equal(means, lattices.block_means(plane[:, 1:, 2:], 3))


def test_a_square_without_data_is_nan() -> None:
    mean, sd = squares.means_and_sds(np.full((1, 2, 2), NAN, np.float32), [3])[0]

    assert np.isnan([mean, sd]).all()


def test_blocks_are_averaged_over_their_data() -> None:
    plane = np.array([[[1, 3, NAN, NAN], [5, NAN, NAN, NAN]]], np.float32)

    np.testing.assert_array_equal(lattices.block_means(plane, 2), [[[3, NAN]]])


def test_windows_of_cells_have_numpys_medians() -> None:
    cells = values(3, 2, 9, 12)
    starts = (np.array([0, 2, 4]), np.array([1, 3, 5, 7]))

    median, deviation = sorting.window_medians(cells, starts, 5, 1, with_deviation=True)

    window = cells[1, 4:9, 3:8]
    assert median[1, 2, 1] == pytest.approx(np.nanmedian(window))
    spread = np.nanmedian(np.abs(window - np.nanmedian(window)))
    assert deviation[1, 2, 1] == pytest.approx(spread)


@pytest.mark.parametrize(
    ("a", "b", "difference", "quotient"),
    [
        pytest.param(0.4, 0.1, 0.6, 4.0, id="bright"),
        pytest.param(0.0, 0.0, NAN, NAN, id="dark: 0/0 is no cover"),
        pytest.param(-0.1, 0.2, -1.0, 0.0, id="noise below 0 is clipped"),
        pytest.param(3.0, 0.1, 0.935484, 10.0, id="ratios end at 10"),
        pytest.param(NAN, 0.1, NAN, NAN, id="no data"),
    ],
)
def test_indices_stay_in_their_range(
    a: float, b: float, difference: float, quotient: float
) -> None:
    left, right = np.full((1, 2), a, np.float32), np.full((1, 2), b, np.float32)

    np.testing.assert_allclose(
        pixels.normalised_difference(left, right), [[difference] * 2], rtol=1e-5
    )
    np.testing.assert_allclose(pixels.ratio(left, right), [[quotient] * 2], rtol=1e-5)
