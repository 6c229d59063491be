"""Review questions: their ground, and the GeoPackage for QGIS."""

import sqlite3
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pytest
import shapely

from minecover.core.errors import LabelError
from minecover.core.grid import Grid
from minecover.core.raster import burn
from minecover.labels import LOOK_ALIKES, read_reviewed
from minecover.labels.review import (
    ReviewSite,
    candidate_questions,
    suspicious_questions,
    uncertain_questions,
    write_geopackage,
)

GRID = Grid.around("EPSG:32635", 700_000, -200_000, size_px=6)


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
