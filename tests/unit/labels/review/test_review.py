"""Review questions: their ground, the GeoPackage for QGIS, and the HTML page."""

import json
import sqlite3
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pytest
import shapely
from playwright.sync_api import Browser

from minecover.core.errors import LabelError
from minecover.core.grid import Grid
from minecover.core.raster import burn
from minecover.labels import LOOK_ALIKES, read_reviewed
from minecover.labels.review import (
    Pictures,
    ReviewSite,
    candidate_questions,
    render_page,
    suspicious_questions,
    uncertain_questions,
    write_geopackage,
)

GRID = Grid.around("EPSG:32635", 700_000, -200_000, size_px=6)
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


def review_site(
    probability: list[str], label: list[str], *, site_id: str = "s0", grid: Grid = GRID
) -> ReviewSite:
    """Draw a site: tenths of probability (x not observed), # mine . none ? ignore."""
    p = [[np.nan if v == "x" else int(v) / 10 for v in row] for row in probability]
    codes = {"#": 1, ".": 0, "?": -1}
    return ReviewSite(
        site_id, grid, np.array(p, np.float32),
        np.array([[codes[v] for v in row] for row in label], np.int8),
    )  # fmt: skip


def pixels(shape: shapely.Geometry, grid: Grid = GRID) -> list[str]:
    """The pixels that an outline labels."""
    ground = gpd.GeoSeries([shape], crs="EPSG:4326").to_crs(grid.crs)
    mask = burn(ground, grid, all_touched=True)
    return ["".join("#" if v else "." for v in row) for row in mask]


NOTHING = ["000000"] * 6
UNLABELLED = ["......"] * 6
TWO = ["555000", "000000", "000444", "000000", "000000", "000000"]
HALF = ["000000", "055000", "050000", "000000", "000089", "000099"]


def test_an_outline_labels_its_own_pixels_and_no_neighbour() -> None:
    questions = uncertain_questions([review_site(HALF, UNLABELLED)], threshold=0.5, min_px=3)

    assert len(questions) == 1
    assert pixels(questions.geometry[0]) == ["......", ".##...", ".#....", *["......"] * 3]


def test_questions_on_uncertain_pixels_leave_out_labelled_ground() -> None:
    label = ["......", ".##...", ".?....", *["......"] * 3]

    assert uncertain_questions([review_site(HALF, label)], threshold=0.5, min_px=1).empty


def test_every_site_has_one_question_before_any_has_two() -> None:
    one = ["000000", "000000", "000000", "000000", "333000", "000000"]
    far = Grid.around("EPSG:32635", 720_000, -200_000, size_px=6)
    sites = [review_site(TWO, UNLABELLED), review_site(one, UNLABELLED, site_id="s1", grid=far)]

    questions = uncertain_questions(sites, threshold=0.5, min_px=3)

    assert questions["site_id"].tolist() == ["s0", "s1", "s0"]
    assert questions["mean_probability"].tolist() == pytest.approx([0.5, 0.3, 0.4], abs=1e-6)
    assert questions["rank"].tolist() == [1, 2, 3]


def test_the_two_kinds_of_suspicious_labels_alternate() -> None:
    probability = ["990000", "990000", "000000", "000000", "xx0099", "000099"]
    label = ["##....", "##....", "......", "...##.", "##....", "......"]

    questions = suspicious_questions([review_site(probability, label)], min_px=2)

    assert questions["reason"].tolist() == [
        "labelled, the model sees no mine",
        "not labelled, the model is sure",
    ]
    assert pixels(questions.geometry[0])[3] == "...##."
    assert pixels(questions.geometry[1])[4:] == ["....##"] * 2


def test_without_an_observed_mine_nothing_is_suspicious() -> None:
    with pytest.raises(LabelError, match="no labelled mine was observed"):
        suspicious_questions([review_site(NOTHING, UNLABELLED)], min_px=1)


def test_ground_that_two_sites_share_has_one_question() -> None:
    sites = [review_site(HALF, UNLABELLED), review_site(HALF, UNLABELLED, site_id="s1")]

    assert uncertain_questions(sites, threshold=0.5, min_px=3)["site_id"].tolist() == ["s0"]


@pytest.fixture
def questions() -> gpd.GeoDataFrame:
    found = uncertain_questions([review_site(TWO, UNLABELLED)], threshold=0.5, min_px=1)
    return candidate_questions(found.assign(rank=range(1, len(found) + 1)))


def test_the_geopackage_holds_its_style_and_can_be_imported(
    tmp_path: Path, questions: gpd.GeoDataFrame
) -> None:
    package, style = write_geopackage(tmp_path / "review.gpkg", questions)

    with sqlite3.connect(package) as file:
        ((table, qml, is_default),) = file.execute(
            "SELECT f_table_name, styleQML, useAsDefault FROM layer_styles"
        )
    file.close()
    answers = {"verdict": "unsure", "who": "ada", "when": "2026-03-01"}
    gpd.read_file(package, layer="review").assign(**answers).to_file(package, layer="review")
    found, n_open = read_reviewed(package, blanks={"who": "", "when": "", "why": ""})
    assert (table, is_default, qml) == ("review", 1, style.read_text())
    assert found["verdict"].tolist() == ["unsure"] * len(questions)
    assert n_open == 0


def test_the_style_is_valid_for_qgis(tmp_path: Path, questions: gpd.GeoDataFrame) -> None:
    _, style = write_geopackage(tmp_path / "review.gpkg", questions)

    root = ElementTree.parse(style).getroot()

    values = [one.get("value") for one in root.findall("renderer-v2/categories/category")]
    symbols = [one.get("name") for one in root.findall("renderer-v2/symbols/symbol")]
    choices = root.findall(".//field[@name='verdict']/editWidget[@type='ValueMap']//Option")
    editable = {one.get("name"): one.get("editable") for one in root.findall("editable/field")}
    assert values == ["mine", "not mine", "unsure", ""]
    assert symbols == ["0", "1", "2", "3"]
    assert [o.get("value") for o in choices if o.get("type") == "QString"] == values[:3]
    kinds = root.findall(".//field[@name='what']/editWidget[@type='ValueMap']//Option")
    assert [o.get("value") for o in kinds if o.get("type") == "QString"] == list(LOOK_ALIKES)
    assert {editable["verdict"], editable["who"]} == {"1"}
    assert editable["candidate_id"] == "0"


def test_the_page_takes_keys_and_its_file_can_be_imported(
    tmp_path: Path, questions: gpd.GeoDataFrame, browser: Browser
) -> None:
    shown = dict.fromkeys(questions["candidate_id"], ["colour"])
    pictures = {"s0": Pictures(GRID, {"colour": DOT}, shown)}
    path, saved = tmp_path / "review.html", tmp_path / "reviewed.geojson"
    path.write_text(render_page(questions, pictures, simulated=True, world="a world"))
    errors: list[str] = []

    tab = browser.new_context(offline=True).new_page()
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("requestfailed", lambda request: errors.append(request.url))
    tab.goto(path.as_uri())
    tab.fill("#who", "Ada")
    tab.locator("h1").click()
    tab.keyboard.press("m")
    tab.keyboard.press("n")
    tab.keyboard.press("w")
    tab.keyboard.type("a mine road")
    tab.keyboard.press("Escape")
    tab.reload()
    count = tab.inner_text("#count")
    with tab.expect_download() as download:
        tab.keyboard.press("s")
    download.value.save_as(saved)
    title = tab.title()

    found, n_open = read_reviewed(saved, blanks={"who": "", "when": "", "why": ""})
    assert errors == []
    assert json.loads(saved.read_text())["world"] == "a world"
    assert title == "Review of candidates, simulated data"
    assert count == "2 of 2 answered"
    assert sorted(found["verdict"]) == ["mine", "not mine"]
    assert found["who"].tolist() == ["Ada", "Ada"]
    assert "a mine road" in found["why"].tolist()
    assert n_open == 0
    assert found.geometry.is_valid.all()


def test_the_page_asks_what_it_is_if_it_is_no_mine(
    tmp_path: Path, questions: gpd.GeoDataFrame, browser: Browser
) -> None:
    shown = dict.fromkeys(questions["candidate_id"], ["colour"])
    pictures = {"s0": Pictures(GRID, {"colour": DOT}, shown)}
    path, saved = tmp_path / "review.html", tmp_path / "reviewed.geojson"
    path.write_text(render_page(questions, pictures, simulated=True, world="a world"))

    tab = browser.new_context(offline=True).new_page()
    tab.goto(path.as_uri())
    tab.fill("#who", "Ada")
    tab.locator("h1").click()
    asked = [tab.is_visible("#kinds")]
    tab.keyboard.press("2")
    tab.keyboard.press("n")
    asked.append(tab.is_visible("#kinds"))
    tab.keyboard.press("2")
    asked.append(tab.is_visible("#kinds"))
    tab.keyboard.press("n")
    tab.click("text=settlement")
    tab.keyboard.press("u")
    with tab.expect_download() as download:
        tab.keyboard.press("s")
    download.value.save_as(saved)

    found, _ = read_reviewed(saved, blanks={"who": "", "when": "", "why": ""})
    answers = found.set_index("candidate_id").loc[questions["candidate_id"]]
    assert asked == [False, True, False]
    assert answers["verdict"].tolist() == ["not mine", "unsure"]
    assert answers["what"].tolist() == ["slide", ""]
