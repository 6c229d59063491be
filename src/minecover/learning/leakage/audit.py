"""Leakage audit: search for ways in which test ground could be known in training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score
from threadpoolctl import threadpool_limits

from minecover.core.cube import F32
from minecover.core.errors import FoldError
from minecover.core.sites import Site, local_squares
from minecover.learning.leakage.evidence import F64, I8, Evidence, quantiles

#: A model of the position in the site alone, or of the site alone, may reach this many times
#: the average precision of chance, no more.
LIFT_LIMIT = 1.25
#: A feature identifies the site if its range inside a site is less than this share of its range
#: over the sites, like the distance to a far river: a site-only model sees these. The medians
#: of other features say how much bare ground a site has, which is no leak.
IDENTIFIES_SITE = 0.25
#: This share of the valid pixels may equal a pixel of another fold in every band, as water and
#: saturated ground do by chance.
DUPLICATE_LIMIT = 1e-4

Audit = dict[str, float | int | bool | list[str]]


def audit(
    sites: Sequence[Site],
    folds: pd.DataFrame,
    evidence: Sequence[Evidence],
    *,
    features: Sequence[str],
    buffer_m: float,
    seed: int,
) -> Audit:
    """Search for ways in which test ground could be known in training.

    Parameters
    ----------
    sites : sequence of Site
    folds : DataFrame
        What `GroupedFolds.deal` returned.
    evidence : sequence of Evidence
        One a site, in the order of the sites.
    features : sequence of str
        Names of the features in the evidence.
    buffer_m : float
        Training pixels nearer than this to test ground are dropped [m].
    seed : int
        Seed of the models.

    Returns
    -------
    dict
        Ground: ``split_groups`` (groups in two folds), ``overlapping_pairs`` (pairs of sites
        that share ground across folds), ``nearest_m`` (least distance between squares of two
        folds) and ``train_test_m`` (the same after the buffer), ``duplicate_pixels`` (valid
        locations that equal one of another fold in every band) and their share.
        Skill without looking: ``position_only_lift`` and ``site_only_lift``, the average
        precision over prevalence of a model that sees only row and column inside the site, or
        only the site's medians of the features that identify it (``site_features``). On unseen
        sites the second can only know what they share with sites of other folds.
        Without a limit: ``site_median_lift``, the same with the medians of all features, which
        may know how bare a site is; the average precision of a quick model on a random and on
        the grouped split, and their difference, by which a random split would be too high.
        ``failed`` names what is above its limit; ``passed`` says whether nothing is.
    """
    fold_of = dict(zip(folds["site_id"], folds["fold"], strict=True))
    fold = np.array([fold_of[site.site_id] for site in sites])
    pairs = folds[["group", "fold"]].drop_duplicates()
    overlapping, nearest_m = _across(sites, fold)
    n_pixels = sum(one.digest.size for one in evidence)
    duplicates = _duplicates(evidence, fold)
    identifying = _identifying(evidence)
    limits: dict[str, tuple[float, float]] = {
        "split_groups": (int(pairs["group"].duplicated().sum()), 0),
        "overlapping_pairs": (overlapping, 0),
        "duplicate_share": (round(duplicates / max(n_pixels, 1), 6), DUPLICATE_LIMIT),
        "position_only_lift": (round(_position_lift(evidence, fold, seed), 3), LIFT_LIMIT),
        "site_only_lift": (round(_site_lift(evidence, identifying, fold, seed), 3), LIFT_LIMIT),
    }
    failed = [name for name, (value, limit) in limits.items() if value > limit]
    return {
        "n_folds": len(set(fold.tolist())),
        "n_groups": int(folds["group"].nunique()),
        **{name: value for name, (value, _) in limits.items()},
        "site_features": [features[place] for place in np.flatnonzero(identifying).tolist()],
        "site_median_lift": round(
            _site_lift(evidence, np.ones_like(identifying), fold, seed), 3
        ),
        "duplicate_pixels": duplicates,
        "nearest_m": round(nearest_m, 1),
        "train_test_m": round(max(nearest_m, buffer_m), 1),
        "position_only_limit": LIFT_LIMIT,
        "site_only_limit": LIFT_LIMIT,
        "duplicate_limit": DUPLICATE_LIMIT,
        **_splits(evidence, fold, seed),
        "failed": failed,
        "passed": not failed,
    }


def _across(sites: Sequence[Site], fold: I8) -> tuple[int, float]:
    """Count overlapping squares of different folds, and measure the nearest two [m]."""
    local = local_squares(sites)
    # A millimetre less, so that tiles which only touch do not count as shared ground.
    inner = local.buffer(-0.001, join_style="mitre")
    a, b = inner.sindex.query(inner.to_numpy(), predicate="intersects")
    overlapping = int(((a < b) & (fold[a] != fold[b])).sum())
    nearest = np.inf
    for k in np.unique(fold):
        theirs = shapely.union_all(local[fold != k].to_numpy())
        nearest = min(nearest, float(local[fold == k].distance(theirs).min()))
    return overlapping, nearest


def _duplicates(evidence: Sequence[Evidence], fold: I8) -> int:
    """Count the locations whose digest occurs in another fold as well."""
    digest = np.concatenate([one.digest for one in evidence])
    folds = np.repeat(fold, [one.digest.size for one in evidence])
    _, which = np.unique(digest, return_inverse=True)
    lowest, highest = np.full(digest.size, 127), np.full(digest.size, -1)
    np.minimum.at(lowest, which, folds)
    np.maximum.at(highest, which, folds)
    return int((lowest[which] < highest[which]).sum())


def _position_lift(evidence: Sequence[Evidence], fold: I8, seed: int) -> float:
    """Compute the average precision over chance of a model of the position inside the site."""
    shape = evidence[0].label.shape
    if any(one.label.shape != shape for one in evidence):
        raise FoldError(
            "sites of different sizes cannot be audited for position. Use one size_px in all "
            "of sites.layouts."
        )
    position = np.indices(shape).reshape(2, -1).T.astype(np.float32)
    label = np.stack([one.label.ravel() for one in evidence])
    score = np.zeros(label.shape)
    for k in np.unique(fold):
        count = np.stack([(label[fold != k] == target).sum(0) for target in (0, 1)])
        model = HistGradientBoostingClassifier(max_iter=30, random_state=seed)
        # Threads that wait for each other thousands of times are slow on a busy machine.
        with threadpool_limits(limits=1):
            model.fit(
                np.tile(position, (2, 1)),
                np.repeat([0, 1], len(position)),
                sample_weight=count.ravel().astype(np.float64),
            )
            score[fold == k] = model.predict_proba(position)[:, 1]
    known = label >= 0
    is_mine = label[known] == 1
    return float(average_precision_score(is_mine, score[known]) / is_mine.mean())


def _identifying(evidence: Sequence[Evidence]) -> NDArray[np.bool_]:
    """Mark the features that are nearly constant inside a site and differ between sites."""
    (inside,) = quantiles(np.stack([one.spread for one in evidence]), (0.5,))
    low, high = quantiles(np.stack([one.median for one in evidence]), (0.05, 0.95))
    between = high - low
    identifying: NDArray[np.bool_] = (between > 0) & (inside < IDENTIFIES_SITE * between)
    return identifying


def _site_lift(
    evidence: Sequence[Evidence], features: NDArray[np.bool_], fold: I8, seed: int
) -> float:
    """Compute the average precision over chance of a model of site medians; 1 without any."""
    if not features.any():
        return 1.0
    median = np.nan_to_num(np.stack([one.median[features] for one in evidence]))
    count = np.array([[(one.label == target).sum() for target in (0, 1)] for one in evidence])
    score = np.zeros(len(evidence))
    for k in np.unique(fold):
        known = fold != k
        model = ExtraTreesClassifier(100, min_samples_leaf=5, random_state=seed)
        model.fit(
            np.repeat(median[known], 2, axis=0),
            np.tile([0, 1], known.sum()),
            sample_weight=count[known].ravel().astype(np.float64),
        )
        score[~known] = model.predict_proba(median[~known])[:, 1]
    return _weighted_precision(
        np.tile([0, 1], len(count)), np.repeat(score, 2), count.ravel()
    ) / float(count[:, 1].sum() / count.sum())


def _splits(evidence: Sequence[Evidence], fold: I8, seed: int) -> dict[str, float]:
    """Compute a quick model's average precision on a random and on the grouped split."""
    X = np.concatenate([one.X for one in evidence])
    y = np.concatenate([one.y for one in evidence])
    weight = np.concatenate([one.weight for one in evidence])
    by_group = np.repeat(fold, [len(one.y) for one in evidence])
    by_chance = np.random.default_rng(seed).permutation(by_group)
    random, grouped = (
        round(_weighted_precision(y, _held_out(X, y, split, seed), weight), 3)
        for split in (by_chance, by_group)
    )
    return {
        "random_split_average_precision": random,
        "grouped_split_average_precision": grouped,
        "random_minus_grouped": round(random - grouped, 3),
    }


def _held_out(X: F32, y: I8, split: I8, seed: int) -> F64:
    """Predict every row with a model that was trained on the other parts of a split."""
    score = np.zeros(len(y))
    for k in np.unique(split):
        tested = split == k
        # Fully grown trees remember best what a random split lets them see.
        model = ExtraTreesClassifier(20, random_state=seed, n_jobs=-1)
        model.fit(X[~tested], y[~tested])
        # One thread: several add up in an order that changes the last bits.
        model.n_jobs = None
        score[tested] = model.predict_proba(X[tested])[:, 1]
    return score


def _weighted_precision(y: NDArray[np.int_] | I8, score: F64, weight: F64) -> float:
    """Compute the weighted average precision."""
    return float(average_precision_score(y, score, sample_weight=weight))
