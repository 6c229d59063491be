"""Measure whether a model's errors are predicted by what says where it is not applicable.

    python benchmarks/applicability.py
    python benchmarks/applicability.py --grounds Amazon Brumadinho "simulated, default"

The chips of `transfer.py`: simulated and real ground of 30 m, the same features and model,
trained on one ground and tested on all; on its own ground out of fold, and so are the measures.
An error is a location that a threshold puts on the wrong side of the label: the one of the best
F1 out of fold on the ground that the model was trained on. AUC: the probability that a measure
is larger at an error than at a right answer. Intervals are over groups of chips.

* dissimilarity: distance to the training data (Meyer & Pebesma 2021)
* few neighbours: minus the number of training points within the threshold of this distance, the
  local point density (LPD) of the R package CAST
* disagreement: what models of halves of the ground give to the contrary of the answer
* spread: standard deviation of these models, which does not depend on the answer
* near threshold: minus the distance of the model's own probability from its threshold

Outside: where the dissimilarity exceeds its threshold, and where it or the disagreement does.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from chip_models import BOOTSTRAP, SEED, Rows, everything, fitted, line, of_chips
from numpy.typing import NDArray
from scipy.spatial import KDTree
from sklearn.model_selection import GroupKFold
from transfer import GROUNDS, rows

from minecover.core.cube import F32
from minecover.evaluation import best_f1_threshold
from minecover.evaluation.roc import weighted_auc
from minecover.learning.applicability import DissimilarityIndex
from minecover.learning.disagreement import CONTRARY, Disagreement
from minecover.learning.models.prior import corrected

Bools = NDArray[np.bool_]
I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
PIXEL_M, FOLDS = 30, 5
#: As in conf/config.yaml: points of the index, columns of both measures, members, their rows.
POINTS, COLUMNS, PAIRS, MEMBER_ROWS = 2_000, 30, 4, 30_000
#: Locations of a ground that are tested at most.
TESTED = 12_000
MEASURES = ("dissimilarity", "few neighbours", "disagreement", "spread", "near threshold")


@dataclass(frozen=True, slots=True, eq=False)
class Locations:
    """Labelled and observed locations of some chips: (n, ...) each.

    Parameters
    ----------
    X : (n, n_features) float32
    is_mine : (n,) bool
    chip : (n,) int64
    place : (n,) int64
        Index in its chip.
    """

    X: F32
    is_mine: Bools
    chip: I64
    place: I64

    @classmethod
    def of(cls, data: Rows, chips: Bools) -> Locations:
        """Take the last view that shows each location of some chips, as `of_chips` does."""
        last = np.array(data.X[:, -1])
        unseen = np.isnan(last[..., 0])
        last[unseen] = np.asarray(data.X[:, 0])[unseen]
        chip, place = np.nonzero((data.y >= 0) & np.isfinite(last[..., 0]) & chips[:, None])
        return cls(last[chip, place], data.y[chip, place] == 1, chip, place)

    def take(self, which: I64) -> Locations:
        """Return some of the locations."""
        return Locations(
            self.X[which], self.is_mine[which], self.chip[which], self.place[which]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A model of some chips, and what says where it is not applicable."""

    model: Callable[[F32], F32]
    index: DissimilarityIndex
    members: Disagreement

    @classmethod
    def of(cls, data: Rows, kept: Bools) -> Learned:
        """Learn from some chips."""
        model = fitted([(*everything(data.of(kept)), 1.0)])
        known = Locations.of(data, kept)
        group = np.unique(data.group, return_inverse=True)[1]
        rng = np.random.default_rng(SEED)
        points = known.take(_drawn(known.is_mine, POINTS, 2, rng))
        before, moved = model(points.X), []
        for column in range(points.X.shape[1]):
            shuffled = points.X.copy()
            shuffled[:, column] = rng.permutation(points.X[:, column])
            moved.append(np.mean(np.abs(model(shuffled) - before)))
        index = DissimilarityIndex(np.round(moved, 9), COLUMNS)
        index.fit(points.X, fold=group[points.chip] % FOLDS)
        which = _drawn(known.is_mine, MEMBER_ROWS, 3, rng)
        each = known.take(which)
        shares = [(known.is_mine == one).sum() / (each.is_mine == one).sum() for one in (0, 1)]
        members = Disagreement(PAIRS, index.columns_.tolist(), SEED).fit(
            each.X,
            each.is_mine.astype(np.int8),
            group=group[each.chip],
            weight=np.where(each.is_mine, shares[1], shares[0]),
        )
        return cls(model, index, members)

    def measured(self, X: F32, p: F32, threshold: float) -> dict[str, F64]:
        """Compute the measures of locations that the model gave a probability."""
        index, members = self.index, self.members
        within = index.threshold_ * index.mean_distance_
        neighbours = KDTree(index.points_).query_ball_point(
            index._scaled(X), within, return_length=True
        )
        votes = corrected(members._votes(X), members.odds_)
        found = (
            index.dissimilarity(X),
            -neighbours,
            members.disagreement(X, p >= threshold),
            votes.std(axis=0, ddof=1),
            -np.abs(p - threshold),
        )
        return {
            name: np.asarray(one, np.float64) for name, one in zip(MEASURES, found, strict=True)
        }


def _drawn(is_mine: Bools, n: int, part: int, rng: np.random.Generator) -> I64:
    """Draw n rows, one in `part` of them mines if there are as many."""
    mines, others = np.flatnonzero(is_mine), np.flatnonzero(~is_mine)
    some = rng.permutation(mines)[: n // part]
    return np.concatenate([some, rng.permutation(others)[: n - len(some)]])


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """Answers on the locations of a ground, and the measures there."""

    p: F32
    is_mine: Bools
    group: I64
    measures: Mapping[str, F64]


def own_ground(data: Rows) -> tuple[Tested, float]:
    """Test models of the other groups on each; return the threshold of best F1 as well."""
    p = np.full(data.y.shape, np.nan, np.float32)
    parts = []
    for train, test in GroupKFold(FOLDS).split(data.y, groups=data.group):
        kept = np.isin(np.arange(len(data.y)), train)
        learned = Learned.of(data, kept)
        p[test] = of_chips(learned.model, data.X[test])
        parts.append((learned, Locations.of(data, ~kept)))
    threshold = best_f1_threshold(p, np.where(data.y == 1, 1, np.minimum(data.y, 0)))
    rng, found = np.random.default_rng(SEED), []
    for learned, here in parts:
        here = here.take(rng.permutation(len(here.chip))[: TESTED // FOLDS])
        found.append(_tested(learned, data, here, p[here.chip, here.place], threshold))
    measures = {
        name: np.concatenate([one.measures[name] for one in found]) for name in MEASURES
    }
    p, is_mine, group = (
        np.concatenate([getattr(one, name) for one in found])
        for name in ("p", "is_mine", "group")
    )
    return Tested(p, is_mine, group, measures), threshold


def other_ground(learned: Learned, data: Rows, threshold: float) -> Tested:
    """Test a model of one ground on another."""
    here = Locations.of(data, np.ones(len(data.y), np.bool_))
    here = here.take(np.random.default_rng(SEED).permutation(len(here.chip))[:TESTED])
    return _tested(learned, data, here, learned.model(here.X), threshold)


def _tested(learned: Learned, data: Rows, here: Locations, p: F32, threshold: float) -> Tested:
    """Measure locations of a ground."""
    group = np.unique(data.group, return_inverse=True)[1].astype(np.int64)
    return Tested(p, here.is_mine, group[here.chip], learned.measured(here.X, p, threshold))


def report(names: str, tested: Tested, threshold: float, limit: float) -> None:
    """Print how well each measure predicts the errors, and what lies outside."""
    called = tested.p >= threshold
    error = called != tested.is_mine
    member = np.unique(tested.group, return_inverse=True)[1]
    draws = BOOTSTRAP.draws(int(member.max()) + 1)
    found = {
        name: weighted_auc(one, error, member, draws) for name, one in tested.measures.items()
    }
    print(f"auc | {names} | {error.mean():.3f} | {line(found, *MEASURES)}", flush=True)
    of_called = {
        name: weighted_auc(one[called], error[called], member[called], draws)
        for name, one in tested.measures.items()
    }
    wrong = error[called].mean() if called.any() else np.nan
    print(f"auc, called | {names} | {wrong:.3f} | {line(of_called, *MEASURES)}", flush=True)
    unlike = tested.measures["dissimilarity"] > limit
    contrary = tested.measures["disagreement"] > CONTRARY
    for name, outside in (
        ("dissimilarity", unlike),
        ("disagreement", contrary),
        ("either", unlike | contrary),
    ):
        shares = [_mean(outside[of]) for of in (slice(None), error, ~error, called)]
        errors = [_mean(error[of]) for of in (~outside, outside)]
        cells = " | ".join(f"{one:.3f}" for one in (*shares, *errors))
        print(f"outside by {name} | {names} | {cells}", flush=True)


def _mean(values: Bools) -> float:
    """Return the mean; NaN of nothing."""
    return float(values.mean()) if values.size else float("nan")


def trained_on(trained: str, tested: Sequence[str]) -> None:
    """Print the rows of a model of one ground."""
    data = rows(trained, PIXEL_M)
    own, threshold = own_ground(data)
    learned = Learned.of(data, np.ones(len(data.y), np.bool_))
    limit = learned.index.threshold_
    report(f"{trained} | itself", own, threshold, limit)
    for name in tested:
        if name != trained:
            other = other_ground(learned, rows(name, PIXEL_M), threshold)
            report(f"{trained} | {name}", other, threshold, limit)


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--grounds", nargs="+", choices=GROUNDS, default=list(GROUNDS))
    parser.add_argument(
        "--trained", nargs="+", choices=GROUNDS, help="these alone are trained on"
    )
    asked = parser.parse_args()
    print(f"auc | trained on | tested on | share of errors | {' | '.join(MEASURES)}")
    print("auc, called: the same of locations that are called mines")
    print(
        "outside by | trained on | tested on | outside: share of ground | of errors | of right "
        "answers | of called mines | share of errors inside | outside"
    )
    for name in asked.trained or asked.grounds:
        trained_on(name, asked.grounds)


if __name__ == "__main__":
    main()
