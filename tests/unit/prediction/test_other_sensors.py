"""Models on scenes of other sensors: one warning, their lattice, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_models import write_model
from products import DrawnProduct
from safe_products import DrawnSafe

from minecover.core.config import composed
from minecover.core.errors import ConfigError, ModelError, NotCoveredError, RegionError
from minecover.core.grid import Grid
from minecover.core.harmonisation import BANDS, published
from minecover.core.periods import Period
from minecover.core.raster import read_grid, read_planes
from minecover.core.sites import Site, write_sites
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.maps import predict_folder, predict_sites
from minecover.prediction.region.area import read_area
from minecover.prediction.region.cost import format_plan, plan_area
from minecover.prediction.region.map_settings import harmonised, map_settings
from minecover.prediction.region.tile_job import map_tile, model_of, source_of
from minecover.prediction.region.tiles import tiles_of
from minecover.sources.earth_engine import EarthEngineScenes
from minecover.sources.product_folder import ProductFolder

CONF = Path("conf").resolve()
SAFE = DrawnSafe()
TEN_M = {"_target_": "minecover.core.lattice.Lattice", "family": "sentinel_2", "pixel_m": 10}
SENTINEL_2 = {"platforms": ["sentinel-2a", "sentinel-2b"], "lattice": TEN_M, "level": 2}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    SAFE.put(tmp_path / "S2", B04=3000, SCL=4)
    return tmp_path / "S2"


def model(tmp_path: Path, **changed: object) -> str:
    write_model(tmp_path / "model.pkl", slope=2.0, **changed)
    return str(tmp_path / "model.pkl")


def test_a_model_of_landsat_is_applied_to_sentinel_2_with_one_warning(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    strict = composed(conf=CONF).value("masks.strict")
    path = model(tmp_path, level=2, mask=strict)
    cloudy = replace(SAFE, day="2021-06-06")
    cloudy.put(folder, B04=3000, SCL=9)

    (written,) = predict_folder(path, folder, tmp_path / "maps")

    (record,) = caplog.records
    assert record.getMessage() == (
        "the model was trained on OLI/TIRS (landsat-8, landsat-9), and these scenes are of MSI "
        "(sentinel-2a), whose bands differ a little: the map says that the model is applicable "
        "nowhere; try it on labelled ground with `minecover evaluate` before you believe it; "
        "mask=scl takes the place of mask=strict"
    )
    planes, grid = read_planes(written), read_grid(written)
    assert (grid.side_m, grid.transform.c % 30, grid.transform.f % 30) == (30, 15, 15)
    inside = planes["valid_dates"][2:-2, 2:-2]
    assert np.unique(inside).tolist() == [1]
    assert np.unique(planes["applicable"][2:-2, 2:-2]).tolist() == [0]


def test_a_model_of_sentinel_2_maps_its_own_pixels_in_silence(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (written,) = predict_folder(model(tmp_path, **SENTINEL_2), folder, tmp_path / "maps")

    assert read_grid(written) == SAFE.grid
    assert np.nanmax(read_planes(written)["applicable"]) == 1
    assert caplog.records == []


def test_products_of_the_models_sensor_go_first(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    landsat = DrawnProduct(level="L2SP")
    landsat.put(folder, SR_B4=9000, QA_PIXEL=21824, QA_RADSAT=0)

    (written,) = predict_folder(model(tmp_path, level=2), folder, tmp_path / "maps")

    assert read_grid(written) == landsat.grid
    assert "the model was trained on" not in caplog.text


def test_an_older_landsat_keeps_its_mask(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    strict = composed(conf=CONF).value("masks.strict")
    old = DrawnProduct(level="L2SP", craft="LANDSAT_7", sensor="ETM")
    folder = tmp_path / "LE07"
    old.put(folder, SR_B3=9000, QA_PIXEL=21824, QA_RADSAT=0)
    metadata = next(folder.rglob("*_MTL.json"))
    metadata.write_text(metadata.read_text().replace("_BAND_4", "_BAND_3"))

    predict_folder(model(tmp_path, level=2, mask=strict), folder, tmp_path / "maps")

    assert "and these scenes are of ETM+ (landsat-7)" in caplog.text
    assert "takes the place" not in caplog.text


def test_missing_bands_are_refused(tmp_path: Path, folder: Path) -> None:
    path = model(tmp_path, level=2, bands=["red", "lwir11"])

    with pytest.raises(ModelError, match=r"the source has no lwir11 \(it has: coastal, "):
        predict_folder(path, folder, tmp_path / "maps")


def test_a_model_of_embeddings_is_not_applied_to_products(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    path = model(tmp_path, platforms=["alphaearth"])

    with pytest.raises(ModelError, match="alphaearth.*holds no products of satellites"):
        predict_folder(path, tmp_path / "empty", tmp_path / "maps")


@pytest.mark.parametrize(("own", "other"), [(1, 2), (2, 1)])
def test_products_of_the_other_level_are_refused(tmp_path: Path, own: int, other: int) -> None:
    folder = tmp_path / "LC08"
    DrawnProduct(level={1: "L1TP", 2: "L2SP"}[other]).put(folder, QA_PIXEL=21824)

    with pytest.raises(ModelError) as refused:
        predict_folder(model(tmp_path, level=own), folder, tmp_path / "maps")

    assert str(refused.value) == (
        f"the model reads Level-{own} products, and {folder} holds none, but Level-{other} "
        f"products of landsat-8. Choose a model that was trained on Level {other} (--model), "
        f"or download the Level-{own} products of these scenes."
    )


def test_products_of_the_other_level_in_a_period_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "LC08"
    one = DrawnProduct(level="L2SP")
    one.put(folder, QA_PIXEL=21824)
    year = Period.parse("2017")

    with pytest.raises(ModelError, match=f"holds none of {year}, but Level-2 products of"):
        map_settings(model(tmp_path), str(folder), tmp_path / "map", period=year)


def test_a_region_has_the_pixels_of_the_models_lattice(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("minecover.prediction.region.cost.BENCHMARK_S", 0.0)
    settings = map_settings(model(tmp_path, **SENTINEL_2), str(folder), tmp_path / "map")
    area = "28.800,-1.816,28.806,-1.810"

    plan = plan_area(area, settings, tile_px=64, dates=1)
    lattice = model_of(settings).card.lattice
    (tile, *_) = tiles_of(read_area(area), size_px=64, lattice=lattice)

    assert plan.pixel_m == 10
    assert "pixels of 10 m" in "\n".join(format_plan(plan))
    assert plan.read_bytes > 0
    assert (tile.grid.side_m, tile.grid.transform.c % 10) == (10, 0)
    assert map_tile(settings, tile).state == "ok"


def test_the_mask_and_the_unseen_sensor_reach_the_workers(tmp_path: Path, folder: Path) -> None:
    strict = composed(conf=CONF).value("masks.strict")
    path = model(tmp_path, level=2, mask=strict)

    settings = map_settings(path, str(folder), tmp_path / "map")

    assert json.loads(settings.mask)["name"] == "scl"
    used = model_of(settings)
    assert used.card.value("mask")["name"] == "scl"
    assert used.card.other_sensors == settings.other_sensors == "MSI (sentinel-2a)"
    assert used.detector().unknown.is_everywhere
    assert ModelBundle.find(path).card.value("mask")["name"] == "strict"


def test_sites_of_other_pixels_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = model(tmp_path, **{**SENTINEL_2, "level": 1, "platforms": ["landsat-8"]})
    sites = tmp_path / "sites.parquet"
    monkeypatch.setattr("minecover.prediction.maps.paths.SITES", sites)
    grid = Grid.around("EPSG:32635", 700_000, -200_000, size_px=4)
    write_sites(sites, [Site("one", "one", grid, 0)])

    with pytest.raises(ModelError, match=r"sites have pixels of 30 m, .* with 10 m"):
        predict_sites(path, "simulated", tmp_path / "maps")


def test_an_option_of_conf_whose_text_is_longer_than_a_path_is_a_source(tmp_path: Path) -> None:
    settings = map_settings(model(tmp_path), "earth_engine", tmp_path / "map")

    assert len(settings.source) > 255
    assert isinstance(source_of(settings), EarthEngineScenes)


def test_a_period_chooses_the_scenes_of_a_service(tmp_path: Path) -> None:
    path, period = model(tmp_path), Period.parse("2018")

    whole = map_settings(path, "earth_engine", tmp_path / "map")
    of_year = map_settings(path, "earth_engine", tmp_path / "map", period=period)

    scenes = source_of(of_year)
    assert isinstance(scenes, EarthEngineScenes)
    assert (scenes.first_day, scenes.last_day) == ("2018-01-01", "2018-12-31")
    assert of_year.products != whole.products
    assert (whole.period, of_year.period) == ("", "2018-01-01/2018-12-31")


def test_a_source_without_days_has_no_periods(tmp_path: Path) -> None:
    with pytest.raises(RegionError, match=r"source=simulated has no source\.scenes\.first_day"):
        map_settings(
            model(tmp_path), "simulated", tmp_path / "map", period=Period.parse("2016")
        )


def test_a_period_takes_the_products_of_its_days_and_their_satellites(
    tmp_path: Path, folder: Path
) -> None:
    path = model(tmp_path, level=2, platforms=["sentinel-2a"], lattice=TEN_M)
    replace(SAFE, day="2021-06-06").put(folder, B04=3000, SCL=4)
    settings = map_settings(path, str(folder), tmp_path / "map", period=Period.parse("2021"))

    products = source_of(settings)

    assert isinstance(products, ProductFolder)
    days = {product.split("_")[2][:8] for product in products.product_ids()}
    assert "20210606" in days
    assert all(day.startswith("2021") for day in days)


@pytest.mark.parametrize(
    "trained_on",
    [pytest.param(SENTINEL_2, id="its own"), pytest.param({"level": 2}, id="others")],
)
def test_a_period_without_a_product_is_not_covered(
    tmp_path: Path, folder: Path, trained_on: dict[str, object]
) -> None:
    path = model(tmp_path, **trained_on)

    with pytest.raises(NotCoveredError, match="1999"):
        map_settings(path, str(folder), tmp_path / "map", period=Period.parse("1999"))


def test_reflectance_is_turned_into_that_of_the_satellite_asked_for(
    tmp_path: Path, folder: Path
) -> None:
    path = model(tmp_path, level=2, bands=["red"])
    site = Site("one", "one", SAFE.grid, 0)

    as_delivered = source_of(map_settings(path, str(folder), tmp_path / "map")).scenes(site)
    turned = harmonised(map_settings(path, str(folder), tmp_path / "map"), "landsat-8")
    cube = source_of(turned).scenes(site)

    line = published("sentinel-2a", "landsat-8", 2)
    assert line is not None
    red = BANDS.index("red")
    np.testing.assert_allclose(cube.scale, np.asarray(as_delivered.scale) * line.slope[red])
    np.testing.assert_allclose(
        cube.offset, np.asarray(as_delivered.offset) * line.slope[red] + line.offset[red]
    )


def test_a_level_without_a_published_line_is_refused(tmp_path: Path) -> None:
    old = DrawnProduct(level="L1TP", craft="LANDSAT_7", sensor="ETM")
    old.put(tmp_path / "LE07", B3=9000, QA_PIXEL=21824, QA_RADSAT=0)

    settings = map_settings(model(tmp_path), str(tmp_path / "LE07"), tmp_path)

    with pytest.raises(
        ConfigError, match="level 1 of landsat-7 into that of landsat-8.*--like"
    ):
        harmonised(settings, "landsat-8")


def test_an_option_of_conf_is_turned_by_its_own_key(tmp_path: Path) -> None:
    settings = map_settings(model(tmp_path), "earth_engine", tmp_path / "map")

    with pytest.raises(RegionError, match=r"--like landsat-8 .* source\.scenes\.like"):
        harmonised(settings, "landsat-8")
