"""Calibration: probabilities mean what they say, ranks stay, folds do not help themselves."""

from dataclasses import replace

import numpy as np
import pytest

from minecover.core.errors import ConfigError
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.learning.calibration import STEPS, calibrated, fit_curve, tally
from minecover.learning.models.calibrated import AsIs, Isotonic, Platt

METHODS = ("platt", "isotonic", "auto")


def boastful(site_id: str, fold: int, *, n: int = 20_000) -> OutOfFold:
    """A site whose scores say twice the log odds that are there."""
    rng = np.random.default_rng([fold, len(site_id)])
    odds = rng.normal(-2, 1.5, n)
    label = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(np.int8)
    probability = np.round(1 / (1 + np.exp(-2 * odds)), 6).astype(np.float32)
    valid = rng.random(n) < 0.9
    shape = (1, 100, n // 100)
    return OutOfFold(
        site_id=site_id,
        fold=fold,
        dates=("2017-01-01",),
        label=label.reshape(shape),
        truth=label.reshape(shape),
        valid=valid.reshape(shape),
        probability=np.where(valid, probability, np.nan).reshape(shape),
    )


SITES = [boastful("a", 0), boastful("b", 1), boastful("c", 2)]


def gap(sites: list[OutOfFold]) -> float:
    """Mean distance between what is said and what is there, in bins of a tenth."""
    p = np.concatenate([site.probability[site.valid] for site in sites])
    y = np.concatenate([site.label[site.valid] for site in sites])
    which = np.minimum((p * 10).astype(int), 9)
    off = np.bincount(which, p, 10) - np.bincount(which, y, 10)
    return float(np.abs(off).sum() / len(p))


@pytest.mark.parametrize("method", METHODS)
def test_a_calibrated_probability_means_what_it_says(method: str) -> None:
    bent, _ = calibrated(SITES, method)

    assert gap(SITES) > 0.05
    assert gap(bent) < 0.01


@pytest.mark.parametrize("method", METHODS)
def test_ranks_stay_within_a_fold(method: str) -> None:
    bent, _ = calibrated(SITES, method)

    before, after = (site.probability[site.valid] for site in (SITES[0], bent[0]))
    assert (np.diff(after[np.argsort(before, kind="stable")]) >= 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_what_is_not_valid_stays_without_a_probability(method: str) -> None:
    bent, _ = calibrated(SITES, method)

    np.testing.assert_array_equal(np.isfinite(bent[0].probability), SITES[0].valid)


@pytest.mark.parametrize("method", METHODS)
def test_a_fold_is_bent_by_the_others_alone(method: str) -> None:
    spoilt = replace(SITES[0], label=(1 - SITES[0].label).astype(np.int8))

    one, _ = calibrated(SITES, method)
    two, _ = calibrated([spoilt, *SITES[1:]], method)

    np.testing.assert_array_equal(one[0].probability, two[0].probability)
    assert not np.array_equal(one[1].probability, two[1].probability, equal_nan=True)


def test_without_calibration_scores_stay() -> None:
    bent, curve = calibrated(SITES, "none")

    assert bent == SITES
    assert curve == AsIs()


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(ConfigError, match=r"none, platt, isotonic, auto, found 'beta'"):
        calibrated(SITES, "beta")


@pytest.mark.parametrize(
    ("n", "kind"),
    [
        pytest.param(400, Platt, id="few mines: two numbers"),
        pytest.param(20_000, Isotonic, id="many mines: bends where it must"),
    ],
)
def test_auto_counts_the_mines(n: int, kind: type[Platt] | type[Isotonic]) -> None:
    _, curve = calibrated([boastful("a", 0, n=n), boastful("b", 1, n=n)], "auto")

    assert isinstance(curve, kind)


def counts(rows: list[tuple[float, int, int]]) -> np.ndarray:
    """Count negatives and mines at some scores."""
    table = np.zeros((2, STEPS + 1), np.int64)
    for score, other, mine in rows:
        table[:, round(score * STEPS)] = other, mine
    return table


def test_isotonic_runs_through_the_middle_of_its_steps() -> None:
    # Shares .1, .3 and .2: the last two are one step of .25 at the middle score.
    rows = [(0.2, 90, 10), (0.4, 70, 30), (0.6, 80, 20)]

    curve = fit_curve(counts(rows), "isotonic")

    np.testing.assert_allclose(curve(np.array([0.2, 0.5])), [0.1, 0.25])
    assert curve(np.array([0.45])) < curve(np.array([0.55]))


@pytest.mark.parametrize("method", METHODS)
def test_scores_that_tell_nothing_become_the_share_of_all(method: str) -> None:
    falling = counts([(0.2, 50, 50), (0.8, 90, 10)])

    curve = fit_curve(falling, method)

    assert curve(np.array([0.5])) == pytest.approx(0.3, abs=1e-3)


def test_one_class_only_is_left_as_it_is() -> None:
    assert fit_curve(counts([(0.3, 10, 0)]), "isotonic") == AsIs()


def test_a_tally_counts_labels_that_are_valid_and_known() -> None:
    site = replace(
        SITES[0],
        label=np.array([[[1, 0, -1, 0]]], np.int8),
        valid=np.array([[[True, True, True, False]]]),
        probability=np.array([[[0.25, 0.25, 0.5, np.nan]]], np.float32),
    )

    found = tally([site])

    assert found.sum(axis=1).tolist() == [1, 1]
    assert found[:, STEPS // 4].tolist() == [1, 1]
