"""How many of the first k candidates are mines, where somebody knows."""

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
    """Count the mines among the first k candidates, for several k.

    Parameters
    ----------
    is_mine : (n,) bool
        By rank.
    site_of : sequence of n str
        The candidates' sites, which the bootstrap draws.
    sites : sequence of str
        All sites, also those without a candidate.
    tops : sequence of int
        Numbers of candidates that are looked at, e.g. in a week. More than there are is all.
    bootstrap : Bootstrap
        How intervals are drawn: a site drawn twice brings its candidates twice, and the first
        k are counted anew.

    Returns
    -------
    DataFrame
        A row a distinct `k`, with `precision`, `low` and `high`; no row without a candidate.
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
