"""Where to cut: thresholds chosen on out-of-fold scores, never on the ground they judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from minecover.evaluation.aggregation import Aggregation
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.evaluation.ranking import Ranking, best_f1_threshold, best_f1_threshold_by_fold
from minecover.evaluation.support import SiteScores, common_support

#: The value of `design.threshold` that asks for a choice; a number is taken as it is.
BEST_F1 = "best_f1"


@dataclass(frozen=True, slots=True)
class Cut:
    """Thresholds of one level: what ships, and what each fold is judged with.

    Parameters
    ----------
    shipped : float
        Chosen on all folds, for a model trained on all of them.
    by_fold : mapping of fold to threshold
        Chosen on the other folds.
    """

    shipped: float
    by_fold: Mapping[int, float]


def site_scores(site: OutOfFold, aggregation: Aggregation) -> SiteScores:
    """Lay one site's out-of-fold probabilities out for scoring."""
    shape = (len(site.dates), -1)
    by_date = site.probability.reshape(shape)
    return SiteScores(
        site_id=site.site_id,
        fold=site.fold,
        label=site.label.reshape(shape),
        truth=site.truth.reshape(shape),
        probability=by_date,
        location_score=aggregation(by_date),
        label_date=-1,
        shape=(site.label.shape[1], site.label.shape[2]),
    )


def choose_cuts(sites: Sequence[SiteScores], chosen: float | str) -> dict[str, Cut]:
    """Choose the thresholds for single observations and for locations.

    Parameters
    ----------
    sites : sequence of SiteScores
    chosen : float or "best_f1"
        A number is used everywhere, as it is.

    Returns
    -------
    dict of Cut
        ``observation`` and ``location``.

    Raises
    ------
    ModelError
        If no mine has a score in the folds other than one.
    """
    folds = [site.fold for site in sites]
    if chosen != BEST_F1:
        fixed = Cut(float(chosen), dict.fromkeys(folds, float(chosen)))
        return {"observation": fixed, "location": fixed}
    support = common_support(sites, against_truth=False)
    return {
        "observation": _best(support.observation, folds),
        "location": _best(support.location, folds),
    }


def _best(rankings: Sequence[Ranking], folds: Sequence[int]) -> Cut:
    """Choose on all folds, and for each fold on the others."""
    score = np.concatenate([part for r in rankings for part in (r.mine, r.other)])
    label = np.concatenate([np.repeat([1, 0], (r.mine.size, r.other.size)) for r in rankings])
    sizes = [r.mine.size + r.other.size for r in rankings]
    fold = np.repeat(np.array(folds, np.int8), sizes)
    label = label.astype(np.int8)
    return Cut(best_f1_threshold(score, label), best_f1_threshold_by_fold(score, label, fold))
