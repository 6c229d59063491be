"""The cube: matching axes, physical values, and removal of the halo."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from minecover.core.cube import Cube
from minecover.core.errors import SceneError


def test_values_are_physical_and_fill_is_nan(cube: Cube) -> None:
    dn = cube.dn.copy()
    dn[0, 1, 2, 3] = 0
    holed = replace(cube, dn=dn)

    values = holed.values("green", "blue")

    assert values.shape == (2, 2, 4, 5)
    assert values.dtype == np.float32
    assert np.argwhere(np.isnan(values)).tolist() == [[0, 0, 2, 3]]
    assert values[1, 1, 0, 0] == pytest.approx(cube.dn[1, 0, 0, 0] * 2e-5 - 0.1, abs=1e-6)


def test_every_date_has_its_own_scale(cube: Cube) -> None:
    scale = cube.scale.copy()
    scale[1] *= 2

    values = replace(cube, dn=np.full_like(cube.dn, 10_000), scale=scale).values("red")

    assert values[:, 0, 0, 0] == pytest.approx([0.1, 0.3], abs=1e-6)


def test_a_zero_of_a_float_source_is_a_value(cube: Cube) -> None:
    dn = np.zeros(cube.dn.shape, np.float32)
    dn[0, 0, 0, 0] = np.nan

    values = replace(cube, dn=dn, scale=np.ones((2, 6)), offset=np.zeros((2, 6))).values()

    assert np.isnan(values).sum() == 1
    assert np.nansum(values) == 0


def test_a_missing_band_is_named(cube: Cube) -> None:
    with pytest.raises(
        SceneError,
        match="no band lwir11, lwir12 .found: blue, green, red, nir08, swir16, swir22",
    ):
        cube.values("blue", "lwir11", "lwir12")


def test_the_halo_is_removed_from_the_last_two_axes(cube: Cube) -> None:
    assert cube.core(cube.dn).shape == (2, 6, 2, 3)
    assert cube.core(cube.qa).shape == (2, 2, 3)
    np.testing.assert_array_equal(cube.core(cube.dn[0, 0]), cube.dn[0, 0, 1:3, 1:4])


def test_a_cube_may_keep_some_of_its_halo(cube: Cube) -> None:
    near = cube.within(0)

    assert (near.halo_px, near.grid) == (0, cube.grid.grown(-1))
    np.testing.assert_array_equal(near.qa, cube.core(cube.qa))
    np.testing.assert_array_equal(cube.within(1).dn, cube.core(cube.dn, halo_px=1))


def test_dates_can_be_selected(cube: Cube) -> None:
    last = cube.on([1])

    assert last.dates == (date(2017, 1, 14),)
    np.testing.assert_array_equal(last.dn, cube.dn[1:])
    np.testing.assert_array_equal(last.scale, cube.scale[1:])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"bands": ("blue",)}, id="a band too few"),
        pytest.param({"qa": np.zeros((2, 4, 4), np.uint16)}, id="quality bits of another grid"),
        pytest.param({"scale": np.ones((1, 6))}, id="scales of one date"),
    ],
)
def test_axes_must_agree(cube: Cube, change: Mapping[str, object]) -> None:
    with pytest.raises(ValueError, match="axes of a Cube must agree"):
        replace(cube, **change)  # type: ignore[arg-type]


def test_dates_ascend(cube: Cube) -> None:
    with pytest.raises(ValueError, match="must ascend"):
        replace(cube, dates=cube.dates[::-1])
