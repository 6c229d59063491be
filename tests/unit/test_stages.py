"""Stages at their limits: what is lost is named, and nothing half-written stays."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from minecover.config import Params, composed
from minecover.cube import Cube
from minecover.errors import LabelError, SceneError
from minecover.grid import Grid
from minecover.labels import label_table, write_labels
from minecover.raster import write_cube
from minecover.sites import Site, write_sites
from minecover.stages import features, fetched_sites, imagery, masks, paths

CONF = Path(__file__).parents[2] / "conf"
GRID = Grid.from_corner("EPSG:32635", 600015.0, 15.0, 10, 10)
SITE = Site("here", "here", GRID, 1)


def cube(qa: int) -> Cube:
    shape = (2, 6, 12, 12)
    return Cube(
        dn=np.full(shape, 9000, np.uint16),
        scale=np.full((2, 6), 2e-5),
        offset=np.full((2, 6), -0.1),
        qa=np.full((2, 12, 12), qa, np.uint16),
        radsat=np.zeros((2, 12, 12), np.uint16),
        qa_layout="c2",
        dates=(date(2017, 1, 14), date(2017, 1, 30)),
        bands=("B2", "B3", "B4", "B5", "B6", "B7"),
        grid=SITE.read_grid,
        halo_px=1,
    )


@pytest.fixture
def params() -> Params:
    return composed(["experiment=brumadinho"], conf=CONF)


@pytest.fixture
def one_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder that holds the site `here`, its clear scenes and one mine in it."""
    monkeypatch.chdir(tmp_path)
    write_sites(paths.SITES, [SITE])
    write_cube(paths.SCENES / "here.tif", cube(21824))
    index = pd.DataFrame({"site_id": ["here"], "status": ["ok"]})
    index.to_csv(paths.SCENE_INDEX, index=False)
    x, y = GRID.xy(5, 5)
    draw(shapely.box(x - 40, y - 40, x + 40, y + 40))
    return tmp_path


def draw(shape: shapely.Geometry) -> None:
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


def test_labels_elsewhere_are_said_to_be_elsewhere(one_site: Path, params: Params) -> None:
    draw(shapely.box(700_000, 0, 700_100, 100))

    with pytest.raises(LabelError, match="no mine polygon touches any of the 1 sites"):
        masks.run(params)


def test_a_site_under_cloud_on_every_date_is_named(one_site: Path, params: Params) -> None:
    write_cube(paths.SCENES / "here.tif", cube(22280))
    masks.run(params)

    with pytest.raises(SceneError, match="no valid observation under mask=strict: here"):
        features.run(params)


def test_a_lost_site_is_named_and_left_out(
    one_site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = composed(["experiment=brumadinho", "paths.real_data=nowhere"], conf=CONF)

    with pytest.raises(
        SceneError, match=r"1 of 1 sites.*source\.max_failed_fraction=0.*here: "
    ):
        imagery.run(lost)

    assert pd.read_csv(paths.SCENE_INDEX)["status"].tolist() == ["failed"]
    assert fetched_sites() == []


def test_lost_sites_within_the_allowance_do_not_stop_the_stage(one_site: Path) -> None:
    imagery.run(
        composed(
            [
                "experiment=brumadinho",
                "paths.real_data=nowhere",
                "source.max_failed_fraction=1.0",
            ],
            conf=CONF,
        )
    )

    assert pd.read_csv(paths.LEDGER)["message"].str.contains("nowhere").all()
