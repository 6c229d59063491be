"""What the audit looks at of each site, gathered from its location table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.feature_table import MARKS, SiteTable

I8 = NDArray[np.int8]
F64 = NDArray[np.float64]

#: Medians and spreads are those of every so many-th valid location.
EVERY = 7
#: Most mines and others that a site gives to the comparison of splits.
N_SAMPLED = {1: 25, 0: 75}


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the audit looks at of one site.

    Parameters
    ----------
    label : (rows, cols) int8
        1 mine, 0 not labelled as mine, -1 ignore.
    digest : (n_valid,) uint64
        One of the bands of each valid location: equal bands, equal digest.
    median, spread : (n_features,) float32
        Of each feature over the valid locations: the middle, and from the 5th to the 95th
        percentile; NaN where there is no number.
    X : (n, n_bands) float32
        Bands of some of the valid locations.
    y : (n,) int8
        Their labels, 0 or 1.
    weight : (n,) float64
        How many locations of the site each stands for.
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
        """Gather it from a location table.

        Parameters
        ----------
        table : SiteTable
            Of locations, the bands first.
        n_bands : int
            How many of the features are bands.
        seed : int
            Of the sample; any number that differs from site to site.
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


def feature_names(table: Path) -> list[str]:
    """Name the features of a table on disk: all its columns but the marks."""
    names = pq.read_schema(table).names
    return [n for n in names if n not in MARKS and not n.startswith("valid_")]


def quantiles(values: F32, shares: Sequence[float]) -> list[F32]:
    """Take the values of each column with those shares of its numbers below them.

    Returns
    -------
    list of (n_columns,) float32
        NaN where a column has no number.
    """
    if not len(values):
        return [np.full(values.shape[1], np.nan, np.float32) for _ in shares]
    ordered = np.sort(values, axis=0)
    last = np.maximum(np.isfinite(ordered).sum(axis=0) - 1, 0)
    places = [np.floor(share * last).astype(np.int64)[None] for share in shares]
    return [np.take_along_axis(ordered, place, axis=0)[0] for place in places]
