"""Scores of label sets: mines against ground that looks like one, and chip against chip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minecover.evaluation.estimates import Estimates
from minecover.evaluation.ranking import F32, F64, ratio
from minecover.evaluation.support import SitePredictions

#: The score of a chip is the mean of this share of its locations, those of highest probability.
HIGHEST = 0.1


def has_objects(sites: Sequence[SitePredictions]) -> bool:
    """Return whether mines can be counted: not on chips, whose edges cut them."""
    return not any(site.chip_label >= 0 for site in sites)


def chip_scores(sites: Sequence[SitePredictions], draws: F64) -> Estimates:
    """Compute the scores that label sets allow.

    A mask that was drawn with a rule on indices is found again by any model of the same
    indices: scores over all pixels flatter. These two do not.

    Parameters
    ----------
    sites : sequence of SitePredictions
        The sites, in the order of the draws.
    draws : (1 + replicates, n_sites) float64
        How often each site counts; see `Bootstrap.draws`.

    Returns
    -------
    nested dict
        ``look_alike.auc``: the probability that a mine location scores higher than one that is
        known to look like a mine; only with such locations. ``chip.auc``: the same of chips
        that hold a mine and chips that do not, by `chip_score`, and ``chip.with_mask.auc`` of
        those with a mask; only with chips of both kinds.
    """
    found: Estimates = {}
    if any(site.look_alike is not None for site in sites):
        found["look_alike"] = _look_alike(sites, draws)
    label = np.array([site.chip_label for site in sites], np.int64)
    if {0, 1} <= set(label.tolist()):
        score = np.array([chip_score(site.location_probability) for site in sites], np.float32)
        has_mask = np.array([(site.label >= 0).any() for site in sites], np.bool_)
        found["chip"] = {
            **_of_chips(score, label, draws),
            "with_mask": _of_chips(score, np.where(has_mask, label, -1), draws),
        }
    return found


def chip_score(probability: F32) -> float:
    """Return the mean of the highest tenth of the probabilities of a chip; NaN without any.

    Parameters
    ----------
    probability : (n,) float32
        NaN where a location was not observed.
    """
    seen = np.sort(probability[~np.isnan(probability)])
    if not seen.size:
        return float("nan")
    return float(seen[-max(1, round(HIGHEST * seen.size)) :].mean(dtype=np.float64))


def weighted_auc(
    score: F32, positive: NDArray[np.bool_], site: NDArray[np.int64], draws: F64
) -> F64:
    """Compute the area under the ROC curve in each draw of the sites.

    Parameters
    ----------
    score : (n,) float32
        Finite; of equal scores one half counts.
    positive : (n,) bool
        Which of them should be high.
    site : (n,) int64
        Column of `draws` of each.
    draws : (n_draws, n_sites) float64
        How often each site counts.

    Returns
    -------
    (n_draws,) float64
        0 ... 1; NaN where a draw lacks one of the two.

    References
    ----------
    Hanley & McNeil (1982), Radiology 143, 29-36.
    """
    order = np.argsort(score, kind="stable")
    positive, site = positive[order], site[order]
    starts = np.flatnonzero(np.diff(score[order], prepend=np.float32(np.nan)) != 0)
    area, pairs = np.empty(len(draws)), np.empty(len(draws))
    for k, draw in enumerate(draws):
        weight = draw[site]
        high = np.add.reduceat(np.where(positive, weight, 0.0), starts)
        low = np.add.reduceat(np.where(positive, 0.0, weight), starts)
        # Whole numbers and halves: exact in any order.
        area[k] = (high * (np.cumsum(low) - low / 2)).sum()
        pairs[k] = high.sum() * low.sum()
    return ratio(area, pairs)


def _look_alike(sites: Sequence[SitePredictions], draws: F64) -> Estimates:
    """Compare the mines with what looks like them, on locations that were observed."""
    score, positive, site = [], [], []
    for k, one in enumerate(sites):
        is_mine = one.targets(against_truth=False) == 1
        alike = np.zeros_like(is_mine) if one.look_alike is None else one.look_alike
        used = (is_mine | alike) & ~np.isnan(one.location_probability)
        score.append(one.location_probability[used])
        positive.append(is_mine[used])
        site.append(np.full(np.count_nonzero(used), k, np.int64))
    is_positive = np.concatenate(positive)
    return {
        "auc": weighted_auc(np.concatenate(score), is_positive, np.concatenate(site), draws),
        "mine_locations": int(is_positive.sum()),
        "look_alike_locations": int((~is_positive).sum()),
    }


def _of_chips(score: F32, label: NDArray[np.int64], draws: F64) -> Estimates:
    """Compare the chips of label 1 with those of label 0."""
    used = np.flatnonzero((label >= 0) & ~np.isnan(score))
    return {
        "auc": weighted_auc(score[used], label[used] == 1, used, draws),
        "mine_chips": int((label[used] == 1).sum()),
        "other_chips": int((label[used] == 0).sum()),
    }
