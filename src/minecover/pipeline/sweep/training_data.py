"""What jobs learn from: the tables, the folds, the drawn rows; most jobs share them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.outputs import fetched_sites
from minecover.core.sites import Site
from minecover.learning.folds import GroupedFolds
from minecover.learning.recipe import Recipe
from minecover.learning.sample import Sample, Split, Tables, count_rows, draw_sample
from minecover.pipeline.stages.train import columns_by_set, split_of
from minecover.pipeline.sweep.table_store import opened
from minecover.tracking.provenance import digest_of

#: Most mines, and most others, that the importance of features is told by.
N_ASKED = 2000
ROW_COLUMNS = tuple(field.name for field in fields(Sample))


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Everything that fitting and scoring needs beside a model.

    Parameters
    ----------
    sites : tuple of Site
    folds : DataFrame
        As `GroupedFolds.deal` gives them.
    store : callable
        Gives the table of the site at an index, see `Store`.
    split : Split
    sample : Sample
    counts : (n_sites, 2) int64
        See `minecover.learning.sample.count_rows`.
    shares : tuple of float
        See `Recipe.shares`.
    asked : (n,) int64
        Rows of the sample that the importance of features is told by.
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
    asked: NDArray[np.int64]
    groups: Mapping[str, NDArray[np.int64]]


#: What the last job of this process learned from, which the next one most often does too.
_last: dict[str, Lesson] = {}


def lesson(params: Params, data: str) -> Lesson:
    """Gather what a job learns from, or take what the last job left.

    Parameters
    ----------
    params : Params
    data : str
        Digest of the tables.
    """
    keys = ("design.name", "design.recipe", "mask", "features", "table", "folds")
    key = digest_of([data, *(params.value(key) for key in keys)])
    if key not in _last:
        _last.clear()
        _last[key] = _gathered(params, data)
    return _last[key]


def _gathered(params: Params, data: str) -> Lesson:
    """Deal the folds, map the tables, draw the rows."""
    recipe: Recipe = params.build("design.recipe")
    splitter = GroupedFolds(params.value("folds.n"), params.value("folds.buffer_m"))
    feature_sets = columns_by_set(params)
    features = [name for names in feature_sets.values() for name in names]
    design, profile = str(params.value("design.name")), str(params.value("mask"))
    sites = fetched_sites()
    dealt = pd.read_parquet(paths.FOLDS)
    folds = splitter.deal(sites, dict(zip(dealt["site_id"], dealt["positives"], strict=True)))
    split = split_of(sites, splitter, folds)
    store = opened(
        digest_of([data, design, profile, features]),
        split.site_ids,
        design=design,
        profile=profile,
        features=features,
    )
    near_px = recipe.keep_within_px
    counts = count_rows(store, split, keep_within_px=near_px)
    shares = recipe.shares(counts, split.fold_of_site)
    sample = draw_sample(
        lambda index: store(index, features),
        split,
        most=recipe.bags * max(shares),
        keep_within_px=near_px,
        seed=recipe.seed,
    )
    return Lesson(
        sites=tuple(sites),
        folds=folds,
        store=store,
        split=split,
        sample=sample,
        counts=counts,
        shares=tuple(shares),
        asked=_asked(sample, recipe.seed),
        groups=_groups(feature_sets),
    )


def without(given: Lesson, fold: int, recipe: Recipe) -> Lesson:
    """Leave a fold's ground out altogether; the others are numbered anew, without a gap.

    What is chosen inside knows nothing of the fold that it is judged on.
    """
    old = given.split
    kept = np.flatnonzero(old.fold_of_site != fold)
    fold_of_site = old.fold_of_site[kept] - (old.fold_of_site[kept] > fold).astype(np.int8)
    place = np.full(len(old.site_ids), -1, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    rows = np.flatnonzero(place[given.sample.site] >= 0)
    columns = {name: getattr(given.sample, name)[rows] for name in ROW_COLUMNS}
    columns["site"] = place[columns["site"]]
    number = np.full(len(given.sample.y), -1, np.int64)
    number[rows] = np.arange(len(rows))
    asked = number[given.asked]
    return replace(
        given,
        sites=tuple(given.sites[index] for index in kept),
        store=lambda index, features: given.store(int(kept[index]), features),
        split=Split(
            site_ids=tuple(old.site_ids[index] for index in kept),
            groups=tuple(old.groups[index] for index in kept),
            fold_of_site=fold_of_site,
            near=tuple(
                {int(place[index]): mask for index, mask in near.items() if place[index] >= 0}
                for other, near in enumerate(old.near)
                if other != fold
            ),
        ),
        sample=Sample(**columns),
        counts=given.counts[kept],
        shares=tuple(recipe.shares(given.counts[kept], fold_of_site)),
        asked=asked[asked >= 0],
    )


def _asked(sample: Sample, seed: int) -> NDArray[np.int64]:
    """Draw some mines and some others."""
    rng = np.random.default_rng(seed)
    kinds = [np.flatnonzero(sample.y == kind) for kind in (1, 0)]
    drawn = [rng.choice(k, min(len(k), N_ASKED), replace=False) for k in kinds]
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
