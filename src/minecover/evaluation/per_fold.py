"""The scores of each fold by itself: their spread says how much to trust their mean."""

from __future__ import annotations

import numpy as np

from minecover.evaluation.ranking import confusion, curve, curve_average_precision
from minecover.evaluation.scored_model import ScoredModel
from minecover.evaluation.support import published_support


def scores_by_fold(model: ScoredModel) -> dict[str, list[float]]:
    """Compute precision, recall, F1 and average precision of each fold, on published support.

    Parameters
    ----------
    model : ScoredModel
        Background sites are left out.

    Returns
    -------
    dict of str to list of float
        ``observation.precision`` ... ``location.average_precision``, one score for each fold in
        ascending order; NaN where a fold has none.
    """
    sites = model.sorted_sites(background=False)
    scores: dict[str, list[float]] = {}
    for fold in sorted({site.fold for site in sites}):
        held_out = [site for site in sites if site.fold == fold]
        support = published_support(held_out, against_truth=False)
        for level, rankings in (
            ("observation", support.observation),
            ("location", support.location),
        ):
            thresholds = model.site_thresholds(held_out, level).tolist()
            counts = confusion(rankings, thresholds).pooled(np.ones((1, len(rankings))))
            for name, value in (
                ("precision", float(counts.precision[0])),
                ("recall", float(counts.recall[0])),
                ("f1", float(counts.f1[0])),
                ("average_precision", curve_average_precision(curve(rankings))),
            ):
                scores.setdefault(f"{level}.{name}", []).append(value)
    return scores
