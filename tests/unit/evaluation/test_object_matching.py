"""Mines found and false objects on drawn sites: M mine, ~ ignored, # predicted, X both."""

from dataclasses import replace

import numpy as np
import pytest

from minecover.core.errors import ConfigError
from minecover.evaluation import (
    Bootstrap,
    EvaluationSettings,
    ObjectCurve,
    ObjectRule,
    Report,
    ScoredModel,
    SitePredictions,
    StackedSites,
    Thresholds,
    compute_scores,
    count_objects,
    get_score,
)

RULE = ObjectRule(
    min_area_m2=1800, tolerance_m=30, f1_tolerance_px=[0, 1], false_per_100km2=[2, 0.5]
)
#: Area of one pixel [km2].
PIXEL_KM2 = 0.0009


def site_of(
    drawing: str,
    *,
    site_id: str = "a",
    fold: int = 0,
    high: float = 0.9,
    laid_as_background: bool = False,
) -> SitePredictions:
    """Return a drawn site; `o` ignored and predicted, `?` and `m` (a mine) not observed."""
    lines = drawing.split()
    marks = np.array([list(line) for line in lines])
    label = np.select([np.isin(marks, list("MXm")), np.isin(marks, list("~o"))], [1, -1], 0)
    probability = np.where(np.isin(marks, list("#Xo")), high, 0.1).astype(np.float32)
    probability[np.isin(marks, list("?m"))] = np.nan
    flat = label.astype(np.int8).reshape(1, -1)
    return SitePredictions(
        site_id,
        fold,
        flat,
        None,
        probability.reshape(1, -1),
        probability.ravel(),
        -1,
        marks.shape,
        laid_as_background,
    )


def counts_of(drawing: str, rule: ObjectRule = RULE) -> tuple[float, float, float]:
    """Count found mines, objects that hit, and false objects."""
    counts = count_objects(StackedSites.of([site_of(drawing)], rule, truth=False), 0.5, rule)
    return counts.found.item(), counts.hits.item(), counts.false.item()


def scored(*sites: SitePredictions) -> ScoredModel:
    thresholds = Thresholds(0.5, {0: 0.5, 1: 0.5})
    return ScoredModel(sites, {"observation": thresholds, "location": thresholds})


def report(*sites: SitePredictions) -> Report:
    bootstrap = Bootstrap(replicates=50, level=0.95, seed=7)
    return compute_scores(scored(*sites), EvaluationSettings(bootstrap, RULE, [0.001]))


@pytest.mark.parametrize(
    ("drawing", "found", "hits", "false"),
    [
        pytest.param("MX... .X...", 1, 1, 0, id="an object on a mine"),
        pytest.param("M.... .##..", 1, 1, 0, id="within the tolerance, at a corner"),
        pytest.param("M.... ..##.", 0, 0, 1, id="beyond the tolerance"),
        pytest.param("M...# .....", 0, 0, 0, id="too few pixels are no object"),
        pytest.param("X.... .....", 0, 0, 0, id="too few pixels find no mine"),
        pytest.param("XX.## .....", 1, 1, 1, id="one right, one false"),
        pytest.param("X#X.. .....", 2, 1, 0, id="one object finds two mines"),
        pytest.param("##M## .....", 1, 2, 0, id="two objects find one mine"),
        pytest.param("M..oo .....", 0, 0, 0, id="on ignored pixels: neither right nor false"),
        pytest.param("M..o# .....", 0, 0, 0, id="touching ignored pixels"),
        pytest.param(
            "m##.. .....", 0, 0, 0, id="an unobserved mine is neither found nor missed"
        ),
        pytest.param("X.... .X..m", 1, 1, 0, id="corners connect"),
        pytest.param("M...# #....", 0, 0, 0, id="no connection across the edge"),
    ],
)
def test_objects_of_a_drawing(drawing: str, found: int, hits: int, false: int) -> None:
    assert counts_of(drawing) == (found, hits, false)


def test_objects_do_not_reach_into_the_next_site() -> None:
    sites = [site_of("..... ....M", site_id="a"), site_of("....# ....#", site_id="b")]

    counts = count_objects(StackedSites.of(sites, RULE, truth=False), 0.5, RULE)

    assert counts.found.tolist() == [0, 0]
    assert counts.false.tolist() == [0, 1]


def test_sites_of_different_shapes_lie_side_by_side() -> None:
    sites = [site_of("XX", site_id="a"), site_of("..... ..... ...##", site_id="b")]
    stacked = StackedSites.of(sites, RULE, truth=False)

    counts = count_objects(stacked, 0.5, RULE)

    assert (counts.found.tolist(), counts.false.tolist()) == ([1, 0], [0, 1])
    np.testing.assert_allclose(stacked.km2, [2 * PIXEL_KM2, 15 * PIXEL_KM2])


def test_each_site_has_its_own_threshold() -> None:
    sites = [site_of("XX..", site_id="a", high=0.6), site_of("XX..", site_id="b", high=0.6)]

    counts = count_objects(
        StackedSites.of(sites, RULE, truth=False), np.array([0.5, 0.7]), RULE
    )

    assert counts.found.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("drawing", "iou"),
    [
        pytest.param("XX...", 1.0, id="the same pixels"),
        pytest.param("XXMM.", 0.5, id="half of the mine"),
        pytest.param("XX##.", 0.5, id="twice the mine"),
        pytest.param("M##..", 0.0, id="next to it"),
        pytest.param("XXoo.", 1.0, id="ignored pixels are no part of the extent"),
        pytest.param("XXmm.", 1.0, id="nor are unobserved pixels"),
        pytest.param("#X.M. .....", 1 / 2, id="a missed mine has no extent"),
    ],
)
def test_extent_iou(drawing: str, iou: float) -> None:
    assert get_score(report(site_of(drawing)), "objects.extent_iou") == pytest.approx(iou)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("mines", 2, id="mines"),
        pytest.param("unseen_mines", 1, id="a mine under cloud on every date"),
        pytest.param("mine_recall", 0.5, id="found of the observed"),
        pytest.param("precision", 0.5, id="one right of two"),
        pytest.param("false", 1, id="one false"),
        pytest.param("false_per_100km2", 100 / (27 * PIXEL_KM2), id="on observed area"),
        pytest.param("f1_within_0_px", 4 / 7, id="2 right, 2 false, 1 missed"),
    ],
)
def test_scores_of_a_drawing(path: str, value: float) -> None:
    found = report(site_of("XX...m ...... ...M.. ...... ##..??"))

    assert get_score(found, f"objects.{path}") == pytest.approx(value, abs=1e-6)


def test_tolerant_f1_accepts_a_neighbour() -> None:
    found = report(site_of("MM#.. ....."))

    assert get_score(found, "objects.f1_within_0_px") == 0
    # The prediction lies next to a mine pixel, and one mine pixel of two next to it.
    assert get_score(found, "objects.f1_within_1_px") == pytest.approx(2 / 3, abs=1e-6)


def test_f1_without_tolerance_is_that_of_the_locations() -> None:
    found = report(site_of("XX#.. ..MM. ##~oo"), site_of("M...# #.... ..~..", site_id="b"))

    assert get_score(found, "objects.f1_within_0_px") == get_score(found, "location.f1")
    assert get_score(found, "objects.f1_within_0_px_low") == get_score(found, "location.f1_low")


def test_objects_are_matched_with_the_truth_too() -> None:
    site = site_of("XX.## .....")
    truth = np.array([[0, 0, 0, 1, 1, 0, 0, 0, 0, 0]], np.int8)

    found = report(replace(site, truth=truth))

    assert get_score(found, "objects.mine_recall") == 1
    assert get_score(found, "truth.objects.mine_recall") == 1
    assert get_score(found, "truth.objects.false") == 1


def site_with(site_id: str, fold: int, *probabilities: float) -> SitePredictions:
    """Return a mine and then other objects, of two pixels each, with these probabilities."""
    probability = np.full((1, 4 * len(probabilities)), 0.01, np.float32)
    probability[0, 0::4] = probability[0, 1::4] = probabilities
    label = np.zeros(probability.shape, np.int8)
    label[0, :2] = 1
    return SitePredictions(
        site_id, fold, label, None, probability, probability[0], -1, (1, probability.size)
    )


def test_the_curve_starts_at_the_highest_threshold() -> None:
    sites = [site_with("a", 0, 0.9, 0.3), site_with("b", 1, 0.5, 0.7)]

    table = ObjectCurve.of(StackedSites.of(sites, RULE, truth=False), RULE).table()

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
def test_a_fold_gets_the_lowest_threshold_within_the_limit_on_the_others(
    limit: float, chosen: list[float]
) -> None:
    sites = [
        site_with("a", 0, 0.9, 0.8),
        site_with("b", 1, 0.9, 0.3),
        site_with("c", 2, 0.7, 0.6),
    ]

    curve = ObjectCurve.of(StackedSites.of(sites, RULE, truth=False), RULE)

    assert curve.thresholds_within(limit, np.array([0, 1, 2])).tolist() == pytest.approx(chosen)


def test_no_threshold_is_within_the_limit_where_the_highest_pixel_is_false() -> None:
    sites = [site_with("a", 0, 0.5, 0.9), site_with("b", 1, 0.5, 0.9)]

    curve = ObjectCurve.of(StackedSites.of(sites, RULE, truth=False), RULE)

    assert np.isinf(curve.thresholds_within(2, np.array([0, 1]))).all()


def test_merging_objects_do_not_lower_the_threshold() -> None:
    """Below 0.4 everything is one object with a mine in it, so that nothing is false."""
    probability = np.array([[0.9, 0.9, 0.3, 0.3, 0.5, 0.5, 0.3, 0.3]], np.float32)
    label = np.array([[1, 1, 0, 0, 0, 0, 0, 0]], np.int8)
    site = SitePredictions("a", 0, label, None, probability, probability[0], -1, (1, 8))
    sites = [replace(site, label=label), replace(site, site_id="b", fold=1)]

    curve = ObjectCurve.of(StackedSites.of(sites, RULE, truth=False), RULE)

    assert curve.thresholds_within(2, np.array([0, 1])).tolist() == pytest.approx([0.9, 0.9])


def test_probabilities_of_0_and_1_have_one_threshold() -> None:
    sites = [site_of("XX......", high=1.0)]

    assert ObjectCurve.of(
        StackedSites.of(sites, RULE, truth=False), RULE
    ).threshold.tolist() == [1.0]


def test_without_a_mine_there_is_no_curve() -> None:
    sites = [site_of("##..")]

    assert ObjectCurve.of(StackedSites.of(sites, RULE, truth=False), RULE).table().empty


def test_false_objects_on_background_sites_are_counted_separately() -> None:
    site = site_of("XX.. ....")
    empty = site_of("##.# ....", site_id="b", laid_as_background=True)

    found = report(site, empty)

    assert get_score(found, "background.sites") == 1
    assert get_score(found, "background.false_per_100km2") == pytest.approx(
        100 / (8 * PIXEL_KM2), abs=1e-6
    )
    assert get_score(found, "count.sites") == 1
    assert get_score(found, "location.precision") == 1


def test_without_background_sites_there_are_no_background_scores() -> None:
    named_so = site_of("##.. ....", site_id="background0000")

    assert "background" not in report(site_of("XX.. ...."), named_so)


def test_a_site_with_a_mine_is_no_background() -> None:
    assert not site_of("XX..", laid_as_background=True).is_background


@pytest.mark.parametrize(
    ("min_area_m2", "tolerance_m", "limit"),
    [
        pytest.param(0, 2, 5, id="an object without pixels"),
        pytest.param(3, -1, 5, id="a distance below zero"),
        pytest.param(3, 2, -5, id="a rate below zero"),
    ],
)
def test_invalid_rules_are_refused(
    min_area_m2: float, tolerance_m: float, limit: float
) -> None:
    with pytest.raises(ConfigError, match=r"ObjectRule needs .* Fix metrics.objects in conf"):
        ObjectRule(min_area_m2, tolerance_m, f1_tolerance_px=[0], false_per_100km2=[limit])
