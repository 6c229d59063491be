"""A comparison: the verdict first, ten rows that decide, and the site that differs most."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from stores import out_of_fold

from minecover.evaluation import ScoredModel, choose_thresholds, site_predictions
from minecover.evaluation.aggregation import Mean
from minecover.pipeline.sweep.compare import N_SHORT, SHORT, Comparison
from minecover.pipeline.sweep.comparison_page import comparison_page, most_different_site
from minecover.pipeline.sweep.elsewhere import Elsewhere
from minecover.tracking.external import ExternalEvaluation
from minecover.tracking.runs import RunSummary

COLUMNS = ["score", "a", "b", "difference", "difference_low", "difference_high"]


def scored(skill: float) -> ScoredModel:
    sites = [site_predictions(site, Mean()) for site in out_of_fold(skill)]
    return ScoredModel(sites, choose_thresholds(sites, 0.5))


def run(name: str, run_id: str) -> RunSummary:
    return RunSummary(run_id, name, "FINISHED", {"is_simulated": "true"}, {}, {})


def comparison(**signs: int) -> Comparison:
    """Two runs whose scores differ for certain (1 more, -1 less), or not."""
    rows = []
    for score in SHORT:
        sign = signs.get(score.replace(".", "_"), 0)
        rows.append(
            (score, 0.5, 0.5 + sign / 10, sign / 10, sign / 10 - 0.05, sign / 10 + 0.05)
        )
    a, b = run("forest depth=5", "a" * 32), run("boosted", "b" * 32)
    return Comparison(a, b, pd.DataFrame(rows, columns=COLUMNS), (scored(2.0), scored(4.0)))


@pytest.mark.parametrize(
    ("sign", "verdict"),
    [
        pytest.param(1, "b (boosted) is better: average precision 0.600 (b)", id="b"),
        pytest.param(-1, "a (forest depth=5) is better: average precision 0.400", id="a"),
        pytest.param(0, "No difference that the sites bear out: average", id="neither"),
    ],
)
def test_the_verdict_is_the_first_line(sign: int, verdict: str) -> None:
    found = comparison(location_average_precision=sign)

    assert found.text(everything=False).startswith(verdict)
    assert verdict.partition(":")[0] in comparison_page(found).partition("</h1>")[0]
    assert found.markdown().split("\n\n")[1].startswith(f"**{verdict.partition(':')[0]}")


def test_ten_rows_decide_and_the_rest_is_on_request() -> None:
    found = comparison()

    short, everything = (found.text(everything=one).splitlines() for one in (False, True))

    assert len(found.short) == N_SHORT
    assert len(everything) - len(short) == len(SHORT) - N_SHORT


@pytest.mark.parametrize(
    ("score", "sign", "mark"),
    [
        pytest.param("location.f1", 1, "▲ b better", id="more of a score"),
        pytest.param("location.f1", -1, "▼ b worse", id="less of a score"),
        pytest.param("objects.false_per_100km2", 1, "▼ b worse", id="more false objects"),
        pytest.param("calibration.location.ece", -1, "▲ b better", id="less of an error"),
        pytest.param("location.f1", 0, "– unclear", id="the interval holds zero"),
    ],
)
def test_arrows_say_better_or_worse(score: str, sign: int, mark: str) -> None:
    found = comparison(**{score.replace(".", "_"): sign})

    ((_, _, _, _, shown),) = found.rows([score])

    assert shown == mark


def test_simulated_data_are_named_before_the_scores() -> None:
    assert comparison().markdown().startswith("**SIMULATED data")
    assert "SIMULATED data" in comparison_page(comparison())


def test_the_page_holds_its_picture_and_loads_nothing() -> None:
    page = comparison_page(comparison())

    assert 'src="data:image/png;base64,' in page
    assert "http" not in page


def test_the_site_with_the_most_different_errors_is_shown() -> None:
    a = scored(4.0)
    worse = a.sites[3]
    swapped = replace(
        worse,
        location_probability=np.float32(1) - worse.location_probability,
    )
    b = ScoredModel([*a.sites[:3], swapped, *a.sites[4:]], a.thresholds)

    site_id, of_a, of_b = most_different_site(a, b)

    assert site_id == worse.site_id
    assert of_b.total > of_a.total


def tried(ground: str, **scores: list[float | None]) -> ExternalEvaluation:
    """How a version did elsewhere."""
    values = {name.replace("_", ".", 1): value for name, value in scores.items()}
    return ExternalEvaluation("e" * 32, ground, "d" * 64, True, True, "", values)


def test_other_ground_follows_with_the_difference_where_both_were_tried() -> None:
    ground = "a far country, 24 sites"
    a, b = tried(ground, site_auc=[0.7, 0.6, 0.8]), tried(ground, site_auc=[0.8, 0.7, 0.9])
    table = pd.DataFrame([("site.auc", 0.7, 0.8, 0.1, 0.05, 0.15)], columns=COLUMNS)
    both, alone = (
        Elsewhere(a, b, table),
        Elsewhere(None, tried("b's", site_auc=[0.9] * 3), None),
    )

    found = replace(comparison(), elsewhere=(both, alone))

    text, page, markdown = (
        found.text(everything=False),
        comparison_page(found),
        found.markdown(),
    )
    assert f"On {ground}, where neither was trained:" in text
    assert "0.700  0.800  +0.100 [+0.050, +0.150]" in text
    assert "+0.100 [+0.050, +0.150]</td>" in page
    assert "only one of the two was tried there" in page
    assert "| 0.700 | 0.800 | +0.100 [+0.050, +0.150] |" in markdown
    assert "| – | 0.900 | – |" in markdown
