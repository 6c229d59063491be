import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from minecover.core.errors import ConfigError, ModelError
from minecover.evaluation import (
    Bootstrap,
    EvaluationSettings,
    ObjectRule,
    Ranking,
    Report,
    ScoredModel,
    SitePredictions,
    Thresholds,
    average_precision,
    best_f1_threshold,
    best_f1_threshold_by_fold,
    common_support,
    compute_scores,
    confusion,
)

F32 = NDArray[np.float32]
I8 = NDArray[np.int8]
NAN = np.nan
SETTINGS = EvaluationSettings(
    bootstrap=Bootstrap(replicates=50, level=0.95, seed=7),
    objects=ObjectRule(
        min_area_m2=900, tolerance_m=0, f1_tolerance_px=[0], false_per_100km2=[2]
    ),
    prevalences=[0.5, 0.001],
)


def f32(*values: object) -> F32:
    return np.array(values, np.float32)


def i8(*values: object) -> I8:
    return np.array(values, np.int8)


#: Three locations on two dates; on the second date two of them are clouded.
SITE = SitePredictions(
    site_id="a",
    fold=0,
    label=i8([1, 0, 0], [1, 0, 0]),
    truth=None,
    observation_probability=f32([0.9, 0.4, 0.1], [NAN, 0.6, NAN]),
    location_probability=f32(0.9, 0.5, 0.1),
    label_date=-1,
    shape=(1, 3),
)


def report(*sites: SitePredictions) -> Report:
    return compute_scores(scored(sites, {0: 0.5, 1: 0.5}), SETTINGS)


def scored(sites: Sequence[SitePredictions], by_fold: Mapping[int, float]) -> ScoredModel:
    both = Thresholds(0.5, by_fold)
    return ScoredModel(sites, {"observation": both, "location": both})


def at(nested: Report, path: str) -> object:
    """Follow a dotted path, as `dvc metrics show` prints it."""
    found: object = nested
    for name in path.split("."):
        assert isinstance(found, dict)
        found = found[name]
    return found


@pytest.mark.parametrize(
    ("tp", "fp", "fn", "precision", "recall", "f1"),
    [
        pytest.param(1, 1, 3, 0.5, 0.25, 1 / 3, id="counted by hand"),
        pytest.param(0, 2, 2, 0, 0, 0, id="all wrong is zero"),
        pytest.param(0, 0, 2, NAN, 0, 0, id="nothing predicted: precision does not exist"),
        pytest.param(0, 2, 0, 0, NAN, 0, id="no mine: recall does not exist"),
        pytest.param(0, 0, 0, NAN, NAN, NAN, id="nothing at all"),
    ],
)
def test_rates(tp: int, fp: int, fn: int, precision: float, recall: float, f1: float) -> None:
    mine = f32(*[0.9] * tp, *[0.1] * fn)
    other = f32(*[0.8] * fp, 0.2)

    counts = confusion([Ranking(np.sort(mine), np.sort(other))], [0.5])

    np.testing.assert_allclose(
        [counts.precision[0], counts.recall[0], counts.f1[0]], [precision, recall, f1]
    )


def test_a_probability_at_the_threshold_is_a_mine() -> None:
    ranking = Ranking.of(f32(0.3, 0.2999, 0.3), i8(1, 1, 0))

    counts = confusion([ranking], [0.3])

    assert (counts.tp[0], counts.fp[0], counts.fn[0]) == (1, 1, 1)


def test_average_precision_by_hand() -> None:
    # mine at ranks 1 and 3: 1/2 * 1/1 + 1/2 * 2/3
    assert average_precision(f32(0.9, 0.8, 0.7, 0.6), i8(1, 0, 1, 0)) == pytest.approx(5 / 6)


def test_average_precision_without_a_mine_does_not_exist() -> None:
    assert np.isnan(average_precision(f32(0.9, 0.1), i8(0, 0)))


@pytest.mark.parametrize(
    ("probability", "label", "threshold"),
    [
        pytest.param((0.9, 0.8, 0.2), (1, 1, 0), 0.8, id="between mines and the rest"),
        pytest.param(
            (0.9, 0.8, 0.7, 0.6), (1, 0, 0, 1), 0.9, id="a tie in F1 goes to the higher"
        ),
        pytest.param(
            (NAN, 0.8, 0.9), (1, 1, -1), 0.8, id="unobserved and ignored pixels are left out"
        ),
    ],
)
def test_best_f1_threshold(
    probability: tuple[float, ...], label: tuple[int, ...], threshold: float
) -> None:
    assert best_f1_threshold(f32(*probability), i8(*label)) == pytest.approx(threshold)


def test_a_fold_gets_the_threshold_of_the_other_folds() -> None:
    probability = f32(0.9, 0.1, 0.6, 0.1, 0.3, 0.1)
    label = i8(1, 0, 1, 0, 1, 0)
    fold = i8(0, 0, 1, 1, 2, 2)

    chosen = best_f1_threshold_by_fold(probability, label, fold)

    assert chosen == pytest.approx({0: 0.3, 1: 0.3, 2: 0.6})


def test_a_threshold_needs_a_mine_in_the_other_folds() -> None:
    with pytest.raises(ModelError, match=r"folds other than 0 hold no mine .* folds\.n,"):
        best_f1_threshold_by_fold(f32(0.9, 0.1), i8(1, 0), i8(0, 1))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("observation.recall", 0.5, id="a clouded observation lowers recall"),
        pytest.param("observation.precision", 0.5, id="a valid false alarm lowers precision"),
        pytest.param(
            "common_support.observation.recall", 1.0, id="unless only valid ones count"
        ),
        pytest.param("location.recall", 1.0, id="locations use their valid dates"),
        pytest.param("coverage.observation", round(4 / 6, 6), id="share of valid observations"),
        pytest.param("coverage.location", 1.0, id="share of observed locations"),
        pytest.param("prevalence.location", round(1 / 3, 6), id="share of mines"),
        pytest.param(
            "baseline.random.location.precision", round(1 / 3, 6), id="a random model"
        ),
        pytest.param("count.observations", 6, id="all that was acquired"),
        pytest.param("observation.f1_low", None, id="one site has no interval"),
    ],
)
def test_scores_of_one_site(path: str, value: float | None) -> None:
    assert at(report(SITE), path) == value


def test_a_location_never_observed_is_left_out() -> None:
    clouded = replace(
        SITE,
        observation_probability=f32([NAN, 0.4, 0.1], [NAN, 0.6, NAN]),
        location_probability=f32(NAN, 0.5, 0.1),
    )

    assert at(report(clouded), "location.recall") is None
    assert at(report(clouded), "observation.recall") == 0


def test_ignored_labels_are_left_out_everywhere() -> None:
    ignored = replace(SITE, label=i8([1, -1, 0], [1, -1, 0]))

    found = report(ignored)

    assert at(found, "observation.precision") == 1
    assert at(found, "location.precision") == 1
    assert at(found, "prevalence.observation") == 0.5


def test_common_support_has_one_label_per_location() -> None:
    """A mine dug between the dates: its first date is labelled unlike its location."""
    dug = replace(
        SITE,
        label=i8([0, 0, 0], [1, 0, 0]),
        observation_probability=f32([0.9, 0.4, 0.1], [0.8, 0.6, 0.1]),
    )

    support = common_support([dug], against_truth=False)

    np.testing.assert_allclose(support.observation[0].mine, [0.8], rtol=1e-6)
    np.testing.assert_allclose(support.observation[0].other, [0.1, 0.1, 0.4, 0.6], rtol=1e-6)
    np.testing.assert_allclose(support.location[0].mine, [0.9], rtol=1e-6)


def test_the_locations_carry_the_labels_of_the_chosen_date() -> None:
    closed = replace(SITE, label=i8([1, 0, 0], [0, 0, 0]))

    assert at(report(closed), "location.recall") is None
    assert at(report(replace(SITE, label=closed.label, label_date=0)), "location.recall") == 1


def test_truth_is_scored_where_it_is_known() -> None:
    known = replace(SITE, site_id="b", truth=i8([1, 1, -1], [1, 1, -1]))

    found = report(SITE, known)

    assert at(found, "truth.location.recall") == 1
    assert at(found, "truth.location.precision") == 1
    assert at(found, "location.precision") == 0.5


def test_truth_is_absent_where_it_is_unknown() -> None:
    assert "truth" not in report(SITE)


def test_each_site_has_the_threshold_of_its_fold() -> None:
    sites = [SITE, replace(SITE, site_id="b", fold=1)]

    found = compute_scores(scored(sites, {0: 0.5, 1: 0.95}), SETTINGS)

    assert at(found, "location.recall") == 0.5


def test_an_interval_spans_the_scores_of_the_replicates() -> None:
    missed = replace(SITE, site_id="b", location_probability=f32(0.1, 0.1, 0.1))

    found = report(SITE, missed)

    assert at(found, "location.recall") == 0.5
    assert at(found, "location.recall_low") == 0
    assert at(found, "location.recall_high") == 1


def test_the_report_is_json() -> None:
    without_mine = replace(SITE, label=i8([0, 0, 0], [0, 0, 0]))

    text = json.dumps(report(without_mine), allow_nan=False)

    assert '"recall": null' in text


@pytest.mark.parametrize(
    ("sites", "message"),
    [
        pytest.param([SITE, SITE], "site_id twice", id="a site scored twice"),
        pytest.param(
            [replace(SITE, fold=9)], r"none for folds \[9\]", id="a fold without threshold"
        ),
    ],
)
def test_invalid_sites_are_refused(sites: list[SitePredictions], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        report(*sites)


def test_axes_must_agree() -> None:
    with pytest.raises(ValueError, match=r"site a must agree.*location_probability \(2,\)"):
        replace(SITE, location_probability=f32(0.1, 0.2))


def test_the_shape_must_hold_the_locations() -> None:
    with pytest.raises(ValueError, match=r"site a has 3 locations, but its shape is \(2, 2\)"):
        replace(SITE, shape=(2, 2))


def test_sites_of_a_group_are_drawn_together() -> None:
    bootstrap = Bootstrap(replicates=50, level=0.95, seed=7)

    draws = bootstrap.group_draws(["a", "b", "a", "c"])

    np.testing.assert_array_equal(draws[:, 0], draws[:, 2])
    np.testing.assert_array_equal(draws[0], 1)
    # As many groups as there are, of one or two sites.
    assert (draws[:, [0, 1, 3]].sum(axis=1) == 3).all()
    np.testing.assert_array_equal(bootstrap.group_draws("abcd"), bootstrap.draws(4))


def test_a_bootstrap_without_replicates_names_its_key() -> None:
    with pytest.raises(
        ConfigError, match=r"replicates >= 1 .* found replicates=0.* metrics\.bootstrap"
    ):
        Bootstrap(replicates=0, level=0.95, seed=7)


def test_precision_is_re_expressed_at_other_prevalences() -> None:
    """Recall 1, false alarm rate 1/2."""
    found = report(SITE)

    assert at(found, "transfer.precision_at_500000_ppm") == pytest.approx(2 / 3, abs=1e-6)
    assert at(found, "transfer.precision_at_1000_ppm") == pytest.approx(
        0.001 / (0.001 + 0.5 * 0.999), abs=1e-6
    )


def test_a_prevalence_is_a_share() -> None:
    with pytest.raises(ConfigError, match=r"metrics.prevalences must lie between 0 and 1"):
        replace(SETTINGS, prevalences=[0.55, 55])
