import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score

from minecover.metrics import (
    Bootstrap,
    Ranking,
    Report,
    SiteScores,
    average_precision,
    best_f1_threshold,
    scores,
)
from minecover.metrics.bootstrap import N_THRESHOLDS, average_precisions

SEEDS = st.integers(0, 2**32 - 1)
#: Coarse scores, so that ties are common.
TIED = st.integers(0, 20).map(lambda tenths: tenths / 20)


@st.composite
def ranked(draw: st.DrawFn) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Scores with ties, and labels with at least one mine."""
    n = draw(st.integers(1, 40))
    score = draw(arrays(np.float32, n, elements=TIED))
    label = draw(arrays(np.int8, n, elements=st.integers(0, 1)))
    label[draw(st.integers(0, n - 1))] = 1
    return score, label


def world(seed: int) -> list[SiteScores]:
    """Four sites of unlike skill, clouds, ignored pixels and dated labels."""
    random = np.random.default_rng(seed)
    return [_site(random, site) for site in range(4)]


def _site(random: np.random.Generator, number: int) -> SiteScores:
    shape = (3, 30)
    label = random.choice(np.array([-1, 0, 0, 0, 1], np.int8), shape)
    probability = np.round(random.random(shape) * 0.7 + number * 0.1 * (label == 1), 6).astype(
        np.float32
    )
    probability[random.random(shape) < 0.3] = np.nan
    seen = ~np.isnan(probability).all(axis=0)
    score = np.where(seen, np.nan_to_num(probability).max(axis=0), np.nan).astype(np.float32)
    return SiteScores(f"site-{number}", number % 2, label, label, probability, score, -1)


def report(sites: list[SiteScores]) -> Report:
    return scores(
        sites,
        observation_threshold={0: 0.4, 1: 0.5},
        location_threshold={0: 0.6, 1: 0.6},
        bootstrap=Bootstrap(replicates=20, level=0.9, seed=7),
    )


@given(drawn=ranked())
def test_average_precision_is_scikit_learns(
    drawn: tuple[NDArray[np.float32], NDArray[np.int8]],
) -> None:
    score, label = drawn

    assert average_precision(score, label) == pytest.approx(
        average_precision_score(label, score), rel=1e-12
    )


@given(drawn=ranked())
@settings(max_examples=30)
def test_no_threshold_beats_the_best(
    drawn: tuple[NDArray[np.float32], NDArray[np.int8]],
) -> None:
    score, label = drawn
    everywhere = [f1_score(label, score >= t) for t in np.unique(score)]

    best = best_f1_threshold(score, label)

    assert f1_score(label, score >= np.float32(best)) == pytest.approx(max(everywhere))


@given(seed=SEEDS)
@settings(max_examples=20)
def test_scores_ignore_the_order_of_pixels_and_sites(seed: int) -> None:
    sites = world(seed)
    random = np.random.default_rng(seed)
    moved = [_moved(site, random.permutation(30)) for site in reversed(sites)]

    assert report(moved) == report(sites)


def _moved(site: SiteScores, order: NDArray[np.int64]) -> SiteScores:
    label = site.label[:, order]
    return SiteScores(
        site.site_id,
        site.fold,
        label,
        label,
        site.probability[:, order],
        site.location_score[order],
        site.label_date,
    )


@given(seed=SEEDS)
@settings(max_examples=20)
def test_truth_equal_to_the_labels_scores_the_same(seed: int) -> None:
    found = report(world(seed))

    assert found["truth"] == {
        name: found[name] for name in ("observation", "location", "common_support")
    }


@given(seed=SEEDS)
@settings(max_examples=20)
def test_clouds_cost_recall_but_no_precision(seed: int) -> None:
    sites = world(seed)
    for site in sites:
        site.label[:] = site.label[-1]  # undated, so that both supports hold the same labels

    found = pd.json_normalize(report(sites))

    assert (found["observation.recall"] <= found["common_support.observation.recall"]).all()
    assert (
        found["observation.precision"] == found["common_support.observation.precision"]
    ).all()


@given(seed=SEEDS)
@settings(max_examples=20)
def test_bootstrap_average_precision_is_exact_on_few_scores(seed: int) -> None:
    random = np.random.default_rng(seed)
    score = np.round(random.random((4, 50)), 2).astype(np.float32)
    label = (random.random((4, 50)) < 0.3).astype(np.int8)
    label[:, 0] = 1
    drawn = random.integers(4, size=4)
    weights = np.bincount(drawn, minlength=4)[None].astype(np.float64)
    rankings = [Ranking.of(s, y) for s, y in zip(score, label, strict=True)]

    found = average_precisions(rankings, weights)

    assert found[0] == pytest.approx(
        average_precision_score(label[drawn].ravel(), score[drawn].ravel()), rel=1e-9
    )


def test_bootstrap_average_precision_is_close_on_many_scores() -> None:
    random = np.random.default_rng(7)
    n = 10 * N_THRESHOLDS
    label = (random.random(n) < 0.5).astype(np.int8)
    score = (random.normal(size=n) + label).astype(np.float32)

    found = average_precisions([Ranking.of(score, label)], np.ones((1, 1)))

    assert found[0] == pytest.approx(average_precision(score, label), abs=2e-4)
