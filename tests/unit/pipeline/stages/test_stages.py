"""Stages whose inputs are missing or unusable name them, and leave no partial output."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from minecover.core import paths
from minecover.core.config import Params, composed
from minecover.core.cube import Cube
from minecover.core.errors import AccessError, FoldError, LabelError, SceneError
from minecover.core.files import write_json
from minecover.core.grid import Grid
from minecover.core.outputs import fetched_sites
from minecover.core.raster import write_cube
from minecover.core.sites import Site, square, write_sites
from minecover.labels import label_table, write_labels
from minecover.pipeline.stages import features, imagery, masks, sites
from minecover.sources.fetch import Outcome

CONF = Path(__file__).parents[4] / "conf"
GRID = Grid.from_corner("EPSG:32635", 600015.0, 15.0, 10, 10)
SITE = Site("here", "here", GRID, 1)


def cube(qa: int) -> Cube:
    shape = (2, 6, 12, 12)
    return Cube(
        dn=np.full(shape, 9000, np.uint16),
        scale=np.full((2, 6), 2e-5),
        offset=np.full((2, 6), -0.1),
        qa=np.full((2, 12, 12), qa, np.uint16),
        saturated=np.zeros((2, 12, 12), np.bool_),
        qa_layout="c2",
        dates=(date(2017, 1, 14), date(2017, 1, 30)),
        bands=("blue", "green", "red", "nir08", "swir16", "swir22"),
        grid=SITE.read_grid,
        halo_px=1,
    )


@pytest.fixture
def params() -> Params:
    return composed(["experiment=brumadinho", "table=[bands]"], conf=CONF)


@pytest.fixture
def one_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create the site `here` with clear scenes and one mine, and work there."""
    monkeypatch.chdir(tmp_path)
    write_sites(paths.SITES, [SITE])
    write_cube(paths.SCENES / "here.tif", cube(21824))
    days = "2017-01-14 2017-01-30"
    index = pd.DataFrame({"site_id": ["here"], "status": ["ok"], "dates": [days]})
    index.to_csv(paths.SCENE_INDEX, index=False)
    write_json(paths.CONTEXT_PLANES, {})
    x, y = GRID.xy(5, 5)
    write_outline(shapely.box(x - 40, y - 40, x + 40, y + 40))
    return tmp_path


def write_outline(shape: shapely.Geometry) -> None:
    write_labels(
        paths.LABELS,
        label_table(
            gpd.GeoDataFrame(
                {"label_id": ["a"], "kind": "mine", "name": "", "seen_from": "", "seen_to": ""},
                geometry=[shape],
                crs=GRID.crs,
            )
        ),
    )


def test_a_mine_is_burned_on_every_date(one_site: Path, params: Params) -> None:
    masks.run(params)
    features.run(params)

    table = pd.read_parquet(paths.table("observation", "here"))
    assert len(table) == 2 * 100
    assert table["label"].sum() == 2 * 9
    assert table["valid_strict"].all()


def test_rows_of_fewer_dates_have_the_features_and_the_label_of_the_dates_they_keep(
    one_site: Path, params: Params
) -> None:
    scenes = cube(21824)
    scenes.dn[1] = 10_000
    write_cube(paths.SCENES / "here.tif", scenes)
    masks.run(params)
    features.run(params)

    whole = pd.read_parquet(paths.table("location", "here"))
    fewer = pd.read_parquet(paths.fewer_dates_table("here"))

    assert list(fewer) == list(whole)
    assert set(whole["n_dates"]) == {2}
    assert set(fewer["n_dates"]) == {1}
    of_one_date = np.array([9000, 10_000], np.float32) * np.float32(2e-5) - np.float32(0.1)
    np.testing.assert_allclose(whole["red"], of_one_date.mean(), rtol=1e-5)
    assert np.isclose(fewer["red"].iloc[0], of_one_date, rtol=1e-5).any()
    assert fewer["label"].sum() == 9


def test_fewer_dates_are_written_only_if_they_are_asked_for(
    one_site: Path, params: Params
) -> None:
    masks.run(params)

    features.run(params.updated({"fewer_dates": None}))

    assert paths.table("location", "here").exists()
    assert not paths.fewer_dates_table("here").exists()


def test_labels_outside_all_sites_are_refused(one_site: Path, params: Params) -> None:
    write_outline(shapely.box(700_000, 0, 700_100, 100))

    with pytest.raises(LabelError, match="no mine polygon touches any of the 1 sites"):
        masks.run(params)


def test_a_site_under_cloud_on_every_date_is_named(one_site: Path, params: Params) -> None:
    write_cube(paths.SCENES / "here.tif", cube(22280))
    masks.run(params)

    with pytest.raises(SceneError, match="no valid observation under mask=strict: here"):
        features.run(params)


@pytest.mark.parametrize(
    ("layout", "mask"),
    [
        pytest.param("c2", "strict", id="a quality band"),
        pytest.param("none", "none", id="a mask that needs none"),
    ],
)
def test_scenes_that_the_mask_can_use_are_fetched(
    one_site: Path, params: Params, layout: str, mask: str
) -> None:
    outcome = fetch(layout, params.build(f"masks.{mask}"))

    assert outcome.status == "ok"


def test_scenes_without_the_quality_band_that_the_mask_needs_stop_the_fetch(
    one_site: Path, params: Params
) -> None:
    with pytest.raises(SceneError, match=r"site here: .*no quality band, which mask=strict"):
        fetch("none", params.build("masks.strict"))


def fetch(layout: str, mask: imagery.Mask) -> Outcome:
    """Fetch scenes with the given layout of the quality band."""
    delivered = replace(cube(21824), qa_layout=layout)

    def fetcher(site: Site) -> Outcome:
        write_cube(paths.SCENES / f"{site.site_id}.tif", delivered)
        return Outcome(site.site_id, "ok", "2017-01-14 2017-01-30", 1, "", "")

    return imagery.fetch_site(fetcher, SITE, mask)


def mined_sites(*groups: str, mines: int) -> tuple[list[Site], gpd.GeoDataFrame]:
    """Return a row of sites, each with its group, and outlines on the first ones."""
    grids = [
        Grid.from_corner("EPSG:32635", 600015.0 + 600 * n, 15.0, 10, 10)
        for n in range(len(groups))
    ]
    placed = [Site(f"s{n}", group, grids[n], 1) for n, group in enumerate(groups)]
    outlines = [square(grid).buffer(-1e-4) for grid in grids[:mines]]
    labels = gpd.GeoDataFrame({"kind": ["mine"] * mines}, geometry=outlines, crs="EPSG:4326")
    return placed, labels


@pytest.mark.parametrize(
    ("groups", "mines"),
    [
        pytest.param("abc", 3, id="a group for each fold"),
        pytest.param("aabbcd", 6, id="more groups than folds"),
        pytest.param("ab", 0, id="points alone, which can be mapped"),
    ],
)
def test_enough_groups_of_sites_pass(groups: str, mines: int) -> None:
    sites.check_groups(*mined_sites(*groups, mines=mines), n_folds=3)


@pytest.mark.parametrize(
    ("groups", "mines", "found"),
    [
        pytest.param(
            "aabb", 4, "in 2 of 2 groups (4 sites, 4 outlines)", id="sites that touch"
        ),
        pytest.param("abcd", 2, "in 2 of 4 groups (4 sites, 2 outlines)", id="empty ground"),
    ],
)
def test_too_few_groups_for_the_folds_are_refused_before_scenes_are_fetched(
    groups: str, mines: int, found: str
) -> None:
    with pytest.raises(FoldError, match=r"^folds\.n=3 needs .*" + re.escape(found)):
        sites.check_groups(*mined_sites(*groups, mines=mines), n_folds=3)


def scripted(
    script: dict[str, list[str]], *, is_remote: bool = True, at_once: int = 4
) -> Params:
    """Configure a source whose outcome is scripted for each site."""
    scenes = {"_target_": "servers.scripted.ScriptedSource", "notes": "notes", "pause_s": 0.0}
    source = {
        "scenes": {**scenes, "script": script},
        "input": "here",
        "is_remote": is_remote,
        "max_failed_fraction": 0.25,
    }
    mask = composed(conf=CONF).value("masks.strict")
    return Params(
        {
            "source": source,
            "network": {"at_once": at_once},
            "mask": "strict",
            "masks": {"strict": mask},
        }
    )


@pytest.fixture
def four_sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create the sites a, b, c and d, and work there."""
    monkeypatch.chdir(tmp_path)
    write_sites(paths.SITES, [Site(name, name, GRID, 1) for name in "abcd"])
    return tmp_path


def index() -> list[tuple[str, str]]:
    frame = pd.read_csv(paths.SCENE_INDEX)
    return list(zip(frame["site_id"], frame["status"], strict=True))


def test_the_index_lists_every_site_in_order(four_sites: Path) -> None:
    imagery.run(scripted({"b": ["empty"], "c": ["cloudy"], "d": ["failed"]}))

    assert index() == [("a", "ok"), ("b", "empty"), ("c", "cloudy"), ("d", "failed")]
    assert [site.site_id for site in fetched_sites()] == ["a"]
    assert sorted(path.name for path in paths.SCENES.iterdir()) == ["a.tif", "index.csv"]


def test_a_service_and_a_disk_write_the_same_bytes(four_sites: Path) -> None:
    imagery.run(scripted({"b": ["empty"]}))
    found = {path.name: path.read_bytes() for path in paths.SCENES.iterdir()}

    imagery.run(scripted({"b": ["empty"]}, is_remote=False))

    assert found == {path.name: path.read_bytes() for path in paths.SCENES.iterdir()}
    assert len(list(paths.SCENE_STORE.glob("*/*.tif"))) == 3
    assert len(pd.read_csv(paths.FETCH_LEDGER)) == 8


def test_failures_beyond_the_allowance_are_named_and_counted(four_sites: Path) -> None:
    with pytest.raises(
        SceneError,
        match=r"4 of 4 sites failed.*source\.max_failed_fraction=0\.25.*"
        r"a: a is failed as scripted\.; b: .*; c: .*; and 1 more",
    ):
        imagery.run(scripted({name: ["failed"] for name in "abcd"}))

    assert fetched_sites() == []


def test_a_later_run_requests_only_failed_sites(four_sites: Path) -> None:
    script = {"a": ["failed", "ok"], "b": ["failed", "failed", "ok"], "c": ["cloudy", "ok"]}
    with pytest.raises(SceneError, match="2 of 4 sites failed"):
        imagery.run(scripted(script))

    imagery.run(scripted(script))
    imagery.run(scripted(script))

    assert index() == [("a", "ok"), ("b", "ok"), ("c", "cloudy"), ("d", "ok")]
    ledger = pd.read_csv(paths.FETCH_LEDGER)
    assert ledger.groupby("site_id")["tries"].max().to_dict() == {
        "a": 2,
        "b": 3,
        "c": 1,
        "d": 1,
    }


def test_a_build_without_any_scene_is_refused(
    four_sites: Path,
) -> None:
    with pytest.raises(SceneError, match=r"no site has a scene\. a: a is empty as scripted\."):
        imagery.run(scripted({"a": ["empty"], **{name: ["cloudy"] for name in "bcd"}}))


@pytest.mark.parametrize(
    ("word", "error", "is_remote"),
    [
        pytest.param("denied", AccessError, True, id="a service that refuses access"),
        pytest.param("broken", ZeroDivisionError, True, id="a bug"),
        pytest.param("broken", ZeroDivisionError, False, id="a bug in a process"),
    ],
)
def test_the_run_stops_at_once(
    four_sites: Path, word: str, error: type[Exception], is_remote: bool
) -> None:
    names = [f"site{number:03d}" for number in range(200)]
    write_sites(paths.SITES, [Site(name, name, GRID, 1) for name in names])
    params = scripted({"site002": [word]}, is_remote=is_remote, at_once=2)

    with pytest.raises(error):
        imagery.run(params)

    assert len(list(Path("notes").iterdir())) < 100
    assert not paths.SCENE_INDEX.exists()


def test_a_failed_site_is_named_and_left_out(one_site: Path) -> None:
    params = composed(["experiment=brumadinho", "paths.real_data=nowhere"], conf=CONF)

    with pytest.raises(
        SceneError, match=r"1 of 1 sites.*source\.max_failed_fraction=0 .*here: "
    ):
        imagery.run(params)

    assert pd.read_csv(paths.SCENE_INDEX)["status"].tolist() == ["failed"]
    assert fetched_sites() == []
