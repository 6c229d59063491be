"""Learn from the tables: sample the negatives, predict out of fold, fit the final model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline

from minecover.atomic import replacing
from minecover.cube import F32
from minecover.errors import ModelError
from minecover.models.prior import PriorCorrected
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
        Negatives kept for each positive, drawn alike from every site; None keeps all. The
        probabilities are corrected for it, so never combine it with class weights.
    seed : int
        Seeds the draw together with the site's position in the sorted list.
    """

    negatives_per_positive: float | None
    seed: int

    def share(self, positives: int, negatives: int) -> float:
        """Give the share of the negatives to keep."""
        if self.negatives_per_positive is None:
            return 1.0
        return min(1.0, self.negatives_per_positive * positives / max(negatives, 1))


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
    family: Pipeline, sample: Sample, rows: NDArray[np.bool_], share: float
) -> PriorCorrected:
    """Fit a family on some rows of a sample, corrected for the negatives left out.

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
    return PriorCorrected(family, share).fit(sample.X[kept], y)


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
    fixed.classes_ = model.classes_
    return Pipeline([("classifier", fixed)])


OUT_OF_FOLD = pa.schema(
    [
        ("site_id", pa.dictionary(pa.int32(), pa.string())),
        ("date", pa.dictionary(pa.int32(), pa.string())),
        ("row", pa.uint16()),
        ("col", pa.uint16()),
        ("fold", pa.int8()),
        ("label", pa.int8()),
        ("truth", pa.int8()),
        ("valid", pa.bool_()),
        ("probability", pa.float32()),
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Out-of-fold probabilities of one site, each (time, row, col)."""

    site_id: str
    fold: int
    dates: tuple[str, ...]
    label: NDArray[np.int8]
    truth: NDArray[np.int8]
    valid: NDArray[np.bool_]
    probability: F32


def write_out_of_fold(path: Path, sites: Iterator[OutOfFold]) -> None:
    """Write sites as they come, one row group each."""
    with (
        replacing(path) as temporary,
        pq.ParquetWriter(
            temporary,
            OUT_OF_FOLD,
            compression="zstd",
            compression_level=1,
            write_statistics=False,
        ) as writer,
    ):
        for site in sites:
            writer.write_table(_rows(site))


def read_out_of_fold(path: Path) -> Iterator[OutOfFold]:
    """Read what `write_out_of_fold` wrote, site by site, in its order."""
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        rows = file.read_row_group(group, use_threads=False)
        dates = rows["date"].combine_chunks()
        shape = (
            len(dates.dictionary),
            int(rows["row"].to_numpy().max()) + 1,
            int(rows["col"].to_numpy().max()) + 1,
        )
        yield OutOfFold(
            site_id=str(rows["site_id"][0]),
            fold=int(rows["fold"][0].as_py()),
            dates=tuple(dates.dictionary.to_pylist()),
            label=rows["label"].to_numpy().reshape(shape),
            truth=rows["truth"].to_numpy().reshape(shape),
            valid=rows["valid"].to_numpy().reshape(shape),
            probability=rows["probability"].to_numpy().reshape(shape),
        )


def _rows(site: OutOfFold) -> pa.Table:
    n_dates, n_rows, n_cols = site.label.shape
    date, row, col = np.indices(site.label.shape, np.int32).reshape(3, -1)
    n = len(date)
    return pa.table(
        [
            pa.DictionaryArray.from_arrays(np.zeros(n, np.int32), [site.site_id]),
            pa.DictionaryArray.from_arrays(date, list(site.dates)),
            row.astype(np.uint16),
            col.astype(np.uint16),
            np.full(n, site.fold, np.int8),
            site.label.ravel(),
            site.truth.ravel(),
            site.valid.ravel(),
            site.probability.ravel(),
        ],
        schema=OUT_OF_FOLD,
    )
