"""Maps of a region: equal to maps of sites, independent of the tiling, safe after failures."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from simulated_folders import write_simulated

from minecover.core.errors import NotCoveredError, RegionError
from minecover.core.raster import read_planes
from minecover.core.sensors import OLI
from minecover.core.sites import Site, square
from minecover.prediction.region.cluster import Workers
from minecover.prediction.region.cost import (
    format_plan,
    plan_area,
    plan_to_dict,
    requests_for,
)
from minecover.prediction.region.map_settings import map_settings
from minecover.prediction.region.run import map_area
from minecover.prediction.region.tile_job import (
    MapSettings,
    map_tile,
    model_of,
    source_of,
    warm_up,
)
from minecover.prediction.region.tiles import Tile
from minecover.reporting.candidates import SiteMap, find_candidates
from minecover.sources.product_folder import ProductFolder


class Checkout(Protocol):
    root: Path

    def must(self, *command: str) -> str: ...


ONE = Workers(None, 1, 2.0)


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write product folders: three dates of 150 x 190 simulated pixels with many mines."""
    folder = tmp_path_factory.mktemp("region") / "products"
    return write_simulated(folder, rows=150, cols=190, dates=3)


@pytest.fixture(scope="module")
def model(small_world: Checkout) -> str:
    return str(small_world.root / "models/model.pkl")


@pytest.fixture(scope="module")
def ground(products: Path) -> Tile:
    """Return one tile of the whole extent of the products."""
    return Tile("all", ProductFolder(str(products), 1, ("red",)).extent())


@pytest.fixture(scope="module")
def box(ground: Tile) -> str:
    """Return the same extent in degrees, as an area for `map_area`."""
    return ",".join(f"{edge:.6f}" for edge in square(ground.grid).bounds)


@pytest.fixture(scope="module")
def mapped(
    products: Path, model: str, box: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Make a map on a cluster of one process; return its folder."""
    out = tmp_path_factory.mktemp("mapped")
    counts, _ = map_area(box, map_settings(model, str(products), out), ONE, tile_px=128)
    assert counts["failed"] == counts["corrupt"] == 0
    return out


def layer(folder: Path, name: str, tile: Tile) -> np.ndarray:
    """Read the mosaic of a layer on a tile's grid; it is not observed beyond its bounds."""
    from minecover.core.raster import read_band

    fill = np.nan if name == "probability" else 0
    path = folder / f"{name}_32635.vrt"
    return read_band(path, tile.grid, resampling="nearest", fill=fill)


def test_a_map_of_a_region_equals_the_map_of_a_site(
    mapped: Path, products: Path, model: str, ground: Tile
) -> None:
    settings = map_settings(model, str(products), mapped)
    detector = model_of(settings).detector()

    cube = source_of(settings).scenes(Site("all", "", ground.grid, 24))
    maps = detector.maps(cube, {})

    probability, classes = detector.classes(cube, {}, is_screened=False)
    is_mine = maps["probability"] >= detector.threshold
    np.testing.assert_allclose(probability, maps["probability"], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(classes == 0, maps["valid_dates"] == 0)
    np.testing.assert_array_equal(classes > 1, is_mine)
    np.testing.assert_array_equal(classes == 3, is_mine & (maps["applicable"] == 0))
    mosaic = layer(mapped, "probability", ground)
    is_screened_out = np.abs(mosaic - probability) > 1e-6
    assert detector.screen is not None
    assert is_screened_out.any()
    assert (mosaic[is_screened_out] < detector.screen.at_least).all()
    differs = classes != layer(mapped, "class", ground)
    assert differs.sum() <= 0.01 * is_mine.sum()


def test_scenes_of_fewer_dates_than_the_model_knows_are_told_and_marked(
    products: Path,
    model: str,
    ground: Tile,
    box: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    shutil.copy(model, tmp_path / "model.pkl")
    card = json.loads(Path(model).with_suffix(".json").read_text())
    card["dates"] |= {"fewest": 4}
    (tmp_path / "model.json").write_text(json.dumps(card))
    settings = map_settings(str(tmp_path / "model.pkl"), str(products), tmp_path / "map")

    plan = plan_area(box, settings, tile_px=128, dates=7)
    map_area(box, settings, ONE, tile_px=128)

    sentence = f"{plan.tiles} of {plan.tiles} tiles have fewer than 4 valid dates"
    assert sentence in plan.warning
    assert format_plan(plan)[-1] == f"warning     {plan.warning}"
    assert caplog.text.count(sentence) == 1
    assert set(np.unique(layer(tmp_path / "map", "class", ground))) == {0, 1, 3}


@pytest.mark.parametrize("cut", [(0, 0, 70, 90), (33, 57, 140, 131)])
def test_a_location_does_not_depend_on_the_tiling(
    cut: tuple[int, int, int, int],
    mapped: Path,
    products: Path,
    model: str,
    ground: Tile,
    tmp_path: Path,
) -> None:
    tile = Tile("part", ground.grid.cut(*cut))

    done = map_tile(map_settings(model, str(products), tmp_path), tile)

    assert done.state == "ok"
    (part,) = read_planes(tmp_path / "probability/part.tif").values()
    np.testing.assert_array_equal(part, layer(mapped, "probability", tile))


def test_a_warm_up_does_not_change_the_map(
    mapped: Path, products: Path, model: str, ground: Tile
) -> None:
    settings = map_settings(model, str(products), mapped)
    before = {path: path.stat().st_mtime_ns for path in mapped.rglob("*")}

    warm_up(settings, ground)

    assert {path: path.stat().st_mtime_ns for path in mapped.rglob("*")} == before


def test_a_finished_map_is_not_written_again(
    mapped: Path, products: Path, model: str, box: str
) -> None:
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in mapped.rglob("*.tif")}

    map_area(box, map_settings(model, str(products), mapped), ONE, tile_px=128)

    after = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in mapped.rglob("*.tif")}
    assert after == before


def test_maps_are_never_mixed(mapped: Path, products: Path, model: str, box: str) -> None:
    with pytest.raises(RegionError, match="holds a map of another tile_px"):
        map_area(box, map_settings(model, str(products), mapped), ONE, tile_px=256)
    turned = replace(map_settings(model, str(products), mapped), like="landsat-8")
    with pytest.raises(RegionError, match="holds a map of another like"):
        map_area(box, turned, ONE, tile_px=128)


def test_an_area_without_imagery_is_refused_at_once(
    products: Path, model: str, tmp_path: Path
) -> None:
    settings = map_settings(model, str(products), tmp_path / "map")

    with pytest.raises(NotCoveredError, match="no scene in .* covers 10,10,11,11"):
        map_area("10,10,11,11", settings, ONE, tile_px=128)

    assert not (tmp_path / "map").exists()


def test_ground_beyond_the_scenes_is_empty(
    products: Path, model: str, ground: Tile, tmp_path: Path
) -> None:
    beyond = Tile("beyond", ground.grid.cut(200, 0, 300, 100))

    done = map_tile(map_settings(model, str(products), tmp_path), beyond)

    assert (done.state, done.seen, list(tmp_path.rglob("*.tif"))) == ("empty", 0, [])


def test_a_truncated_scene_is_reported_and_read_once_repaired(
    products: Path, model: str, ground: Tile, tmp_path: Path
) -> None:
    copy = tmp_path / "products"
    shutil.copytree(products, copy)
    damaged = sorted(copy.glob("*/*_B5.TIF"))[1]
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    settings = map_settings(model, str(copy), tmp_path / "map")

    broken = map_tile(settings, ground)
    written = list((tmp_path / "map").rglob("*.tif"))
    damaged.write_bytes(whole)
    repaired = map_tile(settings, ground)

    assert broken.state == "corrupt"
    assert damaged.name in broken.message
    assert (broken.seen, written) == (0, [])
    assert repaired.state == "ok"


def test_no_space_left_leaves_no_half_tile(
    products: Path, model: str, ground: Tile, tmp_path: Path
) -> None:
    import resource

    settings: MapSettings = map_settings(model, str(products), tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(RegionError, match=r"cannot be written.*Free some space"):
            map_tile(settings, ground)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_plan_estimates_what_the_map_then_reads_and_writes(
    mapped: Path, products: Path, model: str, box: str
) -> None:
    plan = plan_area(box, map_settings(model, str(products), mapped), tile_px=128, dates=7)

    written = sum(path.stat().st_size for path in mapped.rglob("*.tif"))
    card = json.loads(Path(model).with_suffix(".json").read_text())
    n_bytes = sum(
        path.stat().st_size
        for part in (*map(OLI.native, card["bands"]), "QA_PIXEL", "QA_RADSAT")
        for path in products.glob(f"*/*_{part}.TIF")
    )
    assert plan.scenes == 3
    assert plan.warning == ""
    assert plan.tiles == len(list(mapped.glob("class/*.tif")))
    assert plan.written_bytes == pytest.approx(written, rel=0.25)
    assert n_bytes <= plan.read_bytes < 3 * n_bytes
    assert plan.seconds(1) > plan.seconds(16) > 0
    assert json.loads(json.dumps(plan_to_dict(plan), allow_nan=False))["scenes"] == 3


@pytest.mark.parametrize(
    ("side", "requests"),
    [pytest.param(148, 2, id="all dates at once"), pytest.param(900, 8, id="date by date")],
)
def test_requests_to_earth_engine(side: int, requests: int, ground: Tile) -> None:
    tile = Tile("tile", ground.grid.cut(0, 0, side, side))

    assert requests_for(tile, 7, 13) == requests


def test_the_command_writes_the_candidates_of_its_map(
    small_world: Checkout, products: Path, box: str, ground: Tile, tmp_path: Path
) -> None:
    out = tmp_path / "map"
    said = small_world.must(
        "minecover", "map", box, "--source", str(products), "--model", "models/model.pkl",
        "--out", str(out), "--tile", "128", "--workers", "1",
    )  # fmt: skip

    found = gpd.read_parquet(out / "candidates.parquet")
    plane = layer(out, "probability", ground)
    card = json.loads((small_world.root / "models/model.json").read_text())
    on_whole = find_candidates(
        [SiteMap("whole", ground.grid, plane)],
        gpd.GeoDataFrame({"kind": []}, geometry=[], crs="EPSG:4326"),
        threshold=card["threshold"],
        min_px=3,
    )
    same = ["lon", "lat", "area_ha", "max_probability", "mean_probability", "at_edge"]
    assert len(found) > 3
    assert len(set(found["site_id"])) > 1
    pd.testing.assert_frame_equal(found[same], on_whole[same])
    assert (found["candidate_id"] == "map-" + on_whole["candidate_id"]).all()
    assert found["dates_valid"].between(1, 3).all()
    assert (found["dates_seen"] <= found["dates_valid"]).all()
    assert (found["dates_seen"] > 0).any()
    # The build is of another simulated world, whose mines are not known here.
    assert not found["known"].any()
    assert found["to_known_mine_m"].isna().all()
    for suffix in ("gpkg", "geojson", "csv", "kmz", "qgs"):
        assert f"{out}/candidates.{suffix}" in said
        assert (out / f"candidates.{suffix}").is_file()
    assert f"Look at them in a browser: {out}/index.html" in said
    assert len(list((out / "pictures").glob("map-*.webp"))) == min(len(found), 200)
    with rasterio.open(out / "class_32635.vrt") as mosaic:
        tags, names = mosaic.tags(), mosaic.tags(1)
    assert tags["MINECOVER_MODEL_SHA256"] == card["sha256"]
    assert float(tags["MINECOVER_THRESHOLD"]) == card["threshold"]
    assert tags["MINECOVER_SOURCE"] == "products"
    assert re.fullmatch(r"[\d-]{10}/[\d-]{10}", tags["MINECOVER_DATES"])
    assert names["CLASS_3"] == "mine where the model extrapolates"
