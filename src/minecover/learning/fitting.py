"""Fit the models of all folds, and score each site with the one that never saw its ground."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from threadpoolctl import ThreadpoolController, threadpool_limits

from minecover.core.cube import F32
from minecover.core.errors import ModelError
from minecover.core.feature_table import SiteTable
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.learning.inner_folds import Rows
from minecover.learning.models.bagged import Bagged
from minecover.learning.models.prior import PriorCorrected
from minecover.learning.recipe import Recipe
from minecover.learning.sample import Sample, Split, fold_rows, side_by_side

#: Probabilities are rounded to this many decimals before they are written: the last bits of
#: exp and log depend on the processor.
DECIMALS = 6
#: And what is fitted to so many: each processor adds many products up in its own way.
FITTED_DECIMALS = 9


def fit_folds(
    family: Pipeline,
    recipe: Recipe,
    sample: Sample,
    split: Split,
    *,
    shares: Sequence[float],
) -> list[Bagged]:
    """Fit one model a fold, and last one on everything, side by side.

    Parameters
    ----------
    family : unfitted Pipeline
    recipe : Recipe
    sample : Sample
    split : Split
    shares : sequence of float
        See `Recipe.shares`.

    Returns
    -------
    list of Bagged
    """
    jobs = [(fold, bag) for fold in range(len(shares)) for bag in range(recipe.bags)]

    def work(fold: int, bag: int) -> PriorCorrected:
        rows = fold_rows(sample, split, fold)
        return fit(seeded(family, bag), recipe, sample, rows, share=shares[fold], bag=bag)

    # Folds run side by side, a thread each and no more: the number of threads that a family
    # finds is written into some pickles, and decides the order of sums in others.
    # Threads, not processes: the sample is shared, and trees are grown outside the GIL.
    with threadpool_limits(1, user_api="blas"):
        members = Parallel(n_jobs=-1, prefer="threads")(delayed(work)(*job) for job in jobs)
    return [
        Bagged(members[first : first + recipe.bags])
        for first in range(0, len(members), recipe.bags)
    ]


def fit(
    family: Pipeline,
    recipe: Recipe,
    sample: Sample,
    allowed: NDArray[np.bool_],
    *,
    share: float,
    bag: int,
) -> PriorCorrected:
    """Fit one model on some of the allowed rows of a sample.

    Parameters
    ----------
    family : unfitted Pipeline
    recipe : Recipe
    sample : Sample
    allowed : (n,) bool
        See `fold_rows`.
    share : float
        Of the negatives, drawn.
    bag : int
        Which draw.

    Raises
    ------
    ModelError
        If the rows hold one class only.
    """
    rows = training_rows(recipe, sample, allowed, share=share, bag=bag)
    with threadpool_limits(1, user_api="openmp"):
        if recipe.cleaning:
            rows = recipe.cleaning.cleaned(family, rows)
        if recipe.early_stopping:
            family = recipe.early_stopping.stopped(family, rows)
        return rows.fit(family)


def training_rows(
    recipe: Recipe, sample: Sample, allowed: NDArray[np.bool_], *, share: float, bag: int
) -> Rows:
    """Gather what one model is fitted on, see `fit`."""
    kept = allowed & sample.drawn(share, bag)
    y = sample.y[kept]
    if len(np.unique(y)) < 2:
        raise ModelError(
            f"training needs both classes, found {int((y == 1).sum())} mine and "
            f"{int((y == 0).sum())} other rows. Lower folds.n or folds.buffer_m."
        )
    weight = np.ones(len(y))
    if recipe.correct_prior:
        weight[sample.always[kept] & (y == 0)] = share
    corrected = share if recipe.correct_prior else 1.0
    return Rows(
        sample.X[kept],
        y,
        weight,
        sample.group[kept],
        sample.rejected[kept],
        corrected,
    )


def seeded(family: Pipeline, bag: int) -> Pipeline:
    """Give each bag a seed of its own; the first keeps the family's."""
    seeds = {
        key: value + bag
        for key, value in family.get_params().items()
        if key.endswith("random_state") and value is not None
    }
    seeded: Pipeline = clone(family).set_params(**seeds)
    return seeded


def predict_out_of_fold(
    models: Sequence[BaseEstimator], tables: Callable[[int], SiteTable], split: Split
) -> list[OutOfFold]:
    """Score every observation of each site with the model that never saw its ground."""

    def predict(index: int) -> OutOfFold:
        table = tables(index)
        fold = int(split.fold_of_site[index])
        shape = (len(table.dates), *table.shape)
        scores = np.full(len(table.label), np.nan, np.float32)
        scores[table.valid] = probability(models[fold], table.X[table.valid])
        return OutOfFold(
            site_id=split.site_ids[index],
            fold=fold,
            dates=table.dates,
            label=table.label.reshape(shape),
            truth=table.truth.reshape(shape),
            valid=table.valid.reshape(shape),
            probability=scores.reshape(shape),
        )

    return side_by_side(predict, len(split.site_ids))


def probability(model: BaseEstimator, X: F32) -> F32:
    """Score rows, rounded for the disk.

    Parameters
    ----------
    model : fitted classifier
    X : (n, n_features) float32
        May be empty, which no model would bear.

    Returns
    -------
    (n,) float32
    """
    if not len(X):
        return np.zeros(0, np.float32)
    # Sites are scored side by side: one thread each.
    with _libraries(len(sys.modules)).limit(limits=1, user_api="openmp"):
        score = model.predict_proba(X)[:, 1]
    rounded: F32 = np.round(score, DECIMALS).astype(np.float32)
    return rounded


@lru_cache(maxsize=1)
def _libraries(n_modules: int) -> ThreadpoolController:
    """Find the libraries with threads of their own: again only after something was imported.

    To find them takes as long as to score a thousand rows.
    """
    return ThreadpoolController()
