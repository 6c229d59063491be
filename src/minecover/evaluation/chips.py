"""Scores of chips: those that hold a mine against those that do not, by one fixed rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minecover.evaluation.estimates import Estimates
from minecover.evaluation.pooling import CHIP_POOLING, POOLINGS, pooled
from minecover.evaluation.ranking import F32, F64
from minecover.evaluation.roc import weighted_auc
from minecover.evaluation.support import SitePredictions


def has_objects(sites: Sequence[SitePredictions]) -> bool:
    """Return whether mines can be counted: not on chips, whose edges cut them."""
    return not any(site.chip_label >= 0 for site in sites)


def chip_scores(sites: Sequence[SitePredictions], draws: F64) -> Estimates:
    """Compute how well chips that hold a mine are separated from others.

    The score of a chip is always `chip_score`, so that these areas compare with those of other
    works; `minecover.evaluation.site_detection` chooses the rule.

    Parameters
    ----------
    sites : sequence of SitePredictions
        The sites, in the order of the draws.
    draws : (1 + replicates, n_sites) float64
        How often each site counts; see `Bootstrap.group_draws`.

    Returns
    -------
    nested dict
        ``chip.auc``, and ``chip.with_mask.auc`` of the chips with a mask alone; only with chips
        of both kinds.
    """
    label = np.array([site.chip_label for site in sites], np.int64)
    if not {0, 1} <= set(label.tolist()):
        return {}
    score = np.array([chip_score(site.location_probability) for site in sites], np.float32)
    has_mask = np.array([(site.label >= 0).any() for site in sites], np.bool_)
    with_mask = np.where(has_mask, label, -1)
    return {
        "chip": {
            **_of_chips(score, label, draws),
            "with_mask": _of_chips(score, with_mask, draws),
        }
    }


def chip_score(probability: F32) -> float:
    """Return the mean of the highest tenth of the probabilities of a chip; NaN without any.

    Parameters
    ----------
    probability : (n,) float32
        NaN where a location was not observed.
    """
    return pooled(probability, POOLINGS[CHIP_POOLING])


def _of_chips(score: F32, label: NDArray[np.int64], draws: F64) -> Estimates:
    """Compare the chips of label 1 with those of label 0."""
    used = np.flatnonzero((label >= 0) & ~np.isnan(score))
    return {
        "auc": weighted_auc(score[used], label[used] == 1, used, draws),
        "mine_chips": int((label[used] == 1).sum()),
        "other_chips": int((label[used] == 0).sum()),
    }
