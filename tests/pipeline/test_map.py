"""Maps of a region: as the site pipeline scores it, however it is cut, whatever goes wrong."""

import json
import shutil
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.errors import NotCoveredError, RegionError
from minecover.core.raster import read_planes
from minecover.core.sites import Site, square
from minecover.prediction.region.cluster import Workers
from minecover.prediction.region.cost import figures, plan_area, requests_for
from minecover.prediction.region.run import map_area, map_settings
from minecover.prediction.region.tile_job import (
    MapSettings,
    map_tile,
    model_of,
    source_of,
    warm_up,
)
from minecover.prediction.region.tiles import Tile
from minecover.sources.product_folder import ProductFolder
from minecover.sources.simulated_products import write_products
from minecover.sources.simulation.wide_area import Area


class House(Protocol):
    root: Path


ONE = Workers(None, 1, 2.0)


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three dates of 150 x 190 simulated pixels with many mines, as product folders."""
    folder = tmp_path_factory.mktemp("region") / "products"
    conf = Path(__file__).parents[2] / "conf"
    parameters = composed(["source=simulated"], conf=conf).build("world.parameters")
    write_products(Area(7, 150, 190, 3, 400.0, parameters), folder, quiet=True)
    return folder


@pytest.fixture(scope="module")
def model(small_world: House) -> str:
    return str(small_world.root / "models/model.pkl")


@pytest.fixture(scope="module")
def ground(products: Path) -> Tile:
    """All that the products show."""
    return Tile("all", ProductFolder(str(products), 1, ("B4",)).extent())


@pytest.fixture(scope="module")
def box(ground: Tile) -> str:
    """The same in degrees."""
    return ",".join(f"{edge:.6f}" for edge in square(ground.grid).bounds)


@pytest.fixture(scope="module")
def mapped(
    products: Path, model: str, box: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A finished map, made on a cluster of one process."""
    out = tmp_path_factory.mktemp("mapped")
    counts, _ = map_area(box, map_settings(model, str(products), out), ONE, tile_px=128)
    assert counts["failed"] == counts["corrupt"] == 0
    return out


def layer(folder: Path, name: str, tile: Tile) -> np.ndarray:
    """Read a map's mosaic on a tile's ground; beyond the mosaic there is nothing."""
    from minecover.core.raster import read_band

    nothing = np.nan if name == "probability" else 0
    path = folder / f"{name}_32635.vrt"
    return read_band(path, tile.grid, resampling="nearest", fill=nothing)


def test_a_map_says_what_the_site_pipeline_says(
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
    found = layer(mapped, "probability", ground)
    dismissed = np.abs(found - probability) > 1e-6
    assert detector.screen is not None
    assert dismissed.any()
    assert (found[dismissed] < detector.screen.at_least).all()
    lost = classes != layer(mapped, "class", ground)
    assert lost.sum() <= 0.01 * is_mine.sum()


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


def test_a_rehearsal_leaves_the_map_alone(
    mapped: Path, products: Path, model: str, ground: Tile
) -> None:
    settings = map_settings(model, str(products), mapped)
    before = {path: path.stat().st_mtime_ns for path in mapped.rglob("*")}

    warm_up(settings, ground)

    assert {path: path.stat().st_mtime_ns for path in mapped.rglob("*")} == before


def test_a_finished_map_is_left_as_it_is(
    mapped: Path, products: Path, model: str, box: str
) -> None:
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in mapped.rglob("*.tif")}

    map_area(box, map_settings(model, str(products), mapped), ONE, tile_px=128)

    after = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in mapped.rglob("*.tif")}
    assert after == before


def test_maps_are_never_mixed(mapped: Path, products: Path, model: str, box: str) -> None:
    with pytest.raises(RegionError, match="holds a map of another tile_px"):
        map_area(box, map_settings(model, str(products), mapped), ONE, tile_px=256)


def test_an_area_without_imagery_is_refused_at_once(
    products: Path, model: str, tmp_path: Path
) -> None:
    settings = map_settings(model, str(products), tmp_path / "map")

    with pytest.raises(NotCoveredError, match="no scene in .* shows any of 10,10,11,11"):
        map_area("10,10,11,11", settings, ONE, tile_px=128)

    assert not (tmp_path / "map").exists()


def test_ground_beyond_the_scenes_is_empty(
    products: Path, model: str, ground: Tile, tmp_path: Path
) -> None:
    beyond = Tile("beyond", ground.grid.cut(200, 0, 300, 100))

    done = map_tile(map_settings(model, str(products), tmp_path), beyond)

    assert (done.state, done.seen, list(tmp_path.rglob("*.tif"))) == ("empty", 0, [])


def test_a_scene_cut_off_is_said_and_mended(
    products: Path, model: str, ground: Tile, tmp_path: Path
) -> None:
    copy = tmp_path / "products"
    shutil.copytree(products, copy)
    victim = sorted(copy.glob("*/*_B5.TIF"))[1]
    whole = victim.read_bytes()
    victim.write_bytes(whole[: len(whole) // 2])
    settings = map_settings(model, str(copy), tmp_path / "map")

    broken = map_tile(settings, ground)
    nothing = list((tmp_path / "map").rglob("*.tif"))
    victim.write_bytes(whole)
    mended = map_tile(settings, ground)

    assert broken.state == "corrupt"
    assert victim.name in broken.message
    assert (broken.seen, nothing) == (0, [])
    assert mended.state == "ok"


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


def test_a_plan_counts_what_the_map_then_does(
    mapped: Path, products: Path, model: str, box: str
) -> None:
    plan = plan_area(box, map_settings(model, str(products), mapped), tile_px=128, dates=7)

    written = sum(path.stat().st_size for path in mapped.rglob("*.tif"))
    card = json.loads(Path(model).with_suffix(".json").read_text())
    n_bytes = sum(
        path.stat().st_size
        for part in (*card["bands"], "QA_PIXEL", "QA_RADSAT")
        for path in products.glob(f"*/*_{part}.TIF")
    )
    assert plan.scenes == 3
    assert plan.tiles == len(list(mapped.glob("class/*.tif")))
    assert plan.written_bytes == pytest.approx(written, rel=0.25)
    assert n_bytes <= plan.read_bytes < 3 * n_bytes
    assert plan.seconds(1) > plan.seconds(16) > 0
    assert json.loads(json.dumps(figures(plan), allow_nan=False))["scenes"] == 3


@pytest.mark.parametrize(
    ("side", "requests"),
    [pytest.param(148, 2, id="all dates at once"), pytest.param(900, 8, id="date by date")],
)
def test_requests_to_earth_engine(side: int, requests: int, ground: Tile) -> None:
    tile = Tile("tile", ground.grid.cut(0, 0, side, side))

    assert requests_for(tile, 7) == requests
