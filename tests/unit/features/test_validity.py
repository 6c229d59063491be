"""Mask profiles on reference values of every quality layout, and their error messages."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import TypedDict, Unpack

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from minecover.core.config import CONF, build
from minecover.core.cube import Cube
from minecover.core.errors import ConfigError, SceneError
from minecover.core.grid import Grid
from minecover.core.quality_bits import UNKNOWN_SCORE, sentinel_2_quality
from minecover.features import validity
from minecover.features.validity import Profile, usable_profiles, valid

NONE = Profile("none", [], [], False, False, None, None, None, None, 0, None)
POC = replace(NONE, name="poc", rejects=["fill", "cloud_high"])
STRICT = replace(
    NONE,
    name="strict",
    rejects=["fill", "dilated_cloud", "cirrus", "cloud", "cloud_shadow"],
    drop_saturated=True,
    reflectance_range=(-0.05, 1.6),
    kelvin_range=(200, 340),
)
DAY = date(2017, 1, 15)
#: Classes of Sentinel-2.
DARK, SHADOW, BARE, CLOUD = 2, 3, 5, 9


class Parts(TypedDict, total=False):
    """Parts of a one-pixel cube that a test sets."""

    qa: int
    saturated: bool
    layout: str
    bands: tuple[str, ...]
    dn: NDArray[np.uint16] | NDArray[np.float32]


def pixel(**parts: Unpack[Parts]) -> Cube:
    """One date of one pixel: clear Collection 2 land unless said otherwise."""
    bands = parts.get("bands", ("red",))
    dn = parts.get("dn", np.full(len(bands), 9000, np.uint16))
    is_float = np.issubdtype(dn.dtype, np.floating)
    return Cube(
        dn=dn.reshape(1, len(bands), 1, 1),
        scale=np.full((1, len(bands)), 1 if is_float else 2e-5),
        offset=np.full((1, len(bands)), 0 if is_float else -0.1),
        qa=np.full((1, 1, 1), parts.get("qa", 21824), np.uint16),
        saturated=np.full((1, 1, 1), parts.get("saturated", False)),
        qa_layout=parts.get("layout", "c2"),
        dates=(DAY,),
        bands=bands,
        grid=Grid.around("EPSG:32635", 700_000, -200_000, size_px=1),
        halo_px=0,
    )


@pytest.fixture(autouse=True)
def _clear_warnings() -> Iterator[None]:
    validity._warn_missing.cache_clear()
    yield
    validity._warn_missing.cache_clear()


@pytest.mark.parametrize(
    ("layout", "qa", "by_poc", "by_strict"),
    [
        pytest.param("c2", 1, False, False, id="c2 fill"),
        pytest.param("c2", 21824, True, True, id="c2 clear land"),
        pytest.param("c2", 21952, True, True, id="c2 clear water"),
        pytest.param("c2", 22080, True, True, id="c2 medium cloud"),
        pytest.param("c2", 22018, True, False, id="c2 dilated"),
        pytest.param("c2", 22280, False, False, id="c2 high cloud"),
        pytest.param("c2", 23888, True, False, id="c2 cloud shadow, CLEAR bit still set"),
        pytest.param("c2", 24082, True, False, id="c2 dilated shadow"),
        pytest.param("c2", 30048, True, True, id="c2 snow"),
        pytest.param("c2", 54596, True, False, id="c2 cirrus"),
        pytest.param("c2", 54852, True, False, id="c2 cirrus and medium cloud"),
        pytest.param("c2", 55052, False, False, id="c2 cirrus and high cloud"),
        pytest.param("c1", 1, False, False, id="c1 fill"),
        pytest.param("c1", 2720, True, True, id="c1 clear"),
        pytest.param("c1", 2724, True, False, id="c1 saturated"),
        pytest.param("c1", 2752, True, True, id="c1 medium cloud"),
        pytest.param("c1", 2800, False, False, id="c1 cloud"),
        pytest.param("c1", 2976, True, False, id="c1 shadow"),
        pytest.param("c1", 6816, True, False, id="c1 cirrus"),
        pytest.param("c1", 6896, False, False, id="c1 cloud and cirrus"),
        pytest.param("pre", 1, False, False, id="pre fill"),
        pytest.param("pre", 20480, True, True, id="pre clear"),
        pytest.param("pre", 36864, True, True, id="pre medium cloud"),
        pytest.param("pre", 53248, False, False, id="pre cloud"),
        pytest.param("pre", 28672, True, False, id="pre cirrus"),
    ],
)
def test_profiles_on_reference_values(
    layout: str, qa: int, by_poc: bool, by_strict: bool
) -> None:
    cube = pixel(layout=layout, qa=qa)

    assert valid(cube, NONE).item() is True
    assert valid(cube, POC).item() is by_poc
    assert valid(cube, STRICT).item() is by_strict


def test_saturation_is_rejected_by_strict_alone() -> None:
    assert valid(pixel(saturated=False), STRICT).item() is True
    assert valid(pixel(saturated=True), STRICT).item() is False
    assert valid(pixel(saturated=True), POC).item() is True


@pytest.mark.parametrize("profile", [NONE, POC, STRICT], ids=lambda p: p.name)
@pytest.mark.parametrize(
    "dn",
    [
        pytest.param(np.array([9000, 0], np.uint16), id="fill in one band"),
        pytest.param(np.array([0.1, np.nan], np.float32), id="NaN"),
        pytest.param(np.array([0.1, -np.inf], np.float32), id="minus infinity"),
    ],
)
def test_a_band_without_data_is_never_valid(
    profile: Profile, dn: NDArray[np.uint16] | NDArray[np.float32]
) -> None:
    assert valid(pixel(bands=("red", "nir08"), dn=dn), profile).item() is False


@pytest.mark.parametrize(
    ("reflectance", "kelvin", "usable"),
    [
        pytest.param(0.2, 300, True, id="land"),
        pytest.param(1.7, 300, False, id="brighter than snow"),
        pytest.param(-0.06, 300, False, id="darker than nothing"),
        pytest.param(0.2, 150, False, id="colder than cloud tops"),
        pytest.param(0.2, 400, False, id="burning"),
    ],
)
def test_values_of_float_sources_must_be_plausible(
    reflectance: float, kelvin: float, usable: bool
) -> None:
    cube = pixel(bands=("red", "lwir11"), dn=np.array([reflectance, kelvin], np.float32))

    assert valid(cube, STRICT).item() is usable
    assert valid(cube, POC).item() is True


def test_digital_numbers_are_not_checked_for_range() -> None:
    assert valid(pixel(dn=np.array([1], np.uint16)), STRICT).item() is True


def test_thin_cirrus_is_seen_in_b9() -> None:
    careful = replace(STRICT, name="careful", cirrus_reflectance_above=0.01)
    bands, thin = ("red", "cirrus"), np.array([9000, 5600], np.uint16)  # 5600 is 0.012

    assert valid(pixel(bands=bands, dn=thin), careful).item() is False
    assert valid(pixel(bands=bands, dn=thin - 200), careful).item() is True


def test_pixels_near_a_rejected_one_are_rejected_too() -> None:
    # . . . . .      . . x . .
    # . . c . .  ->  . x x x .
    # . . . . .      . . x . .
    one = pixel()
    qa = np.full((1, 3, 5), 21824, np.uint16)
    qa[0, 1, 2] = 22280
    cube = Cube(
        dn=np.full((1, 1, 3, 5), 9000, np.uint16),
        scale=one.scale,
        offset=one.offset,
        qa=qa,
        saturated=np.zeros_like(qa, np.bool_),
        qa_layout="c2",
        dates=one.dates,
        bands=one.bands,
        grid=Grid.from_corner("EPSG:32635", 15, 15, 3, 5),
        halo_px=1,
    )

    near = valid(cube, replace(POC, dilate_m=30))

    assert (~near[0]).astype(int).tolist() == [
        [0, 0, 1, 0, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 1, 0, 0],
    ]


def of_conf(name: str) -> Profile:
    """Return a profile of conf/masks."""
    text = (CONF / f"masks/{name}.yaml").read_text(encoding="utf-8")
    profile: Profile = build(yaml.safe_load(text)[name], f"masks.{name}")
    return profile


def classes(plane: list[list[int]], score: float | None = None) -> Cube:
    """One date of Sentinel-2 at 20 m with these classes, and one clear score for all."""
    scl = np.array(plane, np.uint8)
    scores = None if score is None else np.full(scl.shape, score, np.float32)
    return Cube(
        dn=np.full((1, 1, *scl.shape), 2000, np.uint16),
        scale=np.full((1, 1), 1e-4),
        offset=np.full((1, 1), -0.1),
        qa=sentinel_2_quality(scl, scores)[None],
        saturated=np.zeros((1, *scl.shape), np.bool_),
        qa_layout="s2",
        dates=(DAY,),
        bands=("red",),
        grid=Grid.from_corner("EPSG:32635", 0, 0, *scl.shape, pixel_m=20.0),
        halo_px=3,
    )


@pytest.mark.parametrize(
    ("value", "by_scl", "by_strict"),
    [
        pytest.param(0, False, False, id="no data"),
        pytest.param(1, False, False, id="saturated"),
        pytest.param(2, True, False, id="dark"),
        pytest.param(3, False, False, id="cloud shadow"),
        pytest.param(4, True, True, id="vegetation"),
        pytest.param(5, True, True, id="bare"),
        pytest.param(6, True, True, id="water"),
        pytest.param(7, True, False, id="unclassified"),
        pytest.param(8, False, False, id="cloud, medium"),
        pytest.param(9, False, False, id="cloud, high"),
        pytest.param(10, False, False, id="cirrus"),
        pytest.param(11, True, True, id="snow"),
    ],
)
def test_classes_of_sentinel_2(value: int, by_scl: bool, by_strict: bool) -> None:
    cube = classes([[value]])

    assert valid(cube, of_conf("scl")).item() is by_scl
    assert valid(cube, of_conf("scl_strict")).item() is by_strict
    assert valid(cube, of_conf("none")).item() is True


def test_cloud_and_shadow_are_grown_and_dark_ground_is_not() -> None:
    row = [CLOUD, *[BARE] * 6, DARK, *[BARE] * 3, SHADOW]

    seen = valid(classes([row]), of_conf("scl_strict"))[0, 0]

    # 60 m are three pixels on either side.
    assert "".join("v" if ok else "." for ok in seen) == "....vvv....."
    assert valid(classes([[BARE, DARK, BARE]]), of_conf("scl_strict"))[0, 0].tolist() == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("score", "usable"),
    [
        pytest.param(0.60, True, id="at the limit"),
        pytest.param(0.599, False, id="below"),
        pytest.param(0.95, True, id="clear"),
    ],
)
def test_a_clear_score_decides_whatever_the_class(score: float, usable: bool) -> None:
    assert valid(classes([[CLOUD]], score), of_conf("clear_score")).item() is usable


def test_a_pixel_without_a_score_is_not_clear() -> None:
    cube = classes([[BARE, BARE]], 0.9)
    cube.qa[0, 0, 1] |= UNKNOWN_SCORE << 4

    assert valid(cube, of_conf("clear_score"))[0, 0].tolist() == [True, False]


def test_profiles_of_other_sensors_are_left_out() -> None:
    names = ("none", "poc", "strict", "strict_plus", "scl", "scl_strict", "clear_score")
    profiles = {name: of_conf(name) for name in names}

    assert list(usable_profiles(pixel(), profiles, "none")) == ["none", "poc", "strict"]
    assert list(usable_profiles(classes([[BARE]]), profiles, "none")) == [
        "none",
        "poc",
        "scl",
        "scl_strict",
    ]
    with pytest.raises(SceneError, match=r"made for .* c2 or c1 or pre, found s2.*mask=scl"):
        usable_profiles(classes([[BARE]]), profiles, "strict")


def test_water_can_be_dropped_where_the_layout_knows_it() -> None:
    dry = replace(POC, drop_water=True)

    assert valid(pixel(qa=21952), dry).item() is False
    assert valid(pixel(qa=21824), dry).item() is True
    assert valid(pixel(layout="pre", qa=20528), dry).item() is False


@pytest.mark.parametrize(
    ("cube", "profile", "message"),
    [
        pytest.param(
            pixel(layout="none", qa=0),
            STRICT,
            r"2017-01-15 to 2017-01-15 have no quality band.*mask=strict.*QA_PIXEL.*mask=none",
            id="no quality band",
        ),
        pytest.param(
            pixel(layout="c1", qa=2720),
            replace(POC, drop_water=True),
            r"'c1' has no water bit.*masks.poc.drop_water=false",
            id="no water bit",
        ),
        pytest.param(
            pixel(layout="s2", qa=5 | UNKNOWN_SCORE << 4),
            replace(NONE, name="clear", clear_score_min=0.6),
            r"no Cloud Score\+, which mask=clear needs.*mask=scl",
            id="no clear score",
        ),
        pytest.param(
            pixel(),
            replace(POC, cirrus_reflectance_above=0.01),
            r"needs the cirrus band cirrus, found red",
            id="no cirrus band",
        ),
        pytest.param(
            pixel(),
            replace(POC, dilate_m=90),
            r"up to 90 m away, but the halo has 0 m.*masks.poc.dilate_m",
            id="beyond the halo",
        ),
    ],
)
def test_a_profile_names_what_the_cube_lacks(
    cube: Cube, profile: Profile, message: str
) -> None:
    with pytest.raises(SceneError, match=message):
        valid(cube, profile)
    with pytest.raises(SceneError, match=message):
        usable_profiles(cube, {profile.name: profile}, profile.name)


def test_products_without_quality_band_pass_under_none() -> None:
    assert valid(pixel(layout="none", qa=0), NONE).item() is True


def test_profiles_that_cannot_be_used_are_left_out() -> None:
    profiles = {"none": NONE, "poc": POC, "strict": STRICT}

    assert list(usable_profiles(pixel(layout="none", qa=0), profiles, "none")) == ["none"]
    assert list(usable_profiles(pixel(), profiles, "poc")) == ["none", "poc", "strict"]


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ConfigError, match="mask must be one of none, found strictest"):
        usable_profiles(pixel(), {"none": NONE}, "strictest")


def test_missing_bits_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        valid(pixel(layout="pre", qa=20480), STRICT)
        valid(pixel(layout="pre", qa=20480), STRICT)

    assert [record.getMessage() for record in caplog.records] == [
        "mask=strict: the quality layout 'pre' has no bits for dilated_cloud, cloud_shadow, "
        "saturated; these reject nothing."
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"rejects": ["clouds"]}, "found clouds. Fix masks.none", id="flag"),
        pytest.param({"kelvin_range": (340, 200)}, "lowest, highest", id="range"),
        pytest.param({"dilate_m": -1}, "dilate_m must be at least 0", id="width"),
        pytest.param({"layouts": ["c3"]}, "layouts must be some of c2.*found c3", id="layout"),
        pytest.param({"dilates": ["cloud"]}, "dilates must be some of", id="not rejected"),
        pytest.param({"clear_score_min": 60}, r"lie in 0\.\.1, found 60", id="percent"),
    ],
)
def test_a_wrong_profile_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(NONE, **change)  # type: ignore[arg-type]
