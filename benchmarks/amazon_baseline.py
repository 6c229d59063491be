"""The throw-away baseline on the Amazon chips: LightGBM on squares mirrored at the edges.

A map cannot mirror: there is ground beyond a chip, and nobody knows it. Kept as it was first
written, to be compared with.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import lightgbm as lgb
import numpy as np
from amazon_chips import STEP, Chips
from numpy.typing import NDArray
from scipy import ndimage

from minecover.core.raster.stacks import read_stack

F32 = NDArray[np.float32]
SIZES_PX = (3, 9, 21, 45)
BANDS = ("blue", "green", "red", "nir", "swir16", "swir22")


def baseline_out_of_fold(chips: Chips, seed: int) -> F32:
    """Predict every chip with a model of other folds.

    Parameters
    ----------
    chips : Chips
    seed : int
        Of the draw of the folds, and of the models.

    Returns
    -------
    (chip, location) float32
    """
    X = _features(tuple(str(chip) for chip in chips.images()))
    n, rows, columns = X.shape
    label = chips.label[:, ::STEP, ::STEP].reshape(n, rows)
    fold = chips.fold_of_site(seed)
    probability = np.empty((n, rows), np.float32)
    for number in range(int(fold.max()) + 1):
        train = chips.has_mask & (fold != number)
        target = label[train].ravel()
        known = target < 255
        model = lgb.LGBMClassifier(
            n_estimators=300,
            learning_rate=0.05,
            num_leaves=31,
            min_child_samples=100,
            colsample_bytree=0.3,
            subsample=0.8,
            subsample_freq=1,
            random_state=seed,
            n_jobs=2,
            verbose=-1,
        ).fit(
            X[train].reshape(-1, columns)[known],
            target[known] == 1,
            sample_weight=np.where(target[known] > 0, 1.0, 0.5),
        )
        test = fold == number
        score = np.asarray(model.predict_proba(X[test].reshape(-1, columns)))[:, 1]
        probability[test] = score.reshape(-1, rows)
    return probability


@cache
def _features(images: tuple[str, ...]) -> F32:
    """Compute 15 planes a date, and of 13 of them means and deviations: (chip, row, column)."""
    out: list[F32] = []
    for name in ("t0", "t1"):
        stack = np.stack([_read(image.format(date=name)) for image in images])
        for plane_name, plane in _planes(stack).items():
            out.append(_scored(plane))
            for size in SIZES_PX if plane_name not in ("blue", "green") else ():
                mean = _mirrored(plane, size)
                square = _mirrored(plane * plane, size)
                spread = np.sqrt(np.maximum(square - mean * mean, 0))
                out += [_scored(mean), _scored(spread)]
    kept: F32 = np.stack(out, -1).astype(np.float32)
    return kept.reshape(len(images), -1, len(out))


def _scored(plane: F32) -> F32:
    """Return the locations that are scored."""
    return plane[:, ::STEP, ::STEP]


def _read(path: str) -> F32:
    """Read the reflectance of an image; 0 where it has no data."""
    values: F32 = read_stack(Path(path)).values.astype(np.float32) / np.float32(1e4)
    return np.nan_to_num(values)


def _mirrored(plane: F32, size: int) -> F32:
    mean: F32 = ndimage.uniform_filter(plane, (1, size, size), mode="reflect")
    return mean


def _planes(stack: F32) -> dict[str, F32]:
    bands = dict(zip(BANDS, stack.transpose(1, 0, 2, 3), strict=True))
    blue, green, red, nir, swir16, swir22 = bands.values()
    return {
        **bands,
        "ndvi": _ratio(nir, red),
        "mndwi": _ratio(green, swir16),
        "ndwi": _ratio(green, nir),
        "bsi": _ratio(swir16 + red, nir + blue),
        "ndti": _ratio(red, green),
        "nbr": _ratio(nir, swir22),
        "clay": _ratio(swir16, swir22),
        "iron": _ratio(red, blue),
        "nds": _ratio(swir16, nir),
    }


def _ratio(a: F32, b: F32) -> F32:
    return np.where(a + b > 0, (a - b) / np.maximum(a + b, 1e-6), 0).astype(np.float32)
