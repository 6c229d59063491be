"""Learn from the tables: sample the negatives, predict out of fold, fit the final model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline

from minecover.cube import F32
from minecover.errors import ModelError
from minecover.models.prior import PriorCorrected
from minecover.out_of_fold import OutOfFold
from minecover.table import SiteTable

#: Probabilities are rounded to this many decimals before they are written: the last bits of
#: exp and log depend on the processor.
DECIMALS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What a model is fitted on: every positive, and some of each site's negatives.

    Parameters
    ----------
    X : (n, n_features) float32
    y : (n,) int8
        1 mine, 0 not.
    draw : (n,) float32
        Uniform number of a negative, 0 for a positive: those below a share are kept.
    site : (n,) int32
        Index of the row's site.
    location : (n,) int32
        Flat index of the row's pixel in its site.
    """

    X: F32
    y: NDArray[np.int8]
    draw: F32
    site: NDArray[np.int32]
    location: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How training chooses its rows.

    Parameters
    ----------
    negatives_per_positive : float or None
        Negatives kept for each positive, drawn alike from every site; None keeps all.
    correct_prior : bool
        Whether probabilities are brought back to the full data's prevalence. With class
        weights there is nothing left to correct: never both.
    seed : int
        Seeds the draw together with the site's position in the sorted list.
    """

    negatives_per_positive: float | None
    correct_prior: bool
    seed: int

    def shares(self, counts: NDArray[np.int64], fold_of_site: NDArray[np.int8]) -> list[float]:
        """Give the share of the negatives that each fold's training keeps.

        Parameters
        ----------
        counts : (n_sites, 2) int
            Valid positives and negatives of each site.
        fold_of_site : (n_sites,) int8

        Returns
        -------
        list of float
            One a fold, and last the share for training on everything.
        """
        kept = [counts[fold_of_site != k].sum(0) for k in range(int(fold_of_site.max()) + 1)]
        ratio = self.negatives_per_positive
        if ratio is None:
            return [1.0] * (len(kept) + 1)
        return [
            min(1.0, ratio * float(p) / max(float(n), 1.0)) for p, n in [*kept, counts.sum(0)]
        ]


def count_classes(table: SiteTable) -> tuple[int, int]:
    """Count the valid positives and negatives of a site."""
    label = table.label[table.valid]
    return int((label == 1).sum()), int((label == 0).sum())


def draw_sample(
    read: Callable[[int], SiteTable], n_sites: int, *, most: float, seed: int
) -> Sample:
    """Read all sites and keep the rows that any fold may train on.

    Parameters
    ----------
    read : callable
        Gives the table of the site at an index.
    n_sites : int
    most : float
        Largest share of the negatives that any fold keeps.
    seed : int
        Seeds the draw together with the site's index.

    Raises
    ------
    ModelError
        If no valid row is labelled as mine.
    """

    def rows(index: int) -> tuple[F32, NDArray[np.int8], F32, NDArray[np.int32]]:
        table = read(index)
        rng = np.random.default_rng([seed, index])
        draw = rng.random(len(table.label), dtype=np.float32)
        draw[table.label == 1] = 0.0
        kept = np.flatnonzero(table.valid & (table.label >= 0) & (draw < most))
        pixel = (kept % np.prod(table.shape)).astype(np.int32)
        return table.X[kept], table.label[kept], draw[kept], pixel

    parts = Parallel(n_jobs=-1, prefer="threads")(delayed(rows)(i) for i in range(n_sites))
    X, y, draw, location = (np.concatenate(column) for column in zip(*parts, strict=True))
    if not y.any():
        raise ModelError(
            f"no valid observation is labelled as mine among {len(y)} rows of {n_sites} sites. "
            "Look at the labels, their dates and the mask profile."
        )
    site = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part[1]) for part in parts])
    return Sample(X, y, draw, site, location)


def fit(
    family: Pipeline,
    sample: Sample,
    rows: NDArray[np.bool_],
    *,
    share: float,
    correct_prior: bool,
) -> PriorCorrected:
    """Fit a family on some rows of a sample.

    Raises
    ------
    ModelError
        If the rows hold one class only.
    """
    kept = rows & (sample.draw < share)
    y = sample.y[kept]
    if len(np.unique(y)) < 2:
        raise ModelError(
            f"training needs both classes, found {int((y == 1).sum())} mine and "
            f"{int((y == 0).sum())} other rows. Lower folds.n or folds.buffer_m."
        )
    return PriorCorrected(family, share if correct_prior else 1.0).fit(sample.X[kept], y)


def fold_rows(
    sample: Sample,
    fold_of_site: NDArray[np.int8],
    fold: int,
    near: Mapping[int, NDArray[np.bool_]],
) -> NDArray[np.bool_]:
    """Choose the rows that a fold's model may train on.

    Parameters
    ----------
    sample : Sample
    fold_of_site : (n_sites,) int8
    fold : int
        The fold left out.
    near : mapping of (row, col) bool
        By site index: training pixels too near to the fold's ground.
    """
    rows: NDArray[np.bool_] = fold_of_site[sample.site] != fold
    for index, mask in near.items():
        mine = np.flatnonzero(sample.site == index)
        rows[mine] &= ~mask.ravel()[sample.location[mine]]
    return rows


def fit_folds(
    family: Pipeline,
    sample: Sample,
    fold_of_site: NDArray[np.int8],
    near: Sequence[Mapping[int, NDArray[np.bool_]]],
    *,
    shares: Sequence[float],
    correct_prior: bool,
) -> list[PriorCorrected]:
    """Fit one model a fold, and last one on everything, side by side.

    Parameters
    ----------
    family : unfitted Pipeline
    sample : Sample
    fold_of_site : (n_sites,) int8
    near, shares : one entry a fold and one for everything
        See `fold_rows` and `Recipe.shares`.
    correct_prior : bool
        See `Recipe`.

    Returns
    -------
    list of PriorCorrected
    """
    # Threads, not processes: the sample is shared, and trees are grown outside the GIL.
    jobs = (
        delayed(fit)(
            clone(family),
            sample,
            fold_rows(sample, fold_of_site, k, near[k]),
            share=share,
            correct_prior=correct_prior,
        )
        for k, share in enumerate(shares)
    )
    models: list[PriorCorrected] = Parallel(n_jobs=-1, prefer="threads")(jobs)
    return models


def predict_out_of_fold(
    models: Sequence[PriorCorrected],
    read: Callable[[int], SiteTable],
    site_ids: Sequence[str],
    fold_of_site: NDArray[np.int8],
) -> Iterator[OutOfFold]:
    """Score every observation of each site with the model that never saw its ground."""

    def predict(index: int) -> OutOfFold:
        table = read(index)
        fold = int(fold_of_site[index])
        shape = (len(table.dates), *table.shape)
        scores = probability(models[fold], table.X, table.valid)
        return OutOfFold(
            site_id=site_ids[index],
            fold=fold,
            dates=table.dates,
            label=table.label.reshape(shape),
            truth=table.truth.reshape(shape),
            valid=table.valid.reshape(shape),
            probability=scores.reshape(shape),
        )

    parallel = Parallel(n_jobs=-1, prefer="threads", return_as="generator")
    yield from parallel(delayed(predict)(i) for i in range(len(site_ids)))


def probability(model: PriorCorrected | Pipeline, X: F32, usable: NDArray[np.bool_]) -> F32:
    """Score rows, rounded for the disk; NaN where a row is not usable.

    Parameters
    ----------
    model : fitted classifier
    X : (n, n_features) float32
    usable : (n,) bool

    Returns
    -------
    (n,) float32
    """
    scores = np.full(len(X), np.nan, np.float32)
    if usable.any():
        scores[usable] = np.round(model.predict_proba(X[usable])[:, 1], DECIMALS)
    return scores


def finished(model: PriorCorrected, threshold: float) -> Pipeline:
    """Wrap a fitted model so that ``predict`` uses the shipped threshold.

    Returns
    -------
    Pipeline
        One step ``classifier``, a `FixedThresholdClassifier`.
    """
    fixed = FixedThresholdClassifier(model, threshold=threshold)
    fixed.estimator_ = model
    return Pipeline([("classifier", fixed)])
