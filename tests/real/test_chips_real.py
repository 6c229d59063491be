"""The Amazon label set: masks survive, chips that overlap share a group, forest is dark."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from minecover.core.config import Params, composed
from minecover.core.lattice import Lattice
from minecover.core.raster.stacks import read_stack
from minecover.core.sites import Site, grouped, square
from minecover.features.planes import feature_planes, flat_sets
from minecover.labels.burning import kind_plane, label_cube, labels_of_site
from minecover.pipeline.stages.train import chosen_columns
from minecover.sources.chips import ChipLabels, ChipScenes, ChipSet, ChipSites


@pytest.fixture(scope="module")
def params(real_data: Path) -> Params:
    folder = real_data / "amazon_s2"
    if not folder.is_dir():
        pytest.skip(f"no label set of the Amazon in {folder}")
    return composed(["experiment=amazon", f"source.input={folder}"])


@pytest.fixture(scope="module")
def chips(params: Params) -> ChipSet:
    found: ChipSet = params.build("source.chips")
    return found


@pytest.fixture(scope="module")
def labels(chips: ChipSet) -> gpd.GeoDataFrame:
    return ChipLabels(chips)()


@pytest.fixture(scope="module")
def sites(chips: ChipSet, labels: gpd.GeoDataFrame) -> list[Site]:
    return grouped(ChipSites(chips, Lattice("sentinel_2", 10))(labels), within_m=1500)


def test_the_chips_are_those_of_the_table(sites: list[Site], chips: ChipSet) -> None:
    table = pd.read_csv(Path(chips.folder) / "chips.csv").set_index("chip")

    assert len(sites) == 475
    assert {one.grid.shape for one in sites} == {(48, 48)}
    assert {one.grid.crs[:8] for one in sites} == {"EPSG:326"}
    for one in sites:
        assert (one.chip_label, one.group) == (
            -1
            if table.loc[one.site_id, "status"] == "industrial"
            else table.loc[one.site_id, "label"],
            str(table.loc[one.site_id, "group"]),
        )


def test_chips_that_overlap_share_a_group(sites: list[Site]) -> None:
    squares = gpd.GeoSeries([square(one.grid) for one in sites], crs="EPSG:4326")
    a, b = squares.sindex.query(squares, predicate="overlaps")

    assert len(set(a.tolist())) > 50
    assert [sites[i].group for i in a] == [sites[i].group for i in b]


def test_every_mask_burns_to_itself(
    sites: list[Site], labels: gpd.GeoDataFrame, chips: ChipSet
) -> None:
    found = chips.chips()
    masked = [one for one in sites if found[one.site_id].mask][::7]

    assert len(masked) == 44
    for site in masked:
        mask = read_stack(Path(chips.folder) / "masks" / f"{site.site_id}.tif").values[0]
        own = labels_of_site(labels, site.site_id)
        burned, _ = label_cube(own, site.grid, [date(2023, 12, 31)], ignore_ring_m=0)
        np.testing.assert_array_equal(burned[0], mask == 1)
        np.testing.assert_array_equal(kind_plane(own, site.grid, "look_alike"), mask == 2)


def test_features_are_known_on_nearly_all_of_a_chip(sites: list[Site], params: Params) -> None:
    source: ChipScenes = params.build("source.scenes")
    columns = chosen_columns(params)
    cube = source.scenes(sites[0])
    usable = np.asarray(np.isfinite(cube.values()).all(axis=1))

    planes = feature_planes(
        cube, usable, {}, flat_sets(params.build("table")), columns, with_medians=True
    ).location

    known = {name: float(np.isfinite(planes[name]).mean()) for name in columns}
    assert {name.split("_", 1)[1] for name in known if name.startswith("ndvi_")} >= {
        "first", "last", "last_mean450m", "change_sd90m", "last_rough80m_450m"
    }  # fmt: skip
    assert min(known.values()) > 0.99


def test_forest_is_dark_in_red_and_bright_in_the_infrared(
    sites: list[Site], params: Params
) -> None:
    source: ChipScenes = params.build("source.scenes")
    cubes = [source.scenes(one) for one in sites[::40]]

    red, infrared = (
        np.concatenate([cube.values(band).ravel() for cube in cubes])
        for band in ("red", "nir08")
    )
    ndvi = (infrared - red) / (infrared + red)
    assert 0.0 < np.median(red[ndvi > 0.75]) < 0.06
    assert {cube.dates for cube in cubes} == {(date(2018, 1, 1), date(2023, 12, 31))}
