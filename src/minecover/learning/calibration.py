"""Fit the curve that makes out-of-fold probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from minecover.core.errors import ConfigError
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.learning.fitting import DECIMALS, FITTED_DECIMALS
from minecover.learning.models.calibrated import AsIs, Curve, Isotonic, Platt, logit

#: The values of `design.calibration`.
METHODS = ("none", "platt", "isotonic", "auto")
#: ``auto`` takes isotonic regression from this many mines on, which bends where it must, and
#: the two numbers of Platt's sigmoid below (Niculescu-Mizil & Caruana 2005, ICML).
ISOTONIC_FROM = 1000

STEPS = 10**DECIMALS
Tally = NDArray[np.int64]


def calibrated(sites: Sequence[OutOfFold], method: str) -> tuple[list[OutOfFold], Curve]:
    """Calibrate each fold by the other folds, and give the curve that ships.

    Parameters
    ----------
    sites : sequence of OutOfFold
    method : str
        One of `METHODS`.

    Returns
    -------
    sites : list of OutOfFold
        Each with the curve fitted on the sites of all other folds.
    curve : Curve
        Fitted on all sites.

    Raises
    ------
    ConfigError
        If there is no such method.
    """
    if method not in METHODS:
        raise ConfigError(
            f"design.calibration must be one of {', '.join(METHODS)}, found {method!r}."
        )
    if method == "none":
        return list(sites), AsIs()
    folds = sorted({site.fold for site in sites})
    by_fold = {k: tally([site for site in sites if site.fold == k]) for k in folds}
    everything = np.sum(list(by_fold.values()), axis=0)
    curves = {k: fit_curve(everything - counted, method) for k, counted in by_fold.items()}
    bent = [replace(site, probability=_bent(site, curves[site.fold])) for site in sites]
    return bent, fit_curve(everything, method)


def tally(sites: Sequence[OutOfFold]) -> Tally:
    """Count the valid observations at each probability: rounded, they are a million at most.

    Returns
    -------
    (2, STEPS + 1) int64
        Not mine and mine, by probability times `STEPS`.
    """
    counts = np.zeros((2, STEPS + 1), np.int64)
    for site in sites:
        step = np.rint(np.nan_to_num(site.probability.astype(np.float64)) * STEPS)
        for label in (0, 1):
            here = step[site.valid & (site.label == label)].astype(np.int64)
            counts[label] += np.bincount(here, minlength=STEPS + 1)
    return counts


def fit_curve(counts: Tally, method: str) -> Curve:
    """Fit the share of mines at each score.

    Parameters
    ----------
    counts : (2, STEPS + 1) int64
        See `tally`.
    method : str
        ``platt``, ``isotonic`` or ``auto``.
    """
    step = np.flatnonzero(counts.sum(axis=0))
    score, (other, mine) = step / STEPS, counts[:, step]
    if mine.sum() == 0 or other.sum() == 0:
        return AsIs()
    if method == "isotonic" or (method == "auto" and mine.sum() >= ISOTONIC_FROM):
        return _isotonic(score, other, mine)
    return _platt(score, other, mine)


def _isotonic(score: NDArray[np.float64], other: Tally, mine: Tally) -> Isotonic:
    """Fit centred isotonic regression.

    Isotonic regression gives steps, and with them ties where the model had an order. Straight
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


def _platt(score: NDArray[np.float64], other: Tally, mine: Tally) -> Platt:
    """Fit Platt's sigmoid; where scores fall with the share of mines, the share of all."""
    x = np.tile(logit(score), 2)[:, None]
    y = np.repeat([0, 1], len(score))
    weight = np.concatenate([other, mine]).astype(np.float64)
    fitted = LogisticRegression(C=1e6).fit(x, y, sample_weight=weight)
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope <= 0:
        slope, intercept = 0.0, float(np.log(mine.sum() / other.sum()))
    return Platt(round(slope, FITTED_DECIMALS), round(intercept, FITTED_DECIMALS))


def _bent(site: OutOfFold, curve: Curve) -> NDArray[np.float32]:
    """Bend one site's probabilities, rounded for the disk."""
    return np.round(curve(site.probability.astype(np.float64)), DECIMALS).astype(np.float32)
