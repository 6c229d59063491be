"""Models of labelled chips, and their scores with intervals over groups of chips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy

import numpy as np
from labelled_chips import IGNORED, LOOK_ALIKE, MINE, Chips, described, feature_names
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from minecover.core.cube import F32
from minecover.evaluation import Bootstrap
from minecover.evaluation.roc import weighted_auc

I8 = NDArray[np.int8]
#: A score, and then its replicates over draws of groups.
Scored = NDArray[np.float64]
#: Rows of each class that a model learns from at most, and distance between two of them [px].
ROWS, STEP = 8_000, {10: 3, 30: 1}
SEED = 0
BOOTSTRAP = Bootstrap(replicates=200, level=0.95, seed=SEED)


class Rows:
    """Features and classes of the views of some chips.

    Parameters
    ----------
    chips : Chips
        The chips.
    """

    def __init__(self, chips: Chips) -> None:
        step = STEP[round(chips.pixel_m)]
        self.label, self.group = chips.label, chips.group
        self.X = described(chips, step=step)
        self.y = chips.classes[:, ::step, ::step].reshape(len(chips.classes), -1)

    def of(self, kept: NDArray[np.generic]) -> Rows:
        """Return what is known of some chips."""
        part = copy(self)
        for name in ("label", "group", "X", "y"):
            setattr(part, name, getattr(self, name)[kept])
        return part

    def drawn(self, kept: NDArray[np.generic], *, seed: int) -> tuple[F32, I8]:
        """Return rows of some chips to learn from: at most `ROWS` of each class."""
        X = self.X[kept]
        y = np.repeat(self.y[kept][:, None], X.shape[1], axis=1).ravel()
        X, rng = X.reshape(-1, X.shape[-1]), np.random.default_rng(seed)
        seen = np.isfinite(X[:, 0])
        found = [np.flatnonzero(seen & (y == one)) for one in (0, MINE, LOOK_ALIKE)]
        found = [rng.permutation(rows)[:ROWS] for rows in found]
        rows = np.sort(np.concatenate(found))
        return X[rows], y[rows]


def fitted(
    parts: Sequence[tuple[F32, I8, float]],
    *,
    seed: int = SEED,
    columns: Sequence[int] | None = None,
    alike: float = 1.0,
) -> Callable[[F32], F32]:
    """Return the probability that a model of some rows gives.

    Parameters
    ----------
    parts : sequence of (X, y, weight)
        Rows, classes and total weight of each source of training data. In each, look-alikes
        weigh as much as mines and other ground half as much.
    seed : int
        Of the model.
    columns : sequence of int or None
        Features that it sees; None is all.
    alike : float
        Weight of look-alikes relative to mines.
    """
    used = range(len(feature_names())) if columns is None else columns
    weights: list[NDArray[np.float64]] = []
    for _, y, total in parts:
        weight = np.zeros(len(y))
        for one, share in ((MINE, 1.0), (LOOK_ALIKE, alike), (0, 0.5)):
            weight[y == one] = share / max(int((y == one).sum()), 1)
        weights.append(total * len(y) * weight / weight.sum() / len(parts))
    model = LGBMClassifier(
        n_estimators=150,
        learning_rate=0.06,
        num_leaves=31,
        min_child_samples=min(80, max(5, min(len(y) for _, y, _ in parts) // 50)),
        colsample_bytree=0.3,
        subsample=0.7,
        subsample_freq=1,
        random_state=seed,
        n_jobs=1,
        verbose=-1,
        deterministic=True,
        force_row_wise=True,
    )
    model.fit(
        np.concatenate([X for X, _, _ in parts])[:, list(used)],
        np.concatenate([y for _, y, _ in parts]) == MINE,
        sample_weight=np.concatenate(weights),
    )

    def probability(X: F32) -> F32:
        flat = X.reshape(-1, X.shape[-1])
        both = np.asarray(model.predict_proba(flat[:, list(used)]), np.float32)
        found = both[:, 1].copy()
        found[~np.isfinite(flat[:, 0])] = np.nan
        return found.reshape(X.shape[:-1])

    return probability


def of_chips(model: Callable[[F32], F32], X: F32) -> F32:
    """Return one probability a location, (chip, location): of the last view that shows it."""
    last = np.array(X[:, -1])
    unseen = np.isnan(last[..., 0])
    last[unseen] = np.asarray(X[:, 0])[unseen]
    return model(last)


def scores(data: Rows, p: F32, kept: NDArray[np.bool_] | None = None) -> dict[str, Scored]:
    """Return AUCs and their replicates over groups, by name; those that the labels allow.

    Parameters
    ----------
    data : Rows
        What is tested on.
    p : (chip, location) float32
        Probabilities; NaN where nothing was observed.
    kept : (chip,) bool or None
        Chips that count.
    """
    kept = np.ones(len(p), np.bool_) if kept is None else kept
    member = np.unique(data.group[kept], return_inverse=True)[1]
    draws = BOOTSTRAP.draws(int(member.max()) + 1)
    y, label, p = data.y[kept], data.label[kept], p[kept]
    tenth = max(1, p.shape[1] // 10)
    top = np.sort(np.nan_to_num(p, nan=0.0), axis=1)[:, -tenth:].mean(axis=1)

    def auc(used: NDArray[np.bool_], *, of_chip: bool) -> Scored:
        chip = np.nonzero(used)[0]
        score, positive = (
            (top[used], label[used] == 1) if of_chip else (p[used], y[used] == MINE)
        )
        return weighted_auc(score, positive, member[chip], draws)

    seen = ~np.isnan(p)
    found = {"pixel": auc((y != IGNORED) & seen, of_chip=False)}
    if (y == LOOK_ALIKE).any():
        used = ((y == MINE) | (y == LOOK_ALIKE)) & seen
        found["look-alike"] = auc(used, of_chip=False)
    if {0, 1} <= set(label.tolist()):
        found["chip"] = auc((y != IGNORED).all(axis=1), of_chip=True)
        found["chip, mixed too"] = auc(np.ones(len(p), np.bool_), of_chip=True)
    return found


def line(found: Mapping[str, Scored], *names: str, sign: str = "") -> str:
    """Write some scores, with intervals, as cells of a table."""
    return " | ".join(_cell(found[name], sign) if name in found else "-" for name in names)


def _cell(values: Scored, sign: str) -> str:
    """Write a score and its interval."""
    low, high = BOOTSTRAP.interval(values[1:])
    return f"{values[0]:{sign}.3f} [{low or 0:{sign}.3f}, {high or 0:{sign}.3f}]"


def out_of_fold(data: Rows) -> F32:
    """Return probabilities of chips by models of the other groups."""
    p = np.full(data.y.shape, np.nan, np.float32)
    for train, test in GroupKFold(5).split(data.y, groups=data.group):
        p[test] = of_chips(fitted([(*data.drawn(train, seed=SEED), 1.0)]), data.X[test])
    return p


def everything(data: Rows) -> tuple[F32, NDArray[np.int8]]:
    """Return rows of all chips to learn from."""
    return data.drawn(np.arange(len(data.y)), seed=SEED)
