"""Site detection: how well sites that hold a mine are separated from sites that do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minecover.evaluation.bootstrap import average_precisions
from minecover.evaluation.estimates import Estimates
from minecover.evaluation.look_alikes import key_of
from minecover.evaluation.pooling import (
    POOLINGS,
    pooled_scores,
    pooling_by_fold,
    scores_by_fold,
)
from minecover.evaluation.ranking import F32, F64, Ranking, ratio
from minecover.evaluation.roc import cut_at_false_share, recall_at_false_share, weighted_auc
from minecover.evaluation.support import SitePredictions

#: Share of the sites without a mine that may be called, at which recall is reported.
MOST_FALSE = 0.05

I64 = NDArray[np.int64]


def site_scores(
    sites: Sequence[SitePredictions], draws: F64, *, pooling: str | None
) -> Estimates:
    """Compute how well sites that hold a mine are separated from sites that do not.

    Parameters
    ----------
    sites : sequence of SitePredictions
        Background sites included, in the order of the draws.
    draws : (1 + replicates, n_sites) float64
        How often each site counts; see `Bootstrap.group_draws`.
    pooling : str or None
        One of `POOLINGS`. None chooses the pooling of each fold on the other folds.

    Returns
    -------
    nested dict
        Empty unless observed sites of both kinds are known. Under ``site``: ``auc``,
        ``average_precision`` and ``mine_share`` that of a random ranking;
        ``recall_at_5_percent_false``, the share of the sites with a mine that is called where a
        twentieth of the others is; numbers of sites; ``pooling.<name>`` with its ``auc`` on all
        sites and the number of ``folds`` that chose it; ``with_mask`` without the sites that
        are labelled as a whole alone. Of sites without a mine ``kind.<name>``, by what the
        labels call their ground: ``auc`` of the mines against them, and ``called``, their
        share above that cut. Of sites that count as neither ``apart.<name>``: ``auc`` against
        the sites without a mine, and ``called``.
    """
    label = np.array([site.mine_label for site in sites], np.int64)
    probabilities = [site.location_probability for site in sites]
    is_seen = np.array([not np.isnan(one).all() for one in probabilities], np.bool_)
    if not {0, 1} <= set(label[is_seen].tolist()):
        return {}
    fold = np.array([site.fold for site in sites], np.int64)
    scores = pooled_scores(probabilities)
    chosen = (
        pooling_by_fold(scores, label, fold)
        if pooling is None
        else dict.fromkeys(fold.tolist(), pooling)
    )
    score = scores_by_fold(scores, label, fold, chosen)
    has_mask = np.array([(site.label >= 0).any() for site in sites], np.bool_)
    found = _compared(score, label, draws)
    if not has_mask[label >= 0].all():
        found["with_mask"] = _compared(score, np.where(has_mask, label, -1), draws)
    found["pooling"] = {
        name: {
            "auc": _auc(scores[name].astype(np.float64), label, draws),
            "folds": sum(name == one for one in chosen.values()),
        }
        for name in POOLINGS
    }
    kinds = ["" if site.ground is None else site.ground.most for site in sites]
    return {"site": found | _by_kind(score, label, kinds, draws)}


def _compared(score: F64, label: I64, draws: F64) -> Estimates:
    """Compare the sites of label 1 with those of label 0."""
    used = np.flatnonzero((label >= 0) & ~np.isnan(score))
    is_mine = label[used] == 1
    return {
        "auc": _auc(score, label, draws),
        "average_precision": _average_precision(score, label, draws),
        "recall_at_5_percent_false": recall_at_false_share(
            score[used], is_mine, used, draws, most_false=MOST_FALSE
        ),
        "mine_share": float(is_mine.mean()) if used.size else float("nan"),
        "mine_sites": int(is_mine.sum()),
        "other_sites": int((~is_mine).sum()),
    }


def _auc(score: F64, label: I64, draws: F64) -> F64:
    """Compute the area under the ROC curve of the sites of known label in each draw."""
    used = np.flatnonzero((label >= 0) & ~np.isnan(score))
    return weighted_auc(score[used], label[used] == 1, used, draws)


def _average_precision(score: F64, label: I64, draws: F64) -> F64:
    """Compute the average precision of the sites of known label in each draw."""
    # Ranks are exact in float32, where log odds are not.
    rank = np.unique(score, return_inverse=True)[1].astype(np.float32)
    usable = ~np.isnan(score)
    nothing = np.empty(0, np.float32)

    def one_of(index: int, wanted: int) -> F32:
        is_it = usable[index] and label[index] == wanted
        return rank[index : index + 1] if is_it else nothing

    rankings = [Ranking(one_of(i, 1), one_of(i, 0)) for i in range(len(label))]
    return average_precisions(rankings, draws)


def _by_kind(score: F64, label: I64, kinds: Sequence[str], draws: F64) -> Estimates:
    """Compute the scores of the sites without a mine, and of those apart, kind by kind."""
    seen, kind = ~np.isnan(score), np.array(kinds)
    used = seen & (label >= 0)
    cut = cut_at_false_share(score[used], label[used] == 1, most_false=MOST_FALSE)
    found: Estimates = {}
    for node, own in (("kind", 0), ("apart", -1)):
        by_kind: Estimates = {}
        for name in sorted(set(kind[seen & (label == own)].tolist()) - {""}):
            is_kind = seen & (label == own) & (kind == name)
            # A kind without mines is the low side; one that counts as neither the high one.
            rivals = seen & (label == (1 if own == 0 else 0))
            is_high, is_low = (rivals, is_kind) if own == 0 else (is_kind, rivals)
            by_kind[key_of(name)] = {
                "auc": _auc(score, np.where(is_high, 1, np.where(is_low, 0, -1)), draws),
                "called": ratio(draws @ (is_kind & (score >= cut)), draws @ is_kind),
                "sites": int(is_kind.sum()),
            }
        if by_kind:
            found[node] = by_kind
    return found
