"""Fit the models of all folds, and predict each site with the one that never saw its ground."""

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
from minecover.core.probabilities import DECIMALS
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.learning.inner_folds import TrainingRows
from minecover.learning.models.bagged import Bagged
from minecover.learning.models.prior import PriorCorrected
from minecover.learning.recipe import Recipe
from minecover.learning.sample import Sample, Split, fold_rows, map_in_threads

#: Fitted numbers are rounded to this many decimals: each processor adds up in its own order.
FITTED_DECIMALS = 9


def fit_folds(
    family: Pipeline,
    recipe: Recipe,
    sample: Sample,
    split: Split,
    *,
    shares: Sequence[float],
) -> list[Bagged]:
    """Fit one model a fold, and a last one on everything, in parallel threads.

    Parameters
    ----------
    family : unfitted Pipeline
        Is cloned for each model.
    recipe : Recipe
    sample : Sample
        Rows to choose from.
    split : Split
        Which ground each fold leaves out.
    shares : sequence of float
        Share of the negatives that each model draws, see `Recipe.shares`.

    Returns
    -------
    list of fitted Bagged
        One a share, in their order.
    """
    jobs = [(fold, bag) for fold in range(len(shares)) for bag in range(recipe.bags)]

    def work(fold: int, bag: int) -> PriorCorrected:
        rows = fold_rows(sample, split, fold)
        return fit(
            with_bag_seed(family, bag), recipe, sample, rows, share=shares[fold], bag=bag
        )

    # One thread a fold and no more: the number of threads that a family finds is written into
    # some pickles, and decides the order of sums in others.
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
    """Fit one model on a draw of the allowed rows of a sample.

    Parameters
    ----------
    family : unfitted Pipeline
        Is cloned.
    recipe : Recipe
    sample : Sample
        Rows to choose from.
    allowed : (n,) bool
        Rows that the model may be fitted on, see `fold_rows`.
    share : float
        Share of the negatives that is drawn, in 0 ... 1.
    bag : int
        Number of the draw, from 0.

    Returns
    -------
    fitted PriorCorrected

    Raises
    ------
    ModelError
        If the rows hold one class only.
    """
    rows = training_rows(recipe, sample, allowed, share=share, bag=bag)
    with threadpool_limits(1, user_api="openmp"):
        if recipe.cleaning:
            rows = recipe.cleaning.clean(family, rows)
        if recipe.early_stopping:
            family = recipe.early_stopping.with_best_rounds(family, rows)
        return rows.fit(family)


def training_rows(
    recipe: Recipe, sample: Sample, allowed: NDArray[np.bool_], *, share: float, bag: int
) -> TrainingRows:
    """Gather the rows that one model is fitted on; parameters as of `fit`."""
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
    weight[sample.rejected[kept] & (y == 0)] *= recipe.look_alike_weight
    corrected = share if recipe.correct_prior else 1.0
    return TrainingRows(
        sample.X[kept],
        y,
        weight,
        sample.group[kept],
        sample.rejected[kept],
        corrected,
    )


def with_bag_seed(family: Pipeline, bag: int) -> Pipeline:
    """Return a clone of a family with a seed of its own for each bag.

    Parameters
    ----------
    family : unfitted Pipeline
    bag : int
        Is added to every ``random_state``.
    """
    seeds = {
        key: value + bag
        for key, value in family.get_params().items()
        if key.endswith("random_state") and value is not None
    }
    cloned: Pipeline = clone(family).set_params(**seeds)
    return cloned


def predict_out_of_fold(
    models: Sequence[BaseEstimator], tables: Callable[[int], SiteTable], split: Split
) -> list[OutOfFold]:
    """Predict every valid observation of each site with its fold's model.

    Parameters
    ----------
    models : sequence of fitted classifiers
        One a fold, none of which was fitted on the fold's ground.
    tables : callable
        Returns the table of the site at an index.
    split : Split
        Of all the tables, in their order.

    Returns
    -------
    list of OutOfFold
        One a site; NaN where an observation is not valid.
    """
    # Here: a registered model loads this module where there is no numba.
    from minecover.learning.models.compiled_trees import compile_trees

    models = [compile_trees(model) for model in models]

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
            is_background=bool(split.background[index]),
            look_alike=np.asarray(table.look_alike).reshape(shape)[-1],
            chip_label=int(split.chip_label[index]),
            group=split.groups[index],
            ground=table.ground_plane,
        )

    return map_in_threads(predict, len(split.site_ids))


def probability(model: BaseEstimator, X: F32) -> F32:
    """Return the probability of a mine for each row, rounded to `DECIMALS`.

    Parameters
    ----------
    model : fitted classifier
    X : (n, n_features) float32
        May be empty, which scikit-learn would refuse.

    Returns
    -------
    (n,) float32
    """
    if not len(X):
        return np.zeros(0, np.float32)
    # Sites are predicted in parallel: one thread each.
    with _libraries(len(sys.modules)).limit(limits=1, user_api="openmp"):
        score = model.predict_proba(X)[:, 1]
    rounded: F32 = np.round(score, DECIMALS).astype(np.float32)
    return rounded


@lru_cache(maxsize=1)
def _libraries(n_modules: int) -> ThreadpoolController:
    """Find the libraries with threads of their own, once until another module is imported.

    It takes as long as predicting a thousand rows.
    """
    return ThreadpoolController()
