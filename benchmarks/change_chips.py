"""Growth between two dates on the real Amazon chips: mines against what looks like them.

    python benchmarks/change_chips.py

Needs the real data of `paths.real_data`, and no build. A model learns from the second composite
of each chip and scores both, out of fold by group of chips. Printed are AUCs of reviewed mines
against checked chips without a mine: by growth between the composites, as each map says and
after smoothing, and by the second map alone. Intervals by bootstrap over the groups. `t0` is no
"before": most mines were there already, and the composites are of different years.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from labelled_chips import LOOK_ALIKE, MINE, OTHER, described, label_set
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from minecover.core.config import composed
from minecover.core.cube import F32
from minecover.evaluation import best_f1_threshold
from minecover.evaluation.change import ChangeRule, smoothed
from minecover.evaluation.roc import weighted_auc

F64 = NDArray[np.float64]
#: Every so many rows and columns are scored; folds and draws of them.
STEP, N_FOLDS, DRAWS = 3, 5, range(3)
OVERRIDES = (
    "experiment=amazon",
    "source.chips.table.keep.status=[reviewed,negative]",
)


def main() -> None:
    """Train, score both dates, print."""
    params = composed(list(OVERRIDES))
    if not Path(params.value("source.input")).is_dir():
        sys.exit(f"needs {params.value('source.input')} (paths.real_data)")
    chips, bootstrap = label_set(params), params.build("metrics.bootstrap")
    rule: ChangeRule = params.build("change")
    rows, classes = described(chips, step=STEP), chips.classes[:, ::STEP, ::STEP]
    classes = classes.reshape(len(classes), -1)
    one, other = (np.isfinite(rows[:, date]).any(axis=(1, 2)) for date in range(2))
    both = np.asarray(one & other)
    names, group = np.unique(chips.group, return_inverse=True)
    draws = bootstrap.draws(len(names))[:, group]
    found: dict[str, list[F64]] = {}
    for seed in DRAWS:
        probability, threshold = _out_of_fold(rows, classes, chips.label, group, seed)
        for name, score in _scores(probability, threshold, rule).items():
            auc = weighted_auc(
                score[both].astype(np.float32),
                chips.label[both] == 1,
                np.flatnonzero(both),
                draws,
            )
            found.setdefault(name, []).append(auc)
    n_mines = int((chips.label[both] == 1).sum())
    print(f"{n_mines} mines, {both.sum() - n_mines} chips without; both dates observed")
    for name, each in found.items():
        auc = np.mean(each, axis=0)
        low, high = bootstrap.interval(auc[1:])
        print(f"| {name} | {auc[0]:.3f} [{low or 0:.3f}, {high or 0:.3f}] |")


def _out_of_fold(
    rows: F32,
    classes: NDArray[np.int8],
    label: NDArray[np.int8],
    group: NDArray[np.int64],
    seed: int,
) -> tuple[F32, float]:
    """Return probabilities of (date, chip, location), and the threshold of the best F1."""
    probability = np.full((2, *classes.shape), np.nan, np.float32)
    dealer = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    for train, test in dealer.split(rows, label, group):
        used = np.isin(classes[train], (OTHER, MINE, LOOK_ALIKE))
        model = LGBMClassifier(
            n_estimators=150, num_leaves=15, colsample_bytree=0.5, random_state=seed, verbose=-1
        )
        model.fit(
            rows[train, 1][used],
            classes[train][used] == MINE,
            sample_weight=np.where(classes[train][used] == LOOK_ALIKE, 5.0, 1.0),
        )
        for date in range(2):
            flat = rows[test, date].reshape(-1, rows.shape[-1])
            scored = np.asarray(model.predict_proba(flat))[:, 1].reshape(len(test), -1)
            scored[np.isnan(rows[test, date]).all(axis=2)] = np.nan
            probability[date, test] = scored
    known = (classes >= 0) & ~np.isnan(probability[1])
    threshold = best_f1_threshold(probability[1][known], (classes == MINE)[known])
    return probability, float(threshold)


def _scores(probability: F32, threshold: float, rule: ChangeRule) -> dict[str, F64]:
    """Return what chips are ranked by."""
    on_map = np.nan_to_num(probability) >= threshold
    state = np.nan_to_num(smoothed(probability, threshold=threshold, rule=rule)) >= 0.5
    first, second = (np.asarray(one.sum(axis=1)) for one in on_map)
    return {
        "sum of probabilities, second less first": np.nansum(
            probability[1] - probability[0], axis=1
        ),
        "mined on the second map and not on the first": (on_map[1] & ~on_map[0]).sum(axis=1),
        "area of the second map less the first": second - first,
        "the same, smoothed": np.diff(state.sum(axis=2), axis=0)[0],
        "area of the second map alone": second,
        "area of the first map alone": first,
    }


if __name__ == "__main__":
    main()
