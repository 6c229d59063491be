"""Calibration: probabilities mean what they say, ranks stay, folds use other folds alone."""

from dataclasses import replace

import numpy as np
import pytest

from minecover.core.errors import ConfigError
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.learning.calibration import STEPS, calibrate, count_labels, fit_curve
from minecover.learning.models.calibrated import AsIs, Isotonic, Platt

METHODS = ("platt", "isotonic", "auto")


def overconfident(site_id: str, fold: int, *, n: int = 20_000) -> OutOfFold:
    """Make a site whose probabilities have twice the true log odds."""
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


SITES = [overconfident("a", 0), overconfident("b", 1), overconfident("c", 2)]


def calibration_error(sites: list[OutOfFold]) -> float:
    """Compute the expected calibration error in ten bins."""
    p = np.concatenate([site.probability[site.valid] for site in sites])
    y = np.concatenate([site.label[site.valid] for site in sites])
    which = np.minimum((p * 10).astype(int), 9)
    off = np.bincount(which, p, 10) - np.bincount(which, y, 10)
    return float(np.abs(off).sum() / len(p))


@pytest.mark.parametrize("method", METHODS)
def test_a_calibrated_probability_means_what_it_says(method: str) -> None:
    calibrated, _ = calibrate(SITES, method)

    assert calibration_error(SITES) > 0.05
    assert calibration_error(calibrated) < 0.01


@pytest.mark.parametrize("method", METHODS)
def test_ranks_stay_within_a_fold(method: str) -> None:
    calibrated, _ = calibrate(SITES, method)

    before, after = (site.probability[site.valid] for site in (SITES[0], calibrated[0]))
    assert (np.diff(after[np.argsort(before, kind="stable")]) >= 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_invalid_observations_stay_without_a_probability(method: str) -> None:
    calibrated, _ = calibrate(SITES, method)

    np.testing.assert_array_equal(np.isfinite(calibrated[0].probability), SITES[0].valid)


@pytest.mark.parametrize("method", METHODS)
def test_the_labels_of_a_fold_do_not_change_its_own_curve(method: str) -> None:
    flipped = replace(SITES[0], label=(1 - SITES[0].label).astype(np.int8))

    one, _ = calibrate(SITES, method)
    two, _ = calibrate([flipped, *SITES[1:]], method)

    np.testing.assert_array_equal(one[0].probability, two[0].probability)
    assert not np.array_equal(one[1].probability, two[1].probability, equal_nan=True)


def test_without_calibration_probabilities_stay() -> None:
    calibrated, curve = calibrate(SITES, "none")

    assert calibrated == SITES
    assert curve == AsIs()


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(ConfigError, match=r"none, platt, isotonic, auto, found 'beta'"):
        calibrate(SITES, "beta")


@pytest.mark.parametrize(
    ("n", "kind"),
    [
        pytest.param(400, Platt, id="few mines"),
        pytest.param(20_000, Isotonic, id="many mines"),
    ],
)
def test_auto_chooses_by_the_number_of_mines(
    n: int, kind: type[Platt] | type[Isotonic]
) -> None:
    _, curve = calibrate([overconfident("a", 0, n=n), overconfident("b", 1, n=n)], "auto")

    assert isinstance(curve, kind)


def counts(rows: list[tuple[float, int, int]]) -> np.ndarray:
    """Make counts of negatives and mines at some probabilities."""
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
def test_falling_scores_become_the_share_of_all(method: str) -> None:
    falling = counts([(0.2, 50, 50), (0.8, 90, 10)])

    curve = fit_curve(falling, method)

    assert curve(np.array([0.5])) == pytest.approx(0.3, abs=1e-3)


def test_counts_of_one_class_change_nothing() -> None:
    assert fit_curve(counts([(0.3, 10, 0)]), "isotonic") == AsIs()


def test_valid_and_known_labels_are_counted() -> None:
    site = replace(
        SITES[0],
        label=np.array([[[1, 0, -1, 0]]], np.int8),
        valid=np.array([[[True, True, True, False]]]),
        probability=np.array([[[0.25, 0.25, 0.5, np.nan]]], np.float32),
    )

    found = count_labels([site])

    assert found.sum(axis=1).tolist() == [1, 1]
    assert found[:, STEPS // 4].tolist() == [1, 1]
