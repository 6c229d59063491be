"""The page says what it is made from, opens without a network, and hides nothing."""

import base64
import re
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from minecover.metrics import Report
from minecover.report import Content, page

PNG = b"\x89PNG not really"


def candidates_of(n: int) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "rank": range(1, n + 1),
            "candidate_id": [f"N35-E{i}-S1" for i in range(n)],
            "site_id": "<b>s001</b>",
            "lon": 28.123456,
            "lat": -1.45,
            "area_ha": 0.27,
            "max_probability": 0.9,
            "mean_probability": 0.7,
            "dates_valid": 4,
            "known": [i % 2 == 0 for i in range(n)],
        },
        geometry=[shapely.Point(28, -1)] * n,
        crs="EPSG:4326",
    )


@pytest.fixture
def content() -> Content:
    scores: Report = {
        "precision": 0.79712,
        "precision_low": 0.7,
        "precision_high": 0.9,
        "recall": None,
    }
    return Content(
        model={
            "is_simulated": True,
            "name": "minecover",
            "source": "simulated",
            "design": "observation",
            "mask": {"name": "strict"},
            "sha256": "ab" * 32,
            "threshold": 0.3,
            "training_rows": {"mine": 1234, "sites": 200},
        },
        metrics={"location": scores},
        leakage={
            "passed": True,
            "n_groups": 181,
            "n_folds": 5,
            "overlapping_pairs": 0,
            "nearest_m": 6000.5,
            "position_only_lift": 1.07,
            "position_only_limit": 1.25,
        },
        transfer=pd.DataFrame(
            {"prevalence": [1e-4, 1e-3, 1e-2], "precision": [0.066, 0.42, 0.88]}
        ),
        candidates=candidates_of(25),
        pictures={"A site.": PNG},
    )


@pytest.mark.parametrize(
    ("simulated", "title"),
    [
        pytest.param(True, "Candidate mines on simulated data", id="simulated"),
        pytest.param(False, "Candidate mines", id="real"),
    ],
)
def test_the_title_says_simulated_where_the_data_are(
    content: Content, simulated: bool, title: str
) -> None:
    html = page(replace(content, model={**content.model, "is_simulated": simulated}))

    assert f"<title>{title}</title>" in html
    assert f"<h1>{title}</h1>" in html
    assert ("These data are simulated" in html) is simulated


def test_a_score_stands_with_its_interval_and_a_missing_one_is_a_dash(content: Content) -> None:
    row = re.search("<tr><td>all dates together</td>.*</tr>", page(content))

    assert row is not None
    assert "<td>0.797 (0.70–0.90)</td><td>–</td>" in row.group()


def test_precision_is_expressed_for_ground_with_fewer_mines(content: Content) -> None:
    text = " ".join(page(content).split())

    assert "42% would be one where 0.10% of the ground is mine" in text
    assert "7% would be one where 0.01% of the ground is mine" in text


def test_a_leak_is_not_hidden(content: Content) -> None:
    html = page(replace(content, leakage={**content.leakage, "passed": False}))

    assert "did NOT pass" in html


def test_the_page_needs_no_network(content: Content) -> None:
    html = page(content)

    assert base64.b64encode(PNG).decode() in html
    assert re.findall(r"(?:src|href)=\"(?!data:)", html) == []
    assert "<script" not in html


def test_twenty_candidates_are_shown_and_all_are_counted(content: Content) -> None:
    html = page(content)

    assert html.count("N35-E") == 20
    assert "The first 20 of 25" in html


def test_a_candidate_can_be_found_on_the_ground(content: Content) -> None:
    html = page(content)

    assert "<td>28.12346</td><td>-1.45000</td>" in html
    assert "<td>yes</td>" in html
    assert "<td>no</td>" in html


def test_names_cannot_write_html(content: Content) -> None:
    assert "<b>s001</b>" not in page(content)


def test_no_candidate_is_a_result_too(content: Content) -> None:
    assert "The first 0 of 0" in page(replace(content, candidates=candidates_of(0)))


def test_the_page_is_the_same_again(content: Content) -> None:
    assert page(content) == page(content)
