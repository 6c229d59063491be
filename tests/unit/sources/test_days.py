"""Scenes of a listing: which are read, in which order, and how those of one day are joined."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from minecover.core.cube import F32
from minecover.core.errors import CloudyError, NotCoveredError, SceneError
from minecover.core.grid import Grid
from minecover.core.sites import Site
from minecover.sources.days import choose, join_days
from minecover.sources.product import U16, Scene

SITE = Site("site", "site", Grid.around("EPSG:32635", 700_000, -200_000, size_px=2), 1)
DAY = date(2017, 1, 15)


@dataclass(frozen=True)
class Drawn:
    """A scene in a listing."""

    name: str
    day: date = DAY
    cloud_cover: float = 0.0
    crs: str | None = "EPSG:32635"
    identity: str = ""
    version: tuple[str | int, ...] = ()


def names(*listed: Drawn, limit: float = 50) -> list[str]:
    return [one.name for one in choose(listed, SITE, limit)]


def test_scenes_are_ordered_by_day_zone_and_name() -> None:
    later = date(2017, 1, 31)

    found = names(
        Drawn("d", day=later, identity="d"),
        Drawn("a", crs="EPSG:32636", identity="a"),
        Drawn("c", identity="c"),
        Drawn("b", identity="b"),
        Drawn("e", crs=None, identity="e"),
    )

    assert found == ["b", "c", "a", "e", "d"]


def test_of_several_versions_the_newest_is_read() -> None:
    old, new = (Drawn(f"v{n}", version=(n,), identity="same") for n in (2, 10))

    assert names(old, new) == names(new, old) == ["v10"]


def test_a_cloudy_newest_version_is_not_replaced_by_an_older_one() -> None:
    old = Drawn("old", version=(1,), identity="same")
    new = Drawn("new", version=(2,), identity="same", cloud_cover=80.0)

    assert names(old, new, Drawn("other", identity="other")) == ["other"]
    with pytest.raises(CloudyError, match="all 1 scenes over site site have more than 50 %"):
        names(old, new)


def test_the_limit_of_clouds_is_included() -> None:
    assert names(Drawn("at", cloud_cover=50.0), limit=50) == ["at"]


def scene(dn: U16 | F32, day: date = DAY, qa: int = 1, layout: str = "c2") -> Scene:
    """Return a scene of one band on the grid of the site, 4 x 4 pixels."""
    quality = np.full((4, 4), qa, np.uint16)
    one = np.ones(1)
    return Scene("x", day, dn[None], one, 0 * one, quality, quality > 1, layout)


#: Pixels without data, as digital numbers and as values.
NOTHING = [
    pytest.param(np.zeros((4, 4), np.uint16), id="digital numbers"),
    pytest.param(np.full((4, 4), np.nan, np.float32), id="values"),
]


@pytest.mark.parametrize("nothing", NOTHING)
def test_scenes_of_one_day_are_one_observation(nothing: U16 | F32) -> None:
    west, east = nothing.copy(), nothing.copy()
    west[:, :3], east[:, 2:] = 5, 7

    cube = join_days([scene(west, qa=1), scene(east, qa=2)], SITE, ["red"])

    assert cube.dn.dtype == nothing.dtype
    assert cube.dn[0, 0].tolist() == [[5, 5, 5, 7]] * 4
    assert cube.qa[0].tolist() == [[1, 1, 1, 2]] * 4
    assert cube.saturated[0].tolist() == [[False] * 3 + [True]] * 4
    assert (cube.dates, cube.bands, cube.halo_px) == ((DAY,), ("red",), 1)


@pytest.mark.parametrize("nothing", NOTHING)
def test_days_without_data_inside_the_halo_are_left_out(nothing: U16 | F32) -> None:
    halo, whole = nothing.copy(), nothing.copy()
    halo[0], whole[:] = 3, 3
    later = scene(whole, day=date(2017, 1, 31))

    assert join_days([scene(halo), later], SITE, ["red"]).dates == (later.day,)
    with pytest.raises(NotCoveredError, match="1 scenes were listed for site site, none has"):
        join_days([scene(halo)], SITE, ["red"])


def test_quality_layouts_do_not_mix() -> None:
    even = np.ones((4, 4), np.uint16)
    other = scene(even, day=date(2017, 1, 31), layout="s2")

    with pytest.raises(SceneError, match="must share a quality layout"):
        join_days([scene(even), other], SITE, ["red"])
