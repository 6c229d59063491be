"""Out-of-fold scores as the models give them; jobs that share a model share its scores."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from minecover.core.cube import F32
from minecover.core.files import replacing
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.learning.fitting import DECIMALS, fit, probability, seeded, training_rows
from minecover.learning.models.bagged import Bagged
from minecover.learning.models.prior import corrected
from minecover.learning.models.shared_forest import Grove, Size
from minecover.learning.recipe import Recipe
from minecover.learning.sample import fold_rows, side_by_side
from minecover.pipeline.sweep.locks import SHARED, held
from minecover.pipeline.sweep.training_data import Lesson

#: Scores rows with several models at once, by the size of their forest.
Scorer = Callable[[F32], Mapping[Size | None, F32]]


@dataclass(frozen=True, slots=True)
class Kinship:
    """Which jobs one fit serves.

    Parameters
    ----------
    name : str
        Digest of what they have in common.
    size : Size or None
        This job's own forest; None where models of the family share nothing.
    files : mapping of str
        Digest of the model of each of them, by size.
    is_shared : bool
        Whether any other job of the sweep looks for these scores.
    """

    name: str
    size: Size | None
    files: Mapping[Size | None, str]
    is_shared: bool


@dataclass(frozen=True, slots=True, eq=False)
class FoldScores:
    """What one fold's model says.

    Parameters
    ----------
    probability : (n,) float32
        Of the valid rows of the fold's sites, one site after the other.
    shuffled : (1 + n_groups, n_asked) float32
        Of the rows that tell importance, as they are and with one group of columns shuffled.
    """

    probability: F32
    shuffled: F32

    def write(self, path: Path) -> None:
        """Write both, all or nothing."""
        with replacing(path) as temporary:
            np.savez(temporary, probability=self.probability, shuffled=self.shuffled)

    @classmethod
    def read(cls, path: Path) -> FoldScores:
        """Read what `write` wrote."""
        with np.load(path) as found:
            return cls(found["probability"], found["shuffled"])


def shares_trees(family: Pipeline, recipe: Recipe) -> bool:
    """Tell whether forests that differ in size and depth alone may be grown as one."""
    forest = family[-1]
    return (
        isinstance(forest, RandomForestClassifier)
        and len(family) == 1
        and forest.class_weight != "balanced_subsample"
        and recipe.cleaning is None
    )


def fold_scores(
    family: Pipeline, recipe: Recipe, given: Lesson, kinship: Kinship
) -> list[FoldScores]:
    """Fit and score every fold, together with whoever else needs the same scores.

    Two workers that need the same folds take one each; what one has computed, the other reads.
    """
    n_folds = len(given.split.near)

    def attempt(fold: int, *, wait: bool) -> FoldScores | None:
        if not kinship.is_shared:
            return score_fold(family, recipe, given, kinship, fold)[kinship.size]
        own = _file(kinship.files[kinship.size], fold)
        if not own.exists():
            with held(f"fold-{kinship.name}-{fold}", wait=wait) as is_mine:
                if is_mine and not own.exists():
                    found = score_fold(family, recipe, given, kinship, fold)
                    for size, scores in found.items():
                        scores.write(_file(kinship.files[size], fold))
        return FoldScores.read(own) if own.exists() else None

    found = side_by_side(lambda fold: attempt(fold, wait=False), n_folds)
    missing = [fold for fold, scores in enumerate(found) if scores is None]
    for fold in missing:
        found[fold] = attempt(fold, wait=True)
    return [scores for scores in found if scores is not None]


def forget(kinship: Kinship) -> None:
    """Delete the scores that jobs shared, once all of them are done."""
    for name in kinship.files.values():
        shutil.rmtree(SHARED / "scores" / name, ignore_errors=True)


def _file(name: str, fold: int) -> Path:
    """Name the file of one model's scores on one fold."""
    return SHARED / "scores" / name / f"{fold}.npz"


def score_fold(
    family: Pipeline, recipe: Recipe, given: Lesson, kinship: Kinship, fold: int
) -> dict[Size | None, FoldScores]:
    """Fit one fold's models and score its ground, for every size that shares the fit."""
    scorer = _fitted(family, recipe, given, kinship, fold)
    tested = np.flatnonzero(given.split.fold_of_site == fold)
    tables = (given.store(int(index), ("all",)) for index in tested)
    parts = [scorer(table.X[table.valid]) for table in tables]
    shuffled = [scorer(X) for X in _shuffles(given, fold)]
    return {
        size: FoldScores(
            np.concatenate([part[size] for part in parts]),
            np.stack([part[size] for part in shuffled]),
        )
        for size in kinship.files
    }


def _fitted(
    family: Pipeline, recipe: Recipe, given: Lesson, kinship: Kinship, fold: int
) -> Scorer:
    """Fit what is scored with: a model, or a grove of forests."""
    rows, share = fold_rows(given.sample, given.split, fold), given.shares[fold]
    with threadpool_limits(1, user_api="blas"):
        if len(kinship.files) == 1:
            model = Bagged(
                [
                    fit(seeded(family, bag), recipe, given.sample, rows, share=share, bag=bag)
                    for bag in range(recipe.bags)
                ]
            )
            return lambda X: {kinship.size: probability(model, X)}
        sizes = [size for size in kinship.files if size is not None]
        groves, kept = [], 1.0
        for bag in range(recipe.bags):
            drawn = training_rows(recipe, given.sample, rows, share=share, bag=bag)
            weight = None if (drawn.weight == 1).all() else drawn.weight
            forest = seeded(family, bag)[-1]
            groves.append(Grove(forest, sizes).fit(drawn.X, drawn.y, weight))
            kept = drawn.kept_negatives
    return lambda X: _bagged(groves, kept, X)


def _bagged(groves: list[Grove], kept_negatives: float, X: F32) -> dict[Size | None, F32]:
    """Give the mean of the bags, rounded, as `minecover.learning.probability` does."""
    if not len(X):
        return {size: np.zeros(0, np.float32) for size in groves[0].sizes}
    bags = [grove.probabilities(X) for grove in groves]
    total = {
        size: sum((corrected(bag[size], kept_negatives) for bag in bags), np.zeros(len(X)))
        for size in bags[0]
    }
    return {s: np.round(p / len(bags), DECIMALS).astype(np.float32) for s, p in total.items()}


def asked_in(given: Lesson, fold: int) -> NDArray[np.int64]:
    """Give the rows of the sample that tell importance and lie on a fold's ground."""
    is_tested = given.split.fold_of_site[given.sample.site[given.asked]] == fold
    rows: NDArray[np.int64] = given.asked[is_tested]
    return rows


def _shuffles(given: Lesson, fold: int) -> list[F32]:
    """Give a fold's rows as they are, and with each group of columns dealt to other rows."""
    X = given.sample.X[asked_in(given, fold)]
    rng = np.random.default_rng(fold)
    versions = [X]
    for columns in given.groups.values():
        changed = X.copy()
        changed[:, columns] = X[rng.permutation(len(X))][:, columns]
        versions.append(changed)
    return versions


def laid_out(given: Lesson, found: list[FoldScores]) -> list[OutOfFold]:
    """Give the scores back to their sites, in the order of the sites."""
    sites: list[OutOfFold] = []
    used = [0] * len(found)
    for index, site_id in enumerate(given.split.site_ids):
        table = given.store(index, ())
        fold = int(given.split.fold_of_site[index])
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
            )
        )
    return sites
