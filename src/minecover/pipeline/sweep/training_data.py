"""The training data of a job: tables, folds and sampled rows; most jobs share them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.damaged import reading_parquet
from minecover.core.outputs import fetched_sites, thinned_tables
from minecover.core.sites import Site
from minecover.learning.folds import GroupedFolds
from minecover.learning.recipe import Recipe
from minecover.learning.sample import Sample, Split, Tables, count_rows, draw_sample
from minecover.pipeline.stages.train import columns_by_set, make_split
from minecover.pipeline.sweep.table_store import MARKS, open_tables
from minecover.tracking.provenance import digest_of

#: Most mines, and most other rows, on which importance is measured.
N_IMPORTANCE = 2000
ROW_COLUMNS = tuple(field.name for field in fields(Sample))


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """Everything that training and scoring need besides a model.

    Parameters
    ----------
    sites : tuple of Site
        The sites with imagery, sorted by id.
    folds : DataFrame
        Fold of each site, see `GroupedFolds.deal`.
    store : callable
        Returns the table of the site at an index, see `TableStore`.
    split : Split
        Which rows each fold may be trained on.
    sample : Sample
        The rows that models are fitted on.
    counts : (n_sites, 2) int64
        See `minecover.learning.sample.count_rows`.
    shares : tuple of float
        See `Recipe.shares`.
    importance_rows : (n,) int64
        Rows of the sample on which the importance of features is measured.
    groups : mapping of (n_columns,) int64
        Columns that are shuffled together, by the name of their feature set.
    """

    sites: tuple[Site, ...]
    folds: pd.DataFrame
    store: Tables
    split: Split
    sample: Sample
    counts: NDArray[np.int64]
    shares: tuple[float, ...]
    importance_rows: NDArray[np.int64]
    groups: Mapping[str, NDArray[np.int64]]


#: The training data of the last job of this process: the next one often uses the same.
_last: dict[str, TrainingData] = {}


def training_data(params: Params, tables_digest: str) -> TrainingData:
    """Load the training data of a job, or return that of the last job if it is the same.

    Parameters
    ----------
    params : Params
        The job's configuration.
    tables_digest : str
        Digest of the tables.
    """
    keys = ("design.name", "design.recipe", "mask", "features", "table", "folds")
    key = digest_of([tables_digest, *(params.value(key) for key in keys)])
    if key not in _last:
        _last.clear()
        _last[key] = _load(params, tables_digest)
    return _last[key]


def _load(params: Params, tables_digest: str) -> TrainingData:
    """Assign the folds, map the tables into memory, sample the rows."""
    recipe: Recipe = params.build("design.recipe")
    splitter = GroupedFolds(params.value("folds.n"), params.value("folds.buffer_m"))
    feature_sets = columns_by_set(params)
    features = [name for names in feature_sets.values() for name in names]
    design, profile = str(params.value("design.name")), str(params.value("mask"))
    sites = fetched_sites()
    with reading_parquet(paths.FOLDS):
        dealt = pd.read_parquet(paths.FOLDS)
    folds = splitter.deal(sites, dict(zip(dealt["site_id"], dealt["positives"], strict=True)))
    split = make_split(sites, splitter, folds)
    store = open_tables(
        digest_of([tables_digest, design, profile, features, MARKS]),
        split.site_ids,
        design=design,
        profile=profile,
        features=features,
    )
    near_px = recipe.keep_within_px
    counts = count_rows(store, split, keep_within_px=near_px)
    shares = recipe.shares(counts, split.fold_of_site)
    sample = draw_sample(
        recipe.learned(lambda index: store(index, features)),
        split,
        thinned=recipe.thinned(thinned_tables(params, split.site_ids), features),
        most=recipe.bags * max(shares),
        keep_within_px=near_px,
        seed=recipe.seed,
    )
    return TrainingData(
        sites=tuple(sites),
        folds=folds,
        store=store,
        split=split,
        sample=sample,
        counts=counts,
        shares=tuple(shares),
        importance_rows=_importance_rows(sample, recipe.seed),
        groups=_groups(feature_sets),
    )


def without(data: TrainingData, fold: int, recipe: Recipe) -> TrainingData:
    """Return the training data without a fold's sites; the other folds are renumbered from 0.

    Whatever is chosen on it knows nothing of the fold that is left out.
    """
    old = data.split
    kept = np.flatnonzero(old.fold_of_site != fold)
    fold_of_site = old.fold_of_site[kept] - (old.fold_of_site[kept] > fold).astype(np.int8)
    place = np.full(len(old.site_ids), -1, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    rows = np.flatnonzero(place[data.sample.site] >= 0)
    columns = {name: getattr(data.sample, name)[rows] for name in ROW_COLUMNS}
    columns["site"] = place[columns["site"]]
    number = np.full(len(data.sample.y), -1, np.int64)
    number[rows] = np.arange(len(rows))
    rows_left = number[data.importance_rows]
    return replace(
        data,
        sites=tuple(data.sites[index] for index in kept),
        store=lambda index, features: data.store(int(kept[index]), features),
        split=Split(
            site_ids=tuple(old.site_ids[index] for index in kept),
            groups=tuple(old.groups[index] for index in kept),
            fold_of_site=fold_of_site,
            near=tuple(
                {int(place[index]): mask for index, mask in near.items() if place[index] >= 0}
                for other, near in enumerate(old.near)
                if other != fold
            ),
            background=old.background[kept],
            chip_label=old.chip_label[kept],
        ),
        sample=Sample(**columns),
        counts=data.counts[kept],
        shares=tuple(recipe.shares(data.counts[kept], fold_of_site)),
        importance_rows=rows_left[rows_left >= 0],
    )


def _importance_rows(sample: Sample, seed: int) -> NDArray[np.int64]:
    """Draw some mines and some other rows, of all dates."""
    rng = np.random.default_rng(seed)
    kinds = [np.flatnonzero((sample.y == kind) & ~sample.is_thinned) for kind in (1, 0)]
    drawn = [rng.choice(k, min(len(k), N_IMPORTANCE), replace=False) for k in kinds]
    return np.sort(np.concatenate(drawn))


def _groups(feature_sets: Mapping[str, Sequence[str]]) -> dict[str, NDArray[np.int64]]:
    """Return the columns of each feature set; of a single set, each column by itself."""
    if len(feature_sets) == 1:
        (names,) = feature_sets.values()
        return {name: np.array([place]) for place, name in enumerate(names)}
    ends = np.cumsum([0, *(len(names) for names in feature_sets.values())])
    return {
        name: np.arange(start, end)
        for name, start, end in zip(feature_sets, ends[:-1], ends[1:], strict=True)
    }
