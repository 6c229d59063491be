"""What the leakage audit needs of each site, gathered from its location table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.feature_table import SiteTable

I8 = NDArray[np.int8]
F64 = NDArray[np.float64]

#: Medians and spreads are computed from every 7th valid location.
EVERY = 7
#: Most mines and other locations of a site in the comparison of splits.
N_SAMPLED = {1: 25, 0: 75}


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the leakage audit needs of one site.

    Parameters
    ----------
    label : (rows, cols) int8
        1 mine, 0 not labelled as mine, -1 ignore.
    digest : (n_valid,) uint64
        Digest of the bands of each valid location.
    median, spread : (n_features,) float32
        Median of each feature over the valid locations, and the distance from its 5th to its
        95th percentile; NaN where all values are missing.
    X : (n, n_bands) float32
        Bands of some of the valid locations.
    y : (n,) int8
        Their labels, 0 or 1.
    weight : (n,) float64
        Number of locations of the site that each stands for.
    """

    label: I8
    digest: NDArray[np.uint64]
    median: F32
    spread: F32
    X: F32
    y: I8
    weight: F64

    @classmethod
    def of(cls, table: SiteTable, n_bands: int, *, seed: int) -> Evidence:
        """Gather the evidence from a location table.

        Parameters
        ----------
        table : SiteTable
            Table of locations, its first columns the bands.
        n_bands : int
            Number of bands among the features.
        seed : int
            Seed of the sample; any number that differs from site to site.
        """
        bands = table.X[table.valid, :n_bands]
        digest = pd.util.hash_pandas_object(pd.DataFrame(bands), index=False)
        low, median, high = quantiles(table.X[table.valid][::EVERY], (0.05, 0.5, 0.95))
        random = np.random.default_rng(seed)
        rows, weights = [np.empty(0, np.int64)], [np.empty(0)]
        for target, most in N_SAMPLED.items():
            every = np.flatnonzero(table.valid & (table.label == target))
            drawn = random.permutation(every)[:most]
            rows.append(drawn)
            weights.append(np.full(len(drawn), len(every) / max(len(drawn), 1)))
        kept = np.concatenate(rows)
        return cls(
            label=table.label.reshape(table.shape),
            digest=digest.to_numpy(np.uint64),
            median=median,
            spread=high - low,
            X=np.nan_to_num(table.X[kept, :n_bands]),
            y=table.label[kept],
            weight=np.concatenate(weights),
        )


def quantiles(values: F32, shares: Sequence[float]) -> list[F32]:
    """Compute quantiles of each column, without interpolation.

    Parameters
    ----------
    values : (n, n_columns) float32
        NaN counts as missing.
    shares : sequence of float
        In 0 ... 1.

    Returns
    -------
    list of (n_columns,) float32
        One a share; NaN where all values of a column are missing.
    """
    if not len(values):
        return [np.full(values.shape[1], np.nan, np.float32) for _ in shares]
    ordered = np.sort(values, axis=0)
    last = np.maximum(np.isfinite(ordered).sum(axis=0) - 1, 0)
    places = [np.floor(share * last).astype(np.int64)[None] for share in shares]
    return [np.take_along_axis(ordered, place, axis=0)[0] for place in places]
