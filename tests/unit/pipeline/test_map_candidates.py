"""Candidates of maps: the same after an interruption, in files that other programs open."""

import json
import logging
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_models import write_model
from drawn_pages import page_json
from full_disk import largest_file
from products import DrawnProduct

from minecover.core.config import Params, composed
from minecover.core.errors import RegionError
from minecover.core.grid import Grid
from minecover.core.language import IN_ENGLISH, Language
from minecover.core.sites import square
from minecover.labels import as_labels, read_verdicts
from minecover.pipeline.known_ground import KnownGround
from minecover.pipeline.map_candidates import write_region_candidates
from minecover.pipeline.map_page import PageOptions
from minecover.pipeline.map_review import export_map_questions
from minecover.pipeline.map_summary import map_lines
from minecover.pipeline.mapping import map_folder
from minecover.pipeline.review_import import import_verdicts
from minecover.prediction.region.map_settings import map_settings
from minecover.prediction.region.mosaic import write_map
from minecover.prediction.region.run import RUN
from minecover.prediction.region.tile_job import MapSettings, map_tile
from minecover.prediction.region.tile_ledger import open_ledger
from minecover.prediction.region.tiles import Tile, tiles_of
from minecover.reporting.candidates import TABLE
from minecover.sources.simulated_products import ORIGIN

CONF = Path("conf").resolve()
GROUND = Grid.around("EPSG:32635", 700_000, -200_000, size_px=140)
NOTHING = KnownGround(gpd.GeoSeries([], crs="EPSG:4326"), None, 2700.0)
DARK, BRIGHT = 12_000, 30_000
#: Rows and columns of drawn mines: across the corner of four tiles, at the rim, alone.
MINES = ((60, 76, 52, 72), (0, 4, 100, 104), (110, 113, 20, 23))
#: Files that people open.
FILES = ("candidates.csv", "candidates.geojson", "candidates.gpkg", "candidates.kmz")


@pytest.fixture
def model(tmp_path: Path) -> str:
    write_model(tmp_path / "model.pkl", slope=2.9)
    return str(tmp_path / "model.pkl")


@pytest.fixture
def products(tmp_path: Path) -> str:
    """Write two dates of bright mines on dark ground; the last mine is dark on the first."""
    for day, mines in (("2017-01-15", MINES[:2]), ("2017-01-31", MINES)):
        red = np.full(GROUND.shape, DARK, np.uint16)
        for top, bottom, left, right in mines:
            red[top:bottom, left:right] = BRIGHT
        product = DrawnProduct(day=day, grid=GROUND)
        product.put(tmp_path / "LC08", B4=red, QA_PIXEL=21824, QA_RADSAT=0)
    return str(tmp_path / "LC08")


def tiles() -> list[Tile]:
    return tiles_of(square(GROUND), size_px=64)


def map_tiles(settings: MapSettings, chosen: Sequence[Tile]) -> None:
    """Map tiles as a worker does, and record their outcomes."""
    out = Path(settings.out)
    with open_ledger(out) as ledger:
        (out / RUN).write_text("{}")
        for tile in chosen:
            ledger.record(map_tile(settings, tile))


def finish(settings: MapSettings) -> list[Path]:
    """Write mosaics and candidates of the tiles that are recorded."""
    out = Path(settings.out)
    with open_ledger(out) as ledger:
        outcomes = ledger.outcomes()
        done = [tile for tile in tiles() if tile.tile_id in outcomes]
        written = write_map(out, done, outcomes, {})
    return write_region_candidates(settings, written, NOTHING)


def content(folder: Path) -> dict[str, bytes]:
    """Read every file but the ledger, which holds times, and the lock."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("ledger.csv", ".lock", ".lock_holder")
    }


@pytest.fixture
def mapped(products: str, model: str, tmp_path: Path) -> Path:
    settings = map_settings(model, products, tmp_path / "map")
    map_tiles(settings, tiles())
    finish(settings)
    return tmp_path / "map"


def test_candidates_that_the_model_is_not_applicable_to_are_counted(
    products: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    few = {"min": 3, "median": 5.0, "max": 7, "share_with_one": 0.0, "fewest": 3}
    write_model(tmp_path / "strict.pkl", slope=2.9, dates=few)
    settings = map_settings(str(tmp_path / "strict.pkl"), products, tmp_path / "map")
    map_tiles(settings, tiles())

    finish(settings)

    found = pd.read_csv(tmp_path / "map" / "candidates.csv")
    assert not found["applicable"].any()
    (line,) = [line for line in map_lines(tmp_path / "map", IN_ENGLISH) if "applicable" in line]
    assert f"applicable to {len(found)} of {len(found)} candidates" in line
    # The summary says it: no message beside it.
    assert "applicable" not in caplog.text


def test_two_processes_draw_the_same_pictures_and_go_on_where_one_stopped(
    mapped: Path, products: str, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("minecover.pipeline.map_pictures.MIN_SHARED", 2)
    settings = map_settings(model, products, mapped)
    mosaics = sorted(mapped.glob("*.vrt"), reverse=True)
    before = content(mapped)
    lost = [mapped / name for name in before if "pictures/map-" in name][2:]
    for path in (*lost, mapped / "index.html", mapped / "candidates.json"):
        path.unlink()

    options = PageOptions(IN_ENGLISH, processes=2)
    write_region_candidates(settings, mosaics, NOTHING, options)

    assert len(lost) == 4
    assert content(mapped) == before


def real_ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Work in an empty checkout whose labels are of real ground."""
    params = composed(
        ["source=product_folder", f"source.input={tmp_path}/LC08", "labels=files",
         f"labels.input={tmp_path}/none.geojson", "context=none", "sites=centred"], conf=CONF
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    return params


def test_a_mine_across_four_tiles_is_one_candidate_of_the_map(mapped: Path) -> None:
    found = gpd.read_parquet(mapped / "candidates.parquet")

    assert len(tiles()) > 4
    assert list(found.columns) == list(TABLE)
    assert found["area_ha"].tolist() == [28.8, 1.44, 0.81]
    assert found["at_edge"].tolist() == [False, True, False]
    assert found["dates_valid"].tolist() == [2, 2, 2]
    assert found["candidate_id"].str.startswith("map-N35-").all()
    top, bottom, left, right = MINES[0]
    drawn = shapely.box(*GROUND.cut(top, left, bottom, right).bounds)
    outline = found.to_crs(GROUND.crs).geometry.iloc[0]
    assert outline.symmetric_difference(drawn).area < 0.001 * drawn.area


def test_an_interrupted_map_ends_with_the_same_bytes(
    mapped: Path, products: str, model: str, tmp_path: Path
) -> None:
    again = tmp_path / "again/map"
    settings = map_settings(model, products, again)
    map_tiles(settings, tiles()[::2])
    finish(settings)
    half = content(again)
    map_tiles(settings, tiles()[1::2])
    finish(settings)

    whole = content(mapped)
    assert half["candidates.csv"] != whole["candidates.csv"]
    assert content(again).keys() == whole.keys()
    assert [name for name, data in whole.items() if content(again)[name] != data] == []


def test_gdal_opens_geopackage_and_kmz_with_the_same_candidates(mapped: Path) -> None:
    table = pd.read_csv(mapped / "candidates.csv")
    package = gpd.read_file(mapped / "candidates.gpkg", layer="candidates")
    places = gpd.read_file(f"/vsizip/{mapped}/candidates.kmz/doc.kml")

    assert list(table.columns[:2]) == ["lat", "lon"]
    assert package["candidate_id"].tolist() == table["candidate_id"].tolist()
    assert places["candidate_id"].tolist() == table["candidate_id"].tolist()
    assert package["area_ha"].tolist() == table["area_ha"].tolist()
    styles = gpd.read_file(mapped / "candidates.gpkg", layer="layer_styles")
    assert styles["f_table_name"].tolist() == ["candidates"]
    with zipfile.ZipFile(mapped / "candidates.kmz") as archive:
        names = [f"pictures/{name}.png" for name in sorted(table["candidate_id"])]
        assert archive.namelist() == ["doc.kml", *names]
        assert archive.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


def test_a_folder_has_the_candidates_of_its_map(
    products: str, model: str, mapped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    written = map_folder(model, Path(products), tmp_path / "maps", is_masked=True)

    assert [path.name for path in written][0] == "LC08.tif"
    assert set(FILES) <= {path.name for path in written}
    of_folder, of_map = (
        pd.read_csv(folder / "candidates.csv").drop(columns="site_id")
        for folder in (tmp_path / "maps", mapped)
    )
    pd.testing.assert_frame_equal(of_folder, of_map)
    assert (tmp_path / "maps/LC08.qml").is_file()


def test_candidates_of_another_map_are_kept(
    products: str, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.WARNING)
    out = tmp_path / "maps"
    map_folder(model, Path(products), out, is_masked=True)
    before = content(out)
    other = DrawnProduct(day="2017-03-04", grid=GROUND)
    other.put(tmp_path / "later/LC09", B4=BRIGHT, QA_PIXEL=21824, QA_RADSAT=0)

    written = map_folder(model, tmp_path / "later", out, is_masked=True)
    again = map_folder(model, tmp_path / "later", out, is_masked=True)

    assert {name: content(out)[name] for name in before} == before
    assert again == written
    assert sum(path.name.startswith("candidates-") for path in written) == 5
    assert written[1].name.startswith("index-")
    assert "those in" in caplog.text
    assert "are of another map and are kept" in caplog.text


@pytest.mark.parametrize("n_bytes", [1_000, 40_000, 99_000])
def test_a_full_disk_leaves_all_candidates_of_before_or_none(
    mapped: Path, products: str, model: str, n_bytes: int
) -> None:
    settings = map_settings(model, products, mapped)
    before = content(mapped)

    with largest_file(n_bytes), pytest.raises(OSError, match="too large"):
        finish(settings)
    assert content(mapped) == before

    before = {name: data for name, data in before.items() if "candidates" not in name}
    for path in mapped.glob("candidates*"):
        path.unlink()
    with largest_file(n_bytes), pytest.raises(OSError, match="too large"):
        finish(settings)
    assert content(mapped) == before


def test_the_page_of_a_map_refers_to_files_beside_it(mapped: Path) -> None:
    data = page_json((mapped / "index.html").read_text())

    places = cast("list[dict[str, Any]]", data["candidates"])
    overlays = cast("list[dict[str, Any]]", data["overlays"])
    hrefs = [one["pictures"]["href"] for one in places] + [one["href"] for one in overlays]
    # The model reads one band, so that there is no true colour.
    assert [one["name"] for one in overlays] == ["probability"]
    assert len(places) == len(MINES)
    assert [href for href in hrefs if not (mapped / href).is_file()] == []
    # Nor does the page say what looked mined, for which it takes red and infrared.
    assert places[2]["pictures"]["seen"] == dict.fromkeys(
        ("2017-01-15", "2017-01-31"), "observed"
    )
    assert cast("dict[str, str]", data["files"])["kmz"] == "candidates.kmz"
    assert data["world"] == "real ground"


def test_known_mines_are_drawn_on_the_page(
    products: str, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = map_settings(model, products, tmp_path / "map")
    map_tiles(settings, tiles())
    top, bottom, left, right = MINES[0]
    drawn = shapely.box(*GROUND.cut(top, left, bottom, right).bounds)
    mines = gpd.GeoSeries([drawn], crs=GROUND.crs).to_crs("EPSG:4326")

    with open_ledger(tmp_path / "map") as ledger:
        outcomes = ledger.outcomes()
    written = write_map(tmp_path / "map", tiles(), outcomes, {})
    page = PageOptions(Language("es"), n_pictures=1)
    write_region_candidates(settings, written, replace(NOTHING, mines=mines), page)

    data = page_json((tmp_path / "map/index.html").read_text())
    places = cast("list[dict[str, Any]]", data["candidates"])
    (layer,) = cast("list[dict[str, Any]]", data["lines"])
    assert [one["known"] for one in places] == [True, False, False]
    assert layer["name"] == "known mines"
    assert [one["pictures"] is None for one in places] == [False, True, True]
    assert places[0]["pictures"]["outlines"]["label"]
    assert data["lang"] == "es"


def test_a_map_of_which_no_tile_could_be_read_has_no_candidates(
    products: str, model: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for path in Path(products).rglob("*_B4.TIF"):
        path.write_text("version https://git-lfs.github.com/spec/v1")
    settings = map_settings(model, products, tmp_path / "map")
    map_tiles(settings, tiles())

    assert finish(settings) == []
    assert "no tile was observed" in caplog.text
    with pytest.raises(RegionError, match=r"no tile of this map was observed.*ledger.csv says"):
        map_lines(tmp_path / "map", IN_ENGLISH)
    assert not list((tmp_path / "map").glob("candidates*"))


def test_a_map_without_a_mine_has_files_without_candidates(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    product = DrawnProduct(grid=GROUND)
    product.put(tmp_path / "LC08", B4=DARK, QA_PIXEL=21824, QA_RADSAT=0)

    map_folder(model, tmp_path / "LC08", tmp_path / "maps", is_masked=True)

    assert json.loads((tmp_path / "maps/candidates.json").read_text())["candidates"] == 0
    assert len(pd.read_csv(tmp_path / "maps/candidates.csv")) == 0
    assert len(gpd.read_file(tmp_path / "maps/candidates.gpkg", layer="candidates")) == 0


def test_candidates_of_a_map_are_exported_for_review_and_imported_as_labels(
    mapped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = real_ground(tmp_path, monkeypatch)

    n, files = export_map_questions(params, mapped, top=2, out=tmp_path / "review")
    package = tmp_path / "review/review.gpkg"
    questions = gpd.read_file(package, layer="review")
    page = (tmp_path / "review/review.html").read_text()
    answers = questions.assign(verdict=["mine", "not mine"], who="ada", when="2026-03-01")
    answers.to_file(package, layer="review")
    done = import_verdicts(params, [package], blanks=dict(who="", when="", why=""))
    left, _ = export_map_questions(params, mapped, top=9, out=tmp_path / "next")

    assert (n, left) == (2, 1)
    assert package in files
    assert questions["candidate_id"].str.startswith("map-").all()
    # Complete alone: pictures of both, and the probability; the products have no true colour.
    assert page.count("data:image/webp;base64") == 3
    overlays = cast("list[dict[str, str]]", page_json(page)["overlays"])
    assert [one["name"] for one in overlays] == ["probability"]
    assert "fewer dates than the model" not in page.partition("<script")[0]
    assert done.merge.counts["added"] == 2
    labels = as_labels(read_verdicts(done.path))
    assert sorted(labels["kind"]) == ["confirmed", "rejected"]


def test_a_folder_without_candidates_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = real_ground(tmp_path, monkeypatch)

    with pytest.raises(RegionError, match=r"no .*candidates.json, so no candidates of a map"):
        export_map_questions(params, tmp_path, top=2, out=tmp_path / "review")


@pytest.mark.parametrize("name", ["candidates.parquet", "probability_32635.vrt"])
def test_a_map_of_which_files_were_deleted_names_them(
    mapped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    params = real_ground(tmp_path, monkeypatch)
    (mapped / name).unlink()

    with pytest.raises(RegionError, match=f"no .*{name}.*Write it again with the command that"):
        export_map_questions(params, mapped, top=2, out=tmp_path / "review")


def test_the_map_of_simulated_products_says_so(
    products: str, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in Path(products).rglob("*_MTL.json"):
        path.write_text(
            path.read_text().replace(
                '"PRODUCT_CONTENTS": {', f'"PRODUCT_CONTENTS": {{"ORIGIN": "{ORIGIN}", '
            )
        )

    map_folder(model, Path(products), tmp_path / "maps", is_masked=True)

    html = (tmp_path / "maps/index.html").read_text()
    with zipfile.ZipFile(tmp_path / "maps/candidates.kmz") as file:
        kml = file.read("doc.kml").decode()
    assert "These data are simulated" in html
    assert "simulated" in kml
    assert page_json(html)["world"] == "another simulated world"
