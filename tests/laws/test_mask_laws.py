"""Laws of masks: stricter never accepts more, and every date and pixel is independent."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minecover.core.cube import Cube
from minecover.core.grid import Grid
from minecover.core.quality_bits import QA_LAYOUTS
from minecover.features.validity import FLAGS, Profile, valid

GRID = Grid.around("EPSG:32635", 700_000, -200_000, size_px=6)
PROFILE = Profile("drawn", [], [], False, False, None, None, None, None, 0, None)
flags = st.lists(st.sampled_from(FLAGS), unique=True)


@st.composite
def cubes(draw: st.DrawFn) -> Cube:
    return Cube(
        dn=draw(arrays(np.uint16, (3, 2, 6, 6), elements=st.integers(0, 3))),
        scale=np.full((3, 2), 2e-5),
        offset=np.full((3, 2), -0.1),
        qa=draw(arrays(np.uint16, (3, 6, 6))),
        saturated=draw(arrays(np.bool_, (3, 6, 6))),
        qa_layout=draw(st.sampled_from(sorted(QA_LAYOUTS))),
        dates=tuple(date(2017, 1, 1) + timedelta(i) for i in range(3)),
        bands=("red", "nir08"),
        grid=GRID,
        halo_px=2,
    )


@given(cube=cubes(), few=flags, more=flags, width=st.integers(0, 2))
def test_more_reject_bits_never_make_more_valid_pixels(
    cube: Cube, few: list[str], more: list[str], width: int
) -> None:
    mild = replace(PROFILE, rejects=few)
    harsh = replace(PROFILE, rejects=[*few, *more], drop_saturated=True, dilate_m=30 * width)

    assert not (valid(cube, harsh) & ~valid(cube, mild)).any()


@given(cube=cubes(), rejects=flags)
def test_no_profile_accepts_a_pixel_without_data(cube: Cube, rejects: list[str]) -> None:
    accepted = valid(cube, replace(PROFILE, rejects=rejects))

    assert not (accepted & (cube.dn == 0).any(axis=1)).any()


@given(cube=cubes(), rejects=flags, index=st.integers(0, 2))
def test_a_date_does_not_depend_on_others(cube: Cube, rejects: list[str], index: int) -> None:
    profile = replace(PROFILE, rejects=rejects, dilate_m=60)

    np.testing.assert_array_equal(
        valid(cube.on([index]), profile)[0], valid(cube, profile)[index]
    )


@given(cube=cubes(), seed=st.integers(0, 99))
def test_without_dilation_pixels_may_be_shuffled(cube: Cube, seed: int) -> None:
    profile = replace(PROFILE, rejects=["fill", "cloud"], drop_saturated=True)
    order = np.random.default_rng(seed).permutation(6)
    shuffled = replace(
        cube,
        dn=cube.dn[..., order],
        qa=cube.qa[..., order],
        saturated=cube.saturated[..., order],
    )

    np.testing.assert_array_equal(valid(shuffled, profile), valid(cube, profile)[..., order])
