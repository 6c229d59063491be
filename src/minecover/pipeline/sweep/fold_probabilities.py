"""Out-of-fold probabilities before calibration; jobs with the same model share them."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from minecover.core.cube import F32
from minecover.core.files import replacing
from minecover.core.probabilities import DECIMALS
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.learning.fitting import fit, probability, training_rows, with_bag_seed
from minecover.learning.models.bagged import Bagged
from minecover.learning.models.prior import corrected
from minecover.learning.models.shared_forest import ForestSize, SharedForest
from minecover.learning.recipe import Recipe
from minecover.learning.sample import fold_rows, map_in_threads
from minecover.pipeline.sweep.shared_rounds import BinnedRows, SharedRounds, for_binning
from minecover.pipeline.sweep.sharing import SHARED, shared_lock
from minecover.pipeline.sweep.training_data import TrainingData

#: Folds, or bags of them, whose binned rows are kept for the next job [each some 10 MB].
BINNED_FOLDS = 16
#: Returns the probabilities of rows for several models at once, by the size of their forest.
Predict = Callable[[F32], Mapping[ForestSize | None, F32]]


@dataclass(frozen=True, slots=True)
class SharedFits:
    """The jobs that one fit serves.

    Parameters
    ----------
    name : str
        Digest of what the jobs have in common.
    size : ForestSize or None
        Size of this job's own model; None where models of the family share no trees.
    files : mapping of str
        Digest of each job's model, by size.
    is_shared : bool
        Whether another job of the sweep needs the same probabilities.
    """

    name: str
    size: ForestSize | None
    files: Mapping[ForestSize | None, str]
    is_shared: bool


@dataclass(frozen=True, slots=True, eq=False)
class FoldProbabilities:
    """The probabilities of one fold's model.

    Parameters
    ----------
    probability : (n,) float32
        For the valid rows of the fold's sites, site by site.
    shuffled : (1 + n_groups, n_rows) float32
        For the rows on which importance is measured: as they are, and with the columns of one
        feature set shuffled.
    """

    probability: F32
    shuffled: F32

    def write(self, path: Path) -> None:
        """Write both arrays to an .npz file, all or nothing."""
        with replacing(path) as temporary:
            np.savez(temporary, probability=self.probability, shuffled=self.shuffled)

    @classmethod
    def read(cls, path: Path) -> FoldProbabilities:
        """Read a file that `write` made."""
        with np.load(path) as found:
            return cls(found["probability"], found["shuffled"])


def shares_trees(family: Pipeline, recipe: Recipe) -> bool:
    """Return whether models that differ in their number of trees alone can share their trees.

    Forests may differ in their limit of depth too.
    """
    model = family[-1]
    if recipe.cleaning is not None:  # which fits models of its own, as large
        return False
    if isinstance(model, LGBMClassifier):
        return recipe.early_stopping is None
    return (
        isinstance(model, RandomForestClassifier)
        and len(family) == 1
        and model.class_weight != "balanced_subsample"
    )


def fold_probabilities(
    family: Pipeline, recipe: Recipe, data: TrainingData, shared: SharedFits
) -> list[FoldProbabilities]:
    """Fit every fold's model and predict its sites; share the work with equal jobs.

    Two workers that need the same folds compute different ones first; what one has computed,
    the other reads.
    """
    n_folds = len(data.split.near)

    def attempt(fold: int, *, wait: bool) -> FoldProbabilities | None:
        if not shared.is_shared:
            return predict_fold(family, recipe, data, shared, fold)[shared.size]
        own = _file(shared.files[shared.size], fold)
        if not own.exists():
            with shared_lock(f"fold-{shared.name}-{fold}", wait=wait) as is_mine:
                if is_mine and not own.exists():
                    found = predict_fold(family, recipe, data, shared, fold)
                    for size, scores in found.items():
                        scores.write(_file(shared.files[size], fold))
        return FoldProbabilities.read(own) if own.exists() else None

    found = map_in_threads(lambda fold: attempt(fold, wait=False), n_folds)
    missing = [fold for fold, scores in enumerate(found) if scores is None]
    for fold in missing:
        found[fold] = attempt(fold, wait=True)
    return [scores for scores in found if scores is not None]


def delete_shared(shared: SharedFits) -> None:
    """Delete the probabilities that jobs shared, once all of them are done."""
    for name in shared.files.values():
        shutil.rmtree(SHARED / "probabilities" / name, ignore_errors=True)


def _file(name: str, fold: int) -> Path:
    """Return the path of one model's probabilities on one fold."""
    return SHARED / "probabilities" / name / f"{fold}.npz"


def predict_fold(
    family: Pipeline, recipe: Recipe, data: TrainingData, shared: SharedFits, fold: int
) -> dict[ForestSize | None, FoldProbabilities]:
    """Fit one fold's models and predict its sites, for every size that shares the fit."""
    predict = _fitted(family, recipe, data, shared, fold)
    tested = np.flatnonzero(data.split.fold_of_site == fold)
    tables = (data.store(int(index), ("all",)) for index in tested)
    parts = [predict(table.X[table.valid]) for table in tables]
    shuffled = [predict(X) for X in _shuffles(data, fold)]
    return {
        size: FoldProbabilities(
            np.concatenate([part[size] for part in parts]),
            np.stack([part[size] for part in shuffled]),
        )
        for size in shared.files
    }


def _fitted(
    family: Pipeline, recipe: Recipe, data: TrainingData, shared: SharedFits, fold: int
) -> Predict:
    """Fit one model, or models of several sizes that share their trees."""
    rows, share = fold_rows(data.sample, data.split, fold), data.shares[fold]
    sizes = [size for size in shared.files if size is not None]
    with threadpool_limits(1, user_api="blas"):
        if sizes and isinstance(family[-1], LGBMClassifier):
            return _boosted(family, recipe, data, sizes, fold)
        if len(shared.files) == 1:
            model = Bagged(
                [
                    fit(
                        with_bag_seed(family, bag),
                        recipe,
                        data.sample,
                        rows,
                        share=share,
                        bag=bag,
                    )
                    for bag in range(recipe.bags)
                ]
            )
            return lambda X: {shared.size: probability(model, X)}
        forests, kept = [], 1.0
        for bag in range(recipe.bags):
            drawn = training_rows(recipe, data.sample, rows, share=share, bag=bag)
            weight = None if (drawn.weight == 1).all() else drawn.weight
            forest = with_bag_seed(family, bag)[-1]
            forests.append(SharedForest(forest, sizes).fit(drawn.X, drawn.y, weight))
            kept = drawn.kept_negatives
    return lambda X: _bagged(forests, kept, X)


def _boosted(
    family: Pipeline,
    recipe: Recipe,
    data: TrainingData,
    sizes: Sequence[ForestSize],
    fold: int,
) -> Predict:
    """Fit boosted trees on rows that other jobs of the process have binned, or will use."""
    models, kept = [], 1.0
    for bag in range(recipe.bags):
        one = with_bag_seed(family, bag)
        binned, kept = _binned(data, recipe, fold, bag, pickle.dumps(for_binning(one)))
        models.append(SharedRounds(one, sizes).fit(binned))
    return lambda X: _bagged(models, kept, X)


@lru_cache(maxsize=BINNED_FOLDS)
def _binned(
    data: TrainingData, recipe: Recipe, fold: int, bag: int, family: bytes
) -> tuple[BinnedRows, float]:
    """Return the binned rows of a fold, and the share of the negatives that were drawn.

    The family comes as a pickle, which is equal for all jobs that can share the rows.
    """
    rows, share = fold_rows(data.sample, data.split, fold), data.shares[fold]
    drawn = training_rows(recipe, data.sample, rows, share=share, bag=bag)
    return BinnedRows.of(pickle.loads(family), drawn), drawn.kept_negatives


def _bagged(
    forests: Sequence[SharedForest | SharedRounds], kept_negatives: float, X: F32
) -> dict[ForestSize | None, F32]:
    """Return the mean of the bags, rounded as in `minecover.learning.fitting.probability`."""
    if not len(X):
        return {size: np.zeros(0, np.float32) for size in forests[0].sizes}
    bags = [forest.probabilities(X) for forest in forests]
    total = {
        size: sum((corrected(bag[size], kept_negatives) for bag in bags), np.zeros(len(X)))
        for size in bags[0]
    }
    return {s: np.round(p / len(bags), DECIMALS).astype(np.float32) for s, p in total.items()}


def importance_rows_of(data: TrainingData, fold: int) -> NDArray[np.int64]:
    """Return the rows of the sample on which a fold's importance is measured."""
    is_tested = data.split.fold_of_site[data.sample.site[data.importance_rows]] == fold
    rows: NDArray[np.int64] = data.importance_rows[is_tested]
    return rows


def _shuffles(data: TrainingData, fold: int) -> list[F32]:
    """Return a fold's rows as they are, and with each group of columns shuffled."""
    X = data.sample.X[importance_rows_of(data, fold)]
    rng = np.random.default_rng(fold)
    versions = [X]
    for columns in data.groups.values():
        changed = X.copy()
        changed[:, columns] = X[rng.permutation(len(X))][:, columns]
        versions.append(changed)
    return versions


def by_site(data: TrainingData, found: list[FoldProbabilities]) -> list[OutOfFold]:
    """Assign the probabilities of the folds to their sites, in the order of the sites."""
    sites: list[OutOfFold] = []
    used = [0] * len(found)
    for index, site_id in enumerate(data.split.site_ids):
        table = data.store(index, ())
        fold = int(data.split.fold_of_site[index])
        n_valid = int(table.valid.sum())
        scores = np.full(len(table.label), np.nan, np.float32)
        scores[table.valid] = found[fold].probability[used[fold] : used[fold] + n_valid]
        used[fold] += n_valid
        shape = (len(table.dates), *table.shape)
        sites.append(
            OutOfFold(
                site_id=site_id,
                fold=fold,
                dates=table.dates,
                label=np.asarray(table.label).reshape(shape),
                truth=np.asarray(table.truth).reshape(shape),
                valid=np.asarray(table.valid).reshape(shape),
                probability=scores.reshape(shape),
                is_background=bool(data.split.background[index]),
                look_alike=np.asarray(table.look_alike).reshape(shape)[-1],
                chip_label=int(data.split.chip_label[index]),
                group=data.split.groups[index],
                ground=table.ground_plane,
            )
        )
    return sites
