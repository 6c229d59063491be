"""The report page shows its scores and candidates, and needs no network."""

import base64
import json
import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from minecover.core.grid import Grid
from minecover.evaluation import Report
from minecover.features.mask_costs import Cost
from minecover.reporting.candidates import TABLE
from minecover.reporting.figures import WINDOW_PX
from minecover.reporting.page import (
    N_SHOWN,
    MapContent,
    PageContent,
    StripSources,
    cut_strip,
    render_page,
)

PNG = b"\x89PNG not really"
GRID = Grid.from_corner("EPSG:32635", 719_985.0, -269_985.0, 20, 30)


def candidates_of(n: int) -> gpd.GeoDataFrame:
    corner = shapely.box(*GRID.cut(4, 6, 8, 10).bounds)
    outline = gpd.GeoSeries([corner], crs=GRID.crs).to_crs("EPSG:4326").iloc[0]
    columns = {
        "lat": -1.45,
        "lon": 28.123456,
        "rank": range(1, n + 1),
        "candidate_id": [f"N35-E{i}-S1" for i in range(n)],
        "site_id": "<b>s001</b>",
        "province": "Sud-Kivu",
        "area_ha": 0.27,
        "max_probability": 0.9,
        "mean_probability": 0.7,
        "dates_valid": 4,
        "dates_seen": 3,
        "first_seen": "2017-01-14",
        "applicable": False,
        "at_edge": False,
        "to_water_m": 60.0,
        "to_road_m": np.nan,
        "to_known_mine_m": 1234.0,
        "known": [i % 2 == 0 for i in range(n)],
    }
    frame = gpd.GeoDataFrame(columns, geometry=[outline] * n, crs="EPSG:4326")
    return frame[list(TABLE)]


def hides(n: int) -> dict[str, Cost]:
    """What a mask hides: n of 200 observations of mines and of 100 of other ground."""
    return {
        "mine": Cost(
            observations=200, hidden_observations=n, locations=100, hidden_locations=n // 10
        ),
        "other": Cost(observations=100, hidden_observations=n, locations=0, hidden_locations=0),
    }


@pytest.fixture
def sources() -> StripSources:
    shape = (4, GRID.shape[0] + WINDOW_PX, GRID.shape[1] + WINDOW_PX, 3)
    outline = gpd.GeoSeries([shapely.box(*GRID.cut(4, 6, 8, 10).bounds)], crs=GRID.crs)
    return StripSources(
        grid=GRID,
        captions=("true colour", "infrared", "all dates together", "14 Jan 2017"),
        pictures=np.arange(np.prod(shape), dtype=np.uint8).reshape(shape),
        outlines={"label": outline},
    )


@pytest.fixture
def content(sources: StripSources) -> PageContent:
    scores: Report = {
        "precision": 0.79712,
        "precision_low": 0.7,
        "precision_high": 0.9,
        "recall": None,
        "average_precision_low": 0.7,
    }
    candidates = candidates_of(N_SHOWN + 5)
    shape = candidates.geometry.iloc[0]
    return PageContent(
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
        metrics={
            "location": scores,
            "prevalence": {"location": 0.0055},
            "objects": {
                "mines": 352,
                "mine_recall": 0.82,
                "at_5_false_per_100km2": {"mine_recall": 0.86},
                "f1_within_2_px": 0.95,
            },
            "transfer": {"precision_at_1000_ppm": 0.42},
            "calibration": {"location": {"brier_skill": 0.59}},
            "truth": {"objects": {"mine_recall": 0.83}},
        },
        leakage={
            "passed": True,
            "n_groups": 181,
            "n_folds": 5,
            "overlapping_pairs": 0,
            "nearest_m": 6000.5,
            "position_only_lift": 1.07,
            "position_only_limit": 1.25,
        },
        mask_costs={"mask": "scl", "profiles": {"none": hides(0), "scl": hides(30)}},
        precision=pd.DataFrame(
            {"against": ["a labelled mine"], "k": [10], "precision": [0.9], "low": [0.8]}
        ).assign(high=1.0),
        checks_a_week=50,
        map_content=MapContent(candidates.assign(site_id="s001"), candidates, {}),
        strips=[cut_strip(sources, shape, {"14 Jan 2017": "seen"})] * N_SHOWN,
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
    content: PageContent, simulated: bool, title: str
) -> None:
    html = render_page(replace(content, model={**content.model, "is_simulated": simulated}))

    assert f"<title>{title}</title>" in html
    assert f"<h1>{title}</h1>" in html
    assert ("These data are simulated" in html) is simulated
    assert "no better than chance" not in html


@pytest.mark.parametrize(
    ("design", "reason"),
    [
        pytest.param("location", "less than half of it bare ground or water", id="location"),
        pytest.param("observation", "below the threshold on each of 4", id="observation"),
    ],
)
def test_a_candidate_that_was_seen_on_no_date_is_explained(
    content: PageContent, sources: StripSources, design: str, reason: str
) -> None:
    candidates = candidates_of(1).assign(dates_seen=0, first_seen="", max_probability=0.9)
    strip = cut_strip(sources, candidates.geometry.iloc[0], {})
    changed = replace(
        content,
        model={**content.model, "design": design},
        map_content=replace(content.map_content, candidates=candidates),
        strips=[strip],
    )

    html = render_page(changed)

    assert reason in html
    assert "seen on 0 of" not in html


def test_the_page_begins_with_a_model_that_is_no_better_than_chance(
    content: PageContent,
) -> None:
    html = render_page(
        replace(content, metrics={**content.metrics, "prevalence": {"location": 0.71}})
    )

    heading, _, rest = html.partition("<h1>")[2].partition("</h1>")
    assert heading == "Candidate mines on simulated data: no better than chance"
    assert rest.strip().startswith('<p class="warning"><strong>The model is no better than')
    assert "of a random ranking 0.710" in rest


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        pytest.param("all dates together", ["0.797 (0.70–0.90)", "–", "–", "–"], id="pixels"),
        pytest.param("share of the mines that is found", ["0.820", "0.830"], id="mines"),
        pytest.param(
            "share of the mines found, if 5 false objects per 100 km² are accepted",
            ["0.860", "–"],
            id="accepted false alarms",
        ),
        pytest.param("F1 of the pixels, within a tolerance of 2 px", ["0.950", "–"], id="F1"),
        pytest.param("0.1 % of the ground is mine", ["0.420", "–"], id="rarer mines"),
        pytest.param("the first 10", ["0.900 (0.80–1.00)"], id="first candidates"),
    ],
)
def test_scores_have_intervals_and_missing_ones_are_dashes(
    content: PageContent, name: str, cells: list[str]
) -> None:
    row = f"<tr><td>{name}</td>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"

    assert row in render_page(content)


def test_what_each_mask_hides_is_shown(content: PageContent) -> None:
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", render_page(content)))

    assert "scl (of this build) 15.0 % 30.0 % 3.0 % –" in text
    assert "none 0.0 % 0.0 % 0.0 % –" in text


def test_a_failed_leakage_audit_is_shown(content: PageContent) -> None:
    html = render_page(replace(content, leakage={**content.leakage, "passed": False}))

    assert "did NOT pass" in html


def test_the_page_refers_to_no_other_file(content: PageContent) -> None:
    html = render_page(content)

    markup = re.sub("<script.*?</script>", "", html, flags=re.DOTALL)
    assert base64.b64encode(PNG).decode() in html
    assert re.findall(r"(?:src|href)=\"(?!data:|#)", markup) == []
    assert re.findall("<script[^>]*src=", html) == []
    assert "sourceMappingURL" not in html


def test_the_first_candidates_are_listed_and_all_are_counted(content: PageContent) -> None:
    html = render_page(content)

    assert html.count("<tr data-index=") == N_SHOWN
    assert f"The first {N_SHOWN} of {N_SHOWN + 5}" in html


def test_candidates_are_listed_with_coordinates_and_distances(content: PageContent) -> None:
    html = render_page(content)

    assert "<td>28.12346</td><td>-1.45000</td>" in html
    assert "<td>2017-01-14</td><td>no</td><td>no</td><td>60</td><td>–</td><td>1234</td>" in html


def test_names_are_escaped(content: PageContent) -> None:
    assert "<b>s001</b>" not in render_page(content)


def test_a_page_without_candidates_is_rendered(content: PageContent) -> None:
    nothing = replace(content.map_content, candidates=candidates_of(0))

    html = render_page(
        replace(content, map_content=nothing, strips=[], precision=content.precision[:0])
    )

    assert "The first 0 of 0" in html


def test_the_page_is_reproducible(content: PageContent) -> None:
    assert render_page(content) == render_page(content)


def test_a_strip_shows_the_candidate_in_its_centre(sources: StripSources) -> None:
    made = cut_strip(sources, candidates_of(1).geometry.iloc[0], {"14 Jan 2017": "seen"})

    xs, ys = made.outlines["candidate"]
    middle = WINDOW_PX / 2
    assert made.captions == (
        "true colour",
        "infrared",
        "all dates together",
        "drawn by hand",
        "14 Jan 2017: seen",
    )
    assert [min(xs[0]), max(xs[0])] == pytest.approx([middle - 2, middle + 2], abs=0.02)
    assert [min(ys[0]), max(ys[0])] == pytest.approx([middle - 2, middle + 2], abs=0.02)
    assert json.dumps(made.to_dict())


def test_what_the_labels_are_worth_stands_before_the_scores(content: PageContent) -> None:
    said = "The masks were made by a rule."

    html = render_page(replace(content, model={**content.model, "remark": said}))

    assert html.index(said) < html.index("candidates. Of 352")
    assert "What these labels are worth" not in render_page(content)


def test_scores_of_chips_stand_in_place_of_those_of_whole_mines(content: PageContent) -> None:
    metrics: Report = {
        **{
            key: node
            for key, node in content.metrics.items()
            if key not in ("objects", "truth")
        },
        "look_alike": {"auc": 0.9012},
        "chip": {"auc": 0.8934, "with_mask": {"auc": 0.9451}},
    }

    html = render_page(replace(content, metrics=metrics))

    assert "AUC, mines against ground that looks like one</td><td>0.901" in html
    assert "chips with a mask alone</td><td>0.945" in html
    assert "Whole mines" not in html
    assert "None" not in re.sub("<script.*?</script>", "", html, flags=re.S)
    assert "AUC, mines" not in render_page(content)
