"""Fit calibration curves on out-of-fold probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from minecover.core.errors import ConfigError
from minecover.core.probabilities import DECIMALS
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.learning.fitting import FITTED_DECIMALS
from minecover.learning.models.calibrated import AsIs, Curve, Isotonic, Platt, logit

#: The values of `design.calibration`.
METHODS = ("none", "platt", "isotonic", "auto")
#: ``auto`` is isotonic regression from this many mines on, and below it Platt's sigmoid, which
#: has two parameters only (Niculescu-Mizil & Caruana 2005, ICML).
ISOTONIC_FROM = 1000

STEPS = 10**DECIMALS
Counts = NDArray[np.int64]


def calibrate(sites: Sequence[OutOfFold], method: str) -> tuple[list[OutOfFold], Curve]:
    """Calibrate each fold with a curve of the other folds, and fit the final curve on all.

    Parameters
    ----------
    sites : sequence of OutOfFold
        Probabilities as the models say them.
    method : str
        One of `METHODS`.

    Returns
    -------
    sites : list of OutOfFold
        Probabilities of each site through the curve of all other folds.
    curve : Curve
        Fitted on all sites: the one of the final model.

    Raises
    ------
    ConfigError
        If `method` is none of `METHODS`.
    """
    if method not in METHODS:
        raise ConfigError(
            f"design.calibration must be one of {', '.join(METHODS)}, found {method!r}."
        )
    if method == "none":
        return list(sites), AsIs()
    folds = sorted({site.fold for site in sites})
    by_fold = {k: count_labels([site for site in sites if site.fold == k]) for k in folds}
    everything = np.sum(list(by_fold.values()), axis=0)
    curves = {k: fit_curve(everything - counted, method) for k, counted in by_fold.items()}
    calibrated = [
        replace(site, probability=_through(curves[site.fold], site)) for site in sites
    ]
    return calibrated, fit_curve(everything, method)


def count_labels(sites: Sequence[OutOfFold]) -> Counts:
    """Count the valid observations of both labels at each rounded probability.

    Parameters
    ----------
    sites : sequence of OutOfFold

    Returns
    -------
    (2, STEPS + 1) int64
        Rows: not mine and mine. Columns: probability times `STEPS`.
    """
    counts = np.zeros((2, STEPS + 1), np.int64)
    for site in sites:
        step = np.rint(np.nan_to_num(site.probability.astype(np.float64)) * STEPS)
        for label in (0, 1):
            here = step[site.valid & (site.label == label)].astype(np.int64)
            counts[label] += np.bincount(here, minlength=STEPS + 1)
    return counts


def fit_curve(counts: Counts, method: str) -> Curve:
    """Fit the share of mines as a function of the probability.

    Parameters
    ----------
    counts : (2, STEPS + 1) int64
        See `count_labels`.
    method : str
        ``platt``, ``isotonic`` or ``auto``.

    Returns
    -------
    Curve
        `AsIs` if the counts hold one label only.
    """
    step = np.flatnonzero(counts.sum(axis=0))
    score, (other, mine) = step / STEPS, counts[:, step]
    if mine.sum() == 0 or other.sum() == 0:
        return AsIs()
    if method == "isotonic" or (method == "auto" and mine.sum() >= ISOTONIC_FROM):
        return _isotonic(score, other, mine)
    return _platt(score, other, mine)


def _isotonic(score: NDArray[np.float64], other: Counts, mine: Counts) -> Isotonic:
    """Fit centred isotonic regression.

    Isotonic regression fits steps, and with them ties where the model had an order. Straight
    lines between the middles of the steps keep the order.

    References
    ----------
    Oron & Flournoy (2017), Centered isotonic regression, Stat. Biopharm. Res. 9, 258-267.
    """
    n = (other + mine).astype(np.float64)
    share = IsotonicRegression(y_min=0.0, y_max=1.0).fit_transform(
        score, mine / n, sample_weight=n
    )
    first = np.flatnonzero(np.diff(share, prepend=-1.0))
    middle = np.add.reduceat(score * n, first) / np.add.reduceat(n, first)
    return Isotonic(
        np.concatenate([[0.0], middle, [1.0]]), np.concatenate([[0.0], share[first], [1.0]])
    )


def _platt(score: NDArray[np.float64], other: Counts, mine: Counts) -> Platt:
    """Fit Platt's sigmoid; a constant, the share of all, if its slope would not be positive."""
    weight = np.concatenate([other, mine]).astype(np.float64)
    used = weight > 0
    x = np.tile(logit(score), 2)[used, None]
    y = np.repeat([0, 1], len(score))[used]
    fitted = LogisticRegression(C=1e6).fit(x, y, sample_weight=weight[used])
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope <= 0:
        slope, intercept = 0.0, float(np.log(mine.sum() / other.sum()))
    return Platt(round(slope, FITTED_DECIMALS), round(intercept, FITTED_DECIMALS))


def _through(curve: Curve, site: OutOfFold) -> NDArray[np.float32]:
    """Calibrate one site's probabilities, rounded as they are written."""
    return np.round(curve(site.probability.astype(np.float64)), DECIMALS).astype(np.float32)
