"""Decision thresholds, chosen on out-of-fold probabilities and never on the fold they score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from minecover.evaluation.aggregation import Aggregation
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.evaluation.ranking import Ranking, best_f1_threshold, best_f1_threshold_by_fold
from minecover.evaluation.support import SitePredictions, common_support

#: The value of `design.threshold` that maximises F1; a number is used as it is.
BEST_F1 = "best_f1"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of one level (observations or locations).

    Parameters
    ----------
    shipped : float
        Threshold of the model that is trained on all folds; chosen on all of them.
    by_fold : mapping of int to float
        Threshold that each fold is scored with; chosen on the other folds.
    """

    shipped: float
    by_fold: Mapping[int, float]


def site_predictions(site: OutOfFold, aggregation: Aggregation) -> SitePredictions:
    """Aggregate the out-of-fold probabilities of a site over its dates.

    Parameters
    ----------
    site : OutOfFold
        Labels and probabilities of one site, (time, row, col).
    aggregation : Aggregation
        Combines the dates of each location into one probability.

    Returns
    -------
    SitePredictions
        Arrays flattened to (time, n) and (n,); the locations carry the labels of the last date.
    """
    shape = (len(site.dates), -1)
    probability = site.probability.reshape(shape)
    return SitePredictions(
        site_id=site.site_id,
        fold=site.fold,
        label=site.label.reshape(shape),
        truth=site.truth.reshape(shape),
        observation_probability=probability,
        location_probability=aggregation(probability),
        label_date=-1,
        shape=(site.label.shape[1], site.label.shape[2]),
        laid_as_background=site.is_background,
        look_alike=None if site.look_alike is None else site.look_alike.ravel(),
        chip_label=site.chip_label,
        group=site.group,
        ground=None if site.ground is None else site.ground.reshaped(-1),
    )


def choose_thresholds(
    sites: Sequence[SitePredictions], threshold: float | str
) -> dict[str, Thresholds]:
    """Choose the thresholds for observations and for locations.

    Parameters
    ----------
    sites : sequence of SitePredictions
        All the sites of all folds; thresholds are chosen on their labels, on common support.
    threshold : float or "best_f1"
        A number is used for every fold as it is; ``best_f1`` maximises F1.

    Returns
    -------
    dict of str to Thresholds
        For ``observation`` and ``location``.

    Raises
    ------
    ModelError
        If no mine pixel in the folds other than one has a probability.
    """
    folds = [site.fold for site in sites]
    if threshold != BEST_F1:
        fixed = Thresholds(float(threshold), dict.fromkeys(folds, float(threshold)))
        return {"observation": fixed, "location": fixed}
    support = common_support(sites, against_truth=False)
    return {
        "observation": _best_f1(support.observation, folds),
        "location": _best_f1(support.location, folds),
    }


def _best_f1(rankings: Sequence[Ranking], folds: Sequence[int]) -> Thresholds:
    """Choose on all folds, and for each fold on the others."""
    probability = np.concatenate([part for r in rankings for part in (r.mine, r.other)])
    sizes = [(r.mine.size, r.other.size) for r in rankings]
    label = np.concatenate([np.repeat([1, 0], size) for size in sizes]).astype(np.int8)
    fold = np.repeat(np.array(folds, np.int8), [sum(size) for size in sizes])
    return Thresholds(
        best_f1_threshold(probability, label),
        best_f1_threshold_by_fold(probability, label, fold),
    )
