"""Two models on the same sites: the differences of their scores, with intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from minecover.core.errors import ModelError
from minecover.evaluation.estimates import DECIMALS, drawn
from minecover.evaluation.metrics import estimates
from minecover.evaluation.scored_model import Judged, Yardstick


def paired(a: Judged, b: Judged, yardstick: Yardstick) -> pd.DataFrame:
    """Compare two models on the same sites, drawn alike for both.

    Sites differ more than models do: the interval of a difference is far narrower than what
    two intervals side by side suggest.

    Parameters
    ----------
    a, b : Judged
        Scores of the same sites, each cut in its own way.
    yardstick : Yardstick

    Returns
    -------
    DataFrame of `score`, `a`, `b`, `difference`, `difference_low`, `difference_high`
        A row a score, by its dotted name in reports/metrics.json; the difference is b - a.
        Scores that only one of them has (of observations, if one design scores dates and the
        other does not) are left out.

    Raises
    ------
    ModelError
        If they were not scored on the same sites with the same labels.
    """
    _same_sites(a, b)
    of_a, of_b = (dict(drawn(estimates(model, yardstick))) for model in (a, b))
    alike = [len(site.probability) for site in a.ordered(background=False)] == [
        len(site.probability) for site in b.ordered(background=False)
    ]
    rows = []
    for name in of_a:
        if name in of_b and (alike or "observation" not in name.split(".")):
            difference = of_b[name] - of_a[name]
            low, high = yardstick.bootstrap.interval(difference[1:])
            rows.append((name, of_a[name][0], of_b[name][0], difference[0], low, high))
    columns = ["score", "a", "b", "difference", "difference_low", "difference_high"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype(dict.fromkeys(columns[1:], np.float64)).round(DECIMALS)


def _same_sites(a: Judged, b: Judged) -> None:
    """Refuse a comparison of scores on different ground."""
    by_name = [{site.site_id: site for site in model.sites} for model in (a, b)]
    unlike = sorted(by_name[0].keys() ^ by_name[1].keys()) or sorted(
        name
        for name, site in by_name[0].items()
        if not np.array_equal(
            site.label[site.label_date], (other := by_name[1][name]).label[other.label_date]
        )
    )
    if unlike:
        raise ModelError(
            f"two models are compared on the same labelled sites, found {len(unlike)} sites "
            f"that differ: {', '.join(unlike[:5])}. Score both on the same labels and sites."
        )
