"""Precision among the first k candidates, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minecover.evaluation import Bootstrap


def precision_at(
    is_mine: NDArray[np.bool_],
    site_of: Sequence[str],
    *,
    sites: Sequence[str],
    tops: Sequence[int],
    bootstrap: Bootstrap,
) -> pd.DataFrame:
    """Compute the share of mines among the first k candidates, for several k.

    Parameters
    ----------
    is_mine : (n,) bool
        Whether each candidate is a mine, in the order of rank.
    site_of : sequence of n str
        Site id of each candidate.
    sites : sequence of str
        Ids of all sites, also of those without a candidate: the bootstrap resamples sites.
    tops : sequence of int
        Values of k. A value above n counts as n.
    bootstrap : Bootstrap
        Bootstrap over sites. A site drawn twice contributes its candidates twice; the first k
        are taken again in every replicate.

    Returns
    -------
    DataFrame
        Columns `k`, `precision`, `low` and `high` (the interval), one row for each distinct k;
        empty if there is no candidate.
    """
    n = len(is_mine)
    places = {site_id: place for place, site_id in enumerate(sorted(sites))}
    draws = bootstrap.draws(len(sites))
    weight = draws[:, [places[site_id] for site_id in site_of]]
    before = np.cumsum(weight, axis=1) - weight
    rows = []
    for k in sorted({min(top, n) for top in tops}) if n else ():
        taken = np.clip(k - before, 0, weight)
        shares = (taken @ is_mine) / np.maximum(taken.sum(axis=1), 1)
        rows.append((k, shares[0], *bootstrap.interval(shares[1:])))
    table = pd.DataFrame(rows, columns=["k", "precision", "low", "high"])
    return table.astype({"precision": float, "low": float, "high": float}).round(6)
