from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score

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
    compute_scores,
    get_score,
    paired_differences,
)
from minecover.evaluation.bootstrap import N_THRESHOLDS, average_precisions

SETTINGS = EvaluationSettings(
    bootstrap=Bootstrap(replicates=20, level=0.9, seed=7),
    objects=ObjectRule(
        min_area_m2=1800, tolerance_m=30, f1_tolerance_px=[0, 1], false_per_100km2=[2, 5000]
    ),
    prevalences=[0.001],
)
SEEDS = st.integers(0, 2**32 - 1)
#: Coarse probabilities, so that ties are common.
TIED = st.integers(0, 20).map(lambda tenths: tenths / 20)


@st.composite
def ranked(draw: st.DrawFn) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Probabilities with ties, and labels with at least one mine."""
    n = draw(st.integers(1, 40))
    probability = draw(arrays(np.float32, n, elements=TIED))
    label = draw(arrays(np.int8, n, elements=st.integers(0, 1)))
    label[draw(st.integers(0, n - 1))] = 1
    return probability, label


def sites_of(seed: int) -> list[SitePredictions]:
    """Four sites of different skill, with clouds, ignored pixels and dated labels."""
    random = np.random.default_rng(seed)
    return [_site(random, site) for site in range(4)]


def _site(random: np.random.Generator, number: int) -> SitePredictions:
    shape = (3, 30)
    label = random.choice(np.array([-1, 0, 0, 0, 1], np.int8), shape)
    probability = np.round(random.random(shape) * 0.7 + number * 0.1 * (label == 1), 6).astype(
        np.float32
    )
    probability[random.random(shape) < 0.3] = np.nan
    observed = ~np.isnan(probability).all(axis=0)
    highest = np.where(observed, np.nan_to_num(probability).max(axis=0), np.nan).astype(
        np.float32
    )
    return SitePredictions(
        f"site-{number}", number % 2, label, label, probability, highest, -1, (5, 6)
    )


def scored(sites: list[SitePredictions]) -> ScoredModel:
    thresholds = {
        "observation": Thresholds(0.45, {0: 0.4, 1: 0.5}),
        "location": Thresholds(0.6, {0: 0.6, 1: 0.6}),
    }
    return ScoredModel(sites, thresholds)


def report(sites: list[SitePredictions]) -> Report:
    return compute_scores(scored(sites), SETTINGS)


@given(drawn=ranked())
def test_average_precision_is_scikit_learns(
    drawn: tuple[NDArray[np.float32], NDArray[np.int8]],
) -> None:
    probability, label = drawn

    assert average_precision(probability, label) == pytest.approx(
        average_precision_score(label, probability), rel=1e-12
    )


@given(drawn=ranked())
@settings(max_examples=30)
def test_no_threshold_beats_the_best(
    drawn: tuple[NDArray[np.float32], NDArray[np.int8]],
) -> None:
    probability, label = drawn
    everywhere = [f1_score(label, probability >= t) for t in np.unique(probability)]

    best = best_f1_threshold(probability, label)

    assert f1_score(label, probability >= np.float32(best)) == pytest.approx(max(everywhere))


@given(seed=SEEDS)
@settings(max_examples=20)
def test_scores_ignore_the_order_of_sites(seed: int) -> None:
    sites = sites_of(seed)

    assert report(sites[::-1]) == report(sites)


@given(seed=SEEDS)
@settings(max_examples=20)
def test_scores_of_pixels_ignore_their_order(seed: int) -> None:
    random = np.random.default_rng(seed)

    moved = report([_moved(site, random.permutation(30)) for site in sites_of(seed)])

    found = report(sites_of(seed))
    assert {name: moved[name] for name in PIXELWISE} == {
        name: found[name] for name in PIXELWISE
    }


#: Scores counted pixel by pixel, wherever the pixels lie.
PIXELWISE = ("observation", "location", "common_support", "calibration", "transfer", "coverage")


@given(seed=SEEDS, axes=st.sets(st.integers(0, 1)))
@settings(max_examples=20)
def test_scores_ignore_flips(seed: int, axes: set[int]) -> None:
    """Sites turned upside down or mirrored have the same objects."""
    turned = np.flip(np.arange(30).reshape(5, 6), tuple(axes)).ravel()

    assert report([_moved(site, turned) for site in sites_of(seed)]) == report(sites_of(seed))


@given(seed=SEEDS, order=st.permutations(range(3)))
@settings(max_examples=20)
def test_scores_ignore_the_order_of_dates(seed: int, order: list[int]) -> None:
    sites = sites_of(seed)
    moved = [
        replace(
            site,
            label=site.label[order],
            truth=site.label[order],
            observation_probability=site.observation_probability[order],
            label_date=order.index(2),
        )
        for site in sites
    ]

    assert report(moved) == report(sites)


@given(seed=SEEDS)
@settings(max_examples=20)
def test_one_more_clouded_date_changes_no_score_of_valid_pixels(seed: int) -> None:
    """Only the published observations, of which a clouded one counts as missed, change."""
    sites = sites_of(seed)
    found = report(sites)

    more = report([_with_clouds(site) for site in sites])

    unchanged = ("location", "common_support", "calibration", "transfer", "objects")
    assert {name: more[name] for name in unchanged} == {name: found[name] for name in unchanged}
    assert get_score(more, "coverage.location") == get_score(found, "coverage.location")


def _moved(site: SitePredictions, order: NDArray[np.int64]) -> SitePredictions:
    label = site.label[:, order]
    return replace(
        site,
        label=label,
        truth=label,
        observation_probability=site.observation_probability[:, order],
        location_probability=site.location_probability[order],
    )


def _with_clouds(site: SitePredictions) -> SitePredictions:
    """Put a fully clouded date before the others."""
    label = np.concatenate([site.label[-1:], site.label])
    clouds = np.full((1, 30), np.nan, np.float32)
    probability = np.concatenate([clouds, site.observation_probability])
    return replace(site, label=label, truth=label, observation_probability=probability)


def test_shuffled_labels_score_like_chance() -> None:
    """Labels that are independent of the predictions are found by chance."""
    random = np.random.default_rng(7)
    sites = [_shuffled(random, index) for index in range(40)]

    found = report(sites)

    prevalence = get_score(found, "prevalence.location")
    assert get_score(found, "location.precision") == pytest.approx(prevalence, rel=0.1)
    assert get_score(found, "location.average_precision") == pytest.approx(prevalence, rel=0.1)
    assert get_score(found, "transfer.precision_at_1000_ppm") == pytest.approx(0.001, rel=0.2)
    assert get_score(found, "calibration.location.brier_skill") < 0


def _shuffled(random: np.random.Generator, index: int) -> SitePredictions:
    """Return a site whose labels were shuffled after it was predicted."""
    label = (random.random(900) < 0.1).astype(np.int8)
    probability = np.clip(random.random(900) * 0.8 + 0.3 * label, 0, 1).astype(np.float32)
    random.shuffle(label)
    dated = label[None]
    return SitePredictions(
        f"{index:02d}", index % 2, dated, dated, probability[None], probability, -1, (30, 30)
    )


@given(seed=SEEDS)
@settings(max_examples=20)
def test_swapping_the_models_changes_the_sign(seed: int) -> None:
    a, b = scored(sites_of(seed)), scored(sites_of(seed)[::-1])
    better = replace(a, sites=[_raised(site) for site in a.sites])

    there, back = (
        paired_differences(b, better, SETTINGS),
        paired_differences(better, b, SETTINGS),
    )

    np.testing.assert_allclose(there["difference"], -back["difference"])
    np.testing.assert_allclose(there["difference_low"], -back["difference_high"], atol=2e-6)


def _raised(site: SitePredictions) -> SitePredictions:
    """Raise the probability of the mines."""
    better = np.clip(site.location_probability + 0.2 * (site.label[-1] == 1), 0, 1)
    return replace(site, location_probability=better.astype(np.float32))


@given(seed=SEEDS)
@settings(max_examples=20)
def test_truth_equal_to_the_labels_scores_the_same(seed: int) -> None:
    found = report(sites_of(seed))

    assert isinstance(found["truth"], dict)
    assert found["truth"] == {name: found[name] for name in found["truth"]}


@given(seed=SEEDS)
@settings(max_examples=20)
def test_clouds_lower_recall_but_not_precision(seed: int) -> None:
    sites = sites_of(seed)
    for site in sites:
        site.label[:] = site.label[-1]  # undated, so that both supports hold the same labels

    found = pd.json_normalize(report(sites))

    assert (found["observation.recall"] <= found["common_support.observation.recall"]).all()
    assert (
        found["observation.precision"] == found["common_support.observation.precision"]
    ).all()


@given(seed=SEEDS)
@settings(max_examples=20)
def test_bootstrap_average_precision_is_exact_on_few_probabilities(seed: int) -> None:
    random = np.random.default_rng(seed)
    probability = np.round(random.random((4, 50)), 2).astype(np.float32)
    label = (random.random((4, 50)) < 0.3).astype(np.int8)
    label[:, 0] = 1
    drawn = random.integers(4, size=4)
    weights = np.bincount(drawn, minlength=4)[None].astype(np.float64)
    rankings = [Ranking.of(s, y) for s, y in zip(probability, label, strict=True)]

    found = average_precisions(rankings, weights)

    assert found[0] == pytest.approx(
        average_precision_score(label[drawn].ravel(), probability[drawn].ravel()), rel=1e-9
    )


def test_bootstrap_average_precision_is_close_on_many_probabilities() -> None:
    random = np.random.default_rng(7)
    n = 10 * N_THRESHOLDS
    label = (random.random(n) < 0.5).astype(np.int8)
    probability = (random.normal(size=n) + label).astype(np.float32)

    found = average_precisions([Ranking.of(probability, label)], np.ones((1, 1)))

    assert found[0] == pytest.approx(average_precision(probability, label), abs=2e-4)
