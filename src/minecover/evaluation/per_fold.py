"""The scores of each fold by itself: how much they differ says how much to trust their mean."""

from __future__ import annotations

import numpy as np

from minecover.evaluation.ranking import confusion, curve, curve_average_precision
from minecover.evaluation.scored_model import Judged
from minecover.evaluation.support import published


def by_fold(model: Judged) -> dict[str, list[float]]:
    """Score the sites of each fold as the whole is scored.

    Returns
    -------
    dict of list of float
        ``observation.precision`` ... ``location.average_precision``, a number a fold; NaN where
        a fold has none.
    """
    sites = model.ordered(background=False)
    found: dict[str, list[float]] = {}
    for fold in sorted({site.fold for site in sites}):
        held_out = [site for site in sites if site.fold == fold]
        support = published(held_out, against_truth=False)
        for level, rankings in (
            ("observation", support.observation),
            ("location", support.location),
        ):
            cuts = model.thresholds(held_out, level)
            counts = confusion(rankings, cuts.tolist()).times(np.ones((1, len(rankings))))
            for name, value in (
                ("precision", float(counts.precision[0])),
                ("recall", float(counts.recall[0])),
                ("f1", float(counts.f1[0])),
                ("average_precision", curve_average_precision(curve(rankings))),
            ):
                found.setdefault(f"{level}.{name}", []).append(value)
    return found
