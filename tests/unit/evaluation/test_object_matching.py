"""Mines found and false objects, on drawings: M mine, ~ ignored, # predicted, X both."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest

from minecover.core.errors import ConfigError
from minecover.core.layouts import Background
from minecover.evaluation import (
    Bootstrap,
    Cut,
    Ground,
    Judged,
    ObjectCurve,
    ObjectRule,
    Report,
    SiteScores,
    Yardstick,
    count_objects,
    number,
    scores,
)
from minecover.evaluation.support import BACKGROUND

RULE = ObjectRule(min_px=2, tolerance_px=1, f1_tolerance_px=[0, 1], false_per_100km2=[2, 0.5])
#: Ground of one pixel [km2].
PIXEL_KM2 = 0.0009


def drawn(drawing: str, *, site_id: str = "a", fold: int = 0, high: float = 0.9) -> SiteScores:
    """Draw a site: `o` is ignored and predicted, `?` never observed, `m` a mine unobserved."""
    lines = drawing.split()
    marks = np.array([list(line) for line in lines])
    label = np.select([np.isin(marks, list("MXm")), np.isin(marks, list("~o"))], [1, -1], 0)
    score = np.where(np.isin(marks, list("#Xo")), high, 0.1).astype(np.float32)
    score[np.isin(marks, list("?m"))] = np.nan
    flat = label.astype(np.int8).reshape(1, -1)
    return SiteScores(
        site_id, fold, flat, None, score.reshape(1, -1), score.ravel(), -1, marks.shape
    )


def counted(drawing: str, rule: ObjectRule = RULE) -> tuple[float, float, float]:
    """Count found mines, objects that hit, and false objects."""
    counts = count_objects(Ground.of([drawn(drawing)], rule, truth=False), 0.5, rule)
    return counts.found.item(), counts.hits.item(), counts.false.item()


def judged(*sites: SiteScores) -> Judged:
    cut = Cut(0.5, {0: 0.5, 1: 0.5})
    return Judged(sites, {"observation": cut, "location": cut})


def report(*sites: SiteScores) -> Report:
    bootstrap = Bootstrap(replicates=50, level=0.95, seed=7)
    return scores(judged(*sites), Yardstick(bootstrap, RULE, [0.001]))


@pytest.mark.parametrize(
    ("drawing", "found", "hits", "false"),
    [
        pytest.param("MX... .X...", 1, 1, 0, id="an object on a mine"),
        pytest.param("M.... .##..", 1, 1, 0, id="within the tolerance, at a corner"),
        pytest.param("M.... ..##.", 0, 0, 1, id="beyond the tolerance"),
        pytest.param("M...# .....", 0, 0, 0, id="too few pixels are no object"),
        pytest.param("X.... .....", 0, 0, 0, id="nor do they find a mine"),
        pytest.param("XX.## .....", 1, 1, 1, id="one right, one false"),
        pytest.param("X#X.. .....", 2, 1, 0, id="one object finds two mines"),
        pytest.param("##M## .....", 1, 2, 0, id="two objects find one mine"),
        pytest.param("M..oo .....", 0, 0, 0, id="on ignored ground: neither right nor false"),
        pytest.param("M..o# .....", 0, 0, 0, id="touching ignored ground"),
        pytest.param("m##.. .....", 0, 0, 0, id="an unobserved mine is not found, nor a slip"),
        pytest.param("X.... .X..m", 1, 1, 0, id="corners connect"),
        pytest.param("M...# #....", 0, 0, 0, id="no connection round the edge"),
    ],
)
def test_objects_of_a_drawing(drawing: str, found: int, hits: int, false: int) -> None:
    assert counted(drawing) == (found, hits, false)


def test_objects_do_not_reach_into_the_next_site() -> None:
    sites = [drawn("..... ....M", site_id="a"), drawn("....# ....#", site_id="b")]

    counts = count_objects(Ground.of(sites, RULE, truth=False), 0.5, RULE)

    assert counts.found.tolist() == [0, 0]
    assert counts.false.tolist() == [0, 1]


def test_sites_of_different_shapes_lie_side_by_side() -> None:
    sites = [drawn("XX", site_id="a"), drawn("..... ..... ...##", site_id="b")]
    ground = Ground.of(sites, RULE, truth=False)

    counts = count_objects(ground, 0.5, RULE)

    assert (counts.found.tolist(), counts.false.tolist()) == ([1, 0], [0, 1])
    np.testing.assert_allclose(ground.km2, [2 * PIXEL_KM2, 15 * PIXEL_KM2])


def test_each_site_is_cut_at_its_own_threshold() -> None:
    sites = [drawn("XX..", site_id="a", high=0.6), drawn("XX..", site_id="b", high=0.6)]

    counts = count_objects(Ground.of(sites, RULE, truth=False), np.array([0.5, 0.7]), RULE)

    assert counts.found.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("drawing", "iou"),
    [
        pytest.param("XX...", 1.0, id="the same pixels"),
        pytest.param("XXMM.", 0.5, id="half of the mine"),
        pytest.param("XX##.", 0.5, id="twice the mine"),
        pytest.param("M##..", 0.0, id="next to it"),
        pytest.param("XXoo.", 1.0, id="ignored ground says nothing of the extent"),
        pytest.param("XXmm.", 1.0, id="nor does unobserved ground"),
        pytest.param("#X.M. .....", 1 / 2, id="a missed mine has no extent"),
    ],
)
def test_extent_iou(drawing: str, iou: float) -> None:
    assert number(report(drawn(drawing)), "objects.extent_iou") == pytest.approx(iou)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("mines", 2, id="mines"),
        pytest.param("unseen_mines", 1, id="a mine under cloud on every date"),
        pytest.param("mine_recall", 0.5, id="found of the observed"),
        pytest.param("precision", 0.5, id="one right of two"),
        pytest.param("false", 1, id="one false"),
        pytest.param("false_per_100km2", 100 / (27 * PIXEL_KM2), id="on observed ground"),
        pytest.param("f1_within_0_px", 4 / 7, id="2 right, 2 false, 1 missed"),
    ],
)
def test_scores_of_a_drawing(path: str, value: float) -> None:
    found = report(drawn("XX...m ...... ...M.. ...... ##..??"))

    assert number(found, f"objects.{path}") == pytest.approx(value, abs=1e-6)


def test_f1_forgives_a_neighbour() -> None:
    found = report(drawn("MM#.. ....."))

    assert number(found, "objects.f1_within_0_px") == 0
    # The prediction lies next to a mine pixel, and one mine pixel of two next to it.
    assert number(found, "objects.f1_within_1_px") == pytest.approx(2 / 3, abs=1e-6)


def test_f1_without_tolerance_is_that_of_the_locations() -> None:
    found = report(drawn("XX#.. ..MM. ##~oo"), drawn("M...# #.... ..~..", site_id="b"))

    assert number(found, "objects.f1_within_0_px") == number(found, "location.f1")
    assert number(found, "objects.f1_within_0_px_low") == number(found, "location.f1_low")


def test_objects_are_held_against_the_truth_too() -> None:
    site = drawn("XX.## .....")
    truth = np.array([[0, 0, 0, 1, 1, 0, 0, 0, 0, 0]], np.int8)

    found = report(replace(site, truth=truth))

    assert number(found, "objects.mine_recall") == 1
    assert number(found, "truth.objects.mine_recall") == 1
    assert number(found, "truth.objects.false") == 1


def graded(site_id: str, fold: int, *scores: float) -> SiteScores:
    """Draw a mine of two pixels, then things of two pixels, far apart, with these scores."""
    score = np.full((1, 4 * len(scores)), 0.01, np.float32)
    score[0, 0::4] = score[0, 1::4] = scores
    label = np.zeros(score.shape, np.int8)
    label[0, :2] = 1
    return SiteScores(site_id, fold, label, None, score, score[0], -1, (1, score.size))


def test_the_curve_counts_down_the_thresholds() -> None:
    sites = [graded("a", 0, 0.9, 0.3), graded("b", 1, 0.5, 0.7)]

    table = ObjectCurve.of(Ground.of(sites, RULE, truth=False), RULE).table()

    assert table["threshold"].tolist() == pytest.approx([0.9, 0.7, 0.5, 0.3])
    assert table["mine_recall"].tolist() == [0.5, 0.5, 1, 1]
    assert table["precision"].tolist() == pytest.approx([1, 0.5, 2 / 3, 0.5])
    once = 100 / (16 * PIXEL_KM2)
    assert table["false_per_100km2"].tolist() == pytest.approx([0, once, once, 2 * once])


@pytest.mark.parametrize(
    ("limit", "chosen"),
    [
        pytest.param(0, [0.7, 0.9, 0.9], id="no false object elsewhere"),
        pytest.param(1e6, [0.3, 0.3, 0.3], id="any number of them: the end of the curve"),
    ],
)
def test_a_fold_is_cut_where_the_others_can_afford_it(
    limit: float, chosen: list[float]
) -> None:
    sites = [
        graded("a", 0, 0.9, 0.8),
        graded("b", 1, 0.9, 0.3),
        graded("c", 2, 0.7, 0.6),
    ]

    curve = ObjectCurve.of(Ground.of(sites, RULE, truth=False), RULE)

    assert curve.affordable(np.array([0, 1, 2]), limit).tolist() == pytest.approx(chosen)


def test_no_threshold_is_affordable_where_the_best_score_is_false() -> None:
    sites = [graded("a", 0, 0.5, 0.9), graded("b", 1, 0.5, 0.9)]

    curve = ObjectCurve.of(Ground.of(sites, RULE, truth=False), RULE)

    assert np.isinf(curve.affordable(np.array([0, 1]), 2)).all()


def test_melting_objects_do_not_buy_a_lower_threshold() -> None:
    """Below 0.4 everything is one object that holds a mine: nothing is false any more."""
    score = np.array([[0.9, 0.9, 0.3, 0.3, 0.5, 0.5, 0.3, 0.3]], np.float32)
    label = np.array([[1, 1, 0, 0, 0, 0, 0, 0]], np.int8)
    site = SiteScores("a", 0, label, None, score, score[0], -1, (1, 8))
    sites = [replace(site, label=label), replace(site, site_id="b", fold=1)]

    curve = ObjectCurve.of(Ground.of(sites, RULE, truth=False), RULE)

    assert curve.affordable(np.array([0, 1]), 2).tolist() == pytest.approx([0.9, 0.9])


def test_yes_and_no_scores_have_one_threshold() -> None:
    sites = [drawn("XX......", high=1.0)]

    assert ObjectCurve.of(Ground.of(sites, RULE, truth=False), RULE).threshold.tolist() == [1.0]


def test_without_a_mine_there_is_no_curve() -> None:
    sites = [drawn("##..")]

    assert ObjectCurve.of(Ground.of(sites, RULE, truth=False), RULE).table().empty


def test_false_objects_on_background_ground_are_counted_apart() -> None:
    site = drawn("XX.. ....")
    empty = drawn("##.# ....", site_id=f"{BACKGROUND}0000")

    found = report(site, empty)

    assert number(found, "background.sites") == 1
    assert number(found, "background.false_per_100km2") == pytest.approx(
        100 / (8 * PIXEL_KM2), abs=1e-6
    )
    assert number(found, "count.sites") == 1
    assert number(found, "location.precision") == 1


def test_without_background_ground_nothing_is_said_of_it() -> None:
    assert "background" not in report(drawn("XX.. ...."), drawn("##.. ....", site_id="b"))


def test_a_background_site_with_a_mine_is_none() -> None:
    assert not drawn("XX..", site_id=f"{BACKGROUND}0000").is_background


def test_the_background_layout_names_its_sites_so() -> None:
    layout = Background(
        area=[28.0, -2.0, 28.5, -1.5], n=1, size_px=10, halo_px=0, distance_m=0, seed=7
    )
    nothing = gpd.GeoDataFrame({"kind": []}, geometry=[], crs="EPSG:4326")

    assert layout(nothing)[0].site_id.startswith(BACKGROUND)


@pytest.mark.parametrize(
    ("min_px", "tolerance_px", "limit"),
    [
        pytest.param(0, 2, 5, id="an object without pixels"),
        pytest.param(3, -1, 5, id="a distance below zero"),
        pytest.param(3, 2, -5, id="a rate below zero"),
    ],
)
def test_senseless_rules_are_refused(min_px: int, tolerance_px: int, limit: float) -> None:
    with pytest.raises(ConfigError, match=r"ObjectRule needs .* Fix objects in conf/metrics"):
        ObjectRule(min_px, tolerance_px, f1_tolerance_px=[0], false_per_100km2=[limit])
