"""Score `experiment=amazon` on mines against what looks like them, beside a baseline.

    python benchmarks/amazon.py                 five draws of the folds, and intervals
    python benchmarks/amazon.py --variants      what else was tried, on two other draws
    python benchmarks/amazon.py --nested        the choice made anew on the folds that are left

Needs the real data of `paths.real_data`, and no build. The baseline is LightGBM on means and
deviations in squares that are mirrored at the edges of the chips, which no map can do. Scores
are of every third row and column, intervals by bootstrap over the groups of chips, on the mean
over the draws. What the labels are worth: docs/guides/label-sets.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from amazon_baseline import baseline_out_of_fold
from amazon_chips import Chips, Trained, read_chips
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from minecover.core.config import composed
from minecover.evaluation import Bootstrap
from minecover.evaluation.chips import chip_score
from minecover.evaluation.roc import weighted_auc

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
REPORTED = range(5)
#: Draws of the folds that variants were compared on.
TUNED = (100, 101)
SCORES = {
    "look_alike": "mine locations against look-alikes, AUC",
    "chip": "chips with a mask, AUC",
    "with_mixed": "all chips, AUC",
    "recall": "recall at 5 % false chips",
    "same_years": "mines of the negatives' years against the negatives, AUC",
}
EXPERIMENT = ("experiment=amazon",)
INDICES = "ndvi,ndwi,mndwi,ndmi,nbr,ndti,bsi,iron_oxide,clay"
#: Beside the experiment as it is.
VARIANTS: dict[str, tuple[str, ...]] = {
    "the experiment": (),
    "look-alikes weigh 1": ("design.recipe.look_alike_weight=1",),
    "look-alikes weigh 2": ("design.recipe.look_alike_weight=2",),
    "look-alikes weigh 10": ("design.recipe.look_alike_weight=10",),
    "7 leaves": ("model.num_leaves=7",),
    "31 leaves, 0.3 of the columns": ("model.num_leaves=31", "model.colsample_bytree=0.3"),
    "three times the rows": ("design.recipe.row_share=0.1",),
    "a third of the rows": ("design.recipe.row_share=0.01",),
    "mean of three models": ("design.recipe.bags=3",),
    "without change": ("features=[ends,squares,roughness]",),
    "without roughness": ("features=[ends,squares,change]",),
    "without single pixels": ("features=[squares,change,roughness]",),
    "medians for single pixels, no change": ("features=[bands,spectral,squares,roughness]",),
    "indices alone": tuple(
        f"table.{name}.planes=[{INDICES}]"
        for name in ("ends", "squares", "change", "roughness")
    ),
    "squares of 950 m as well": tuple(
        f"table.{name}.sizes_m=[30,90,210,450,950]" for name in ("squares", "change")
    ),
    "squares of the first date as well": (
        "features=[ends,squares,change,roughness,first]",
        "+table.first={_target_: minecover.features.neighbourhood.Neighbourhood, planes: "
        f"[red,nir08,swir16,swir22,{INDICES}], sizes_m: [30,90,210,450], least_share: 0.2, "
        "of: first}",
    ),
}
#: Variants that the nested choice chooses from.
NESTED = (
    "the experiment",
    "look-alikes weigh 1",
    "7 leaves",
    "without change",
    "without roughness",
    "indices alone",
)
#: False chips that are tolerated.
FALSE = 0.05


@dataclass(frozen=True, slots=True)
class Scorer:
    """Counts the scores of probabilities in each draw of the groups."""

    chips: Chips
    draws: F64

    @classmethod
    def of(cls, chips: Chips, bootstrap: Bootstrap) -> Scorer:
        """Draw the groups of chips with replacement."""
        names, group = np.unique([one.group for one in chips.sites], return_inverse=True)
        return cls(chips, bootstrap.draws(len(names))[:, group])

    def scores(self, probability: F32) -> dict[str, F64]:
        """Return each score, of the chips as they are and then of each draw."""
        mine, masked = self.chips.is_mine, self.chips.has_mask
        label = self.chips.label[:, ::3, ::3].reshape(probability.shape)
        site, at = np.nonzero((label == 1) | (label == 2))
        chip = np.array([chip_score(one) for one in probability], np.float32)
        return {
            "look_alike": weighted_auc(
                probability[site, at], label[site, at] == 1, site, self.draws
            ),
            "chip": self._chip_auc(chip, masked),
            "with_mixed": self._chip_auc(chip, np.ones_like(mine)),
            "recall": np.array([_recall(chip, mine, masked, draw) for draw in self.draws]),
            "same_years": self._chip_auc(chip, masked & self.chips.same_dates),
        }

    def _chip_auc(self, chip: F32, used: NDArray[np.bool_]) -> F64:
        which = np.flatnonzero(used)
        return weighted_auc(chip[which], self.chips.is_mine[which], which, self.draws)


def _recall(chip: F32, mine: NDArray[np.bool_], masked: NDArray[np.bool_], draw: F64) -> float:
    """Return the share of mines above the score that 5 % of the other chips exceed."""
    others = np.repeat(chip[masked & ~mine], draw[masked & ~mine].astype(np.int64))
    if not others.size or not draw[masked & mine].sum():
        return float("nan")
    found = chip[masked & mine] > np.quantile(others, 1 - FALSE)
    return float(np.average(found, weights=draw[masked & mine]))


def mean_of(each: Sequence[dict[str, F64]]) -> dict[str, F64]:
    """Return the mean over draws of the folds."""
    return {name: np.mean([one[name] for one in each], axis=0) for name in SCORES}


def line(found: dict[str, F64], bootstrap: Bootstrap, beside: dict[str, F64] | None) -> str:
    """Write scores, or their differences to others, with intervals."""
    cells = []
    for name in SCORES:
        draws = found[name] - (0 if beside is None else beside[name])
        low, high = bootstrap.interval(draws[1:])
        sign = "" if beside is None else "+"
        cells.append(f"{draws[0]:{sign}.3f} [{low or 0:{sign}.3f}, {high or 0:{sign}.3f}]")
    return " | ".join(cells)


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variants", action="store_true", help="print what else was tried")
    parser.add_argument("--only", help="of the variants, those whose name holds this")
    parser.add_argument("--nested", action="store_true", help="choose on inner folds")
    asked = parser.parse_args()
    params = composed(list(EXPERIMENT))
    if not Path(params.value("source.input")).is_dir():
        sys.exit(f"needs {params.value('source.input')} (paths.real_data)")
    chips, bootstrap = read_chips(params), params.build("metrics.bootstrap")
    scorer = Scorer.of(chips, bootstrap)
    print(" | ".join(["", *SCORES.values()]))
    if asked.variants:
        variants(chips, scorer, asked.only or "")
    elif asked.nested:
        nested(chips, scorer, bootstrap)
    else:
        report(chips, scorer, bootstrap)


def report(chips: Chips, scorer: Scorer, bootstrap: Bootstrap) -> None:
    """Print the experiment, the baseline, and their paired difference."""
    model = Trained(composed(list(EXPERIMENT)), chips)
    ours, theirs = [], []
    for seed in REPORTED:
        ours.append(scorer.scores(model.out_of_fold(chips.fold_of_site(seed))))
        theirs.append(scorer.scores(baseline_out_of_fold(chips, seed)))
        for name, each in (("experiment", ours), ("baseline", theirs)):
            cells = " | ".join(f"{each[-1][score][0]:.3f}" for score in SCORES)
            print(f"{name}, draw {seed} | {cells}", flush=True)
    one, other = mean_of(ours), mean_of(theirs)
    print(f"experiment | {line(one, bootstrap, None)}")
    print(f"baseline | {line(other, bootstrap, None)}")
    print(f"difference | {line(one, bootstrap, other)}")


def variants(chips: Chips, scorer: Scorer, only: str) -> None:
    """Print the means of the variants on the draws that they were compared on."""
    for name, overrides in VARIANTS.items():
        if only in name:
            model = Trained(composed([*EXPERIMENT, *overrides]), chips)
            found = [
                scorer.scores(model.out_of_fold(chips.fold_of_site(seed))) for seed in TUNED
            ]
            cells = " | ".join(f"{mean_of(found)[score][0]:.3f}" for score in SCORES)
            print(f"{name} | {cells}", flush=True)


def nested(chips: Chips, scorer: Scorer, bootstrap: Bootstrap) -> None:
    """Choose for each fold what is best on the other four, and score the choice."""
    fold_of_site = chips.fold_of_site(0)
    models = {name: Trained(composed([*EXPERIMENT, *VARIANTS[name]]), chips) for name in NESTED}
    outer = {name: model.out_of_fold(fold_of_site) for name, model in models.items()}
    chosen = np.empty_like(outer[NESTED[0]])
    for fold in range(int(fold_of_site.max()) + 1):
        left = fold_of_site != fold
        inner = {
            name: model.out_of_fold(fold_of_site, without=fold)
            for name, model in models.items()
        }
        merit = {name: _merit(chips, left, one) for name, one in inner.items()}
        best = max(merit, key=lambda name: merit[name])
        chosen[~left] = outer[best][~left]
        print(f"fold {fold}: {best} of {merit}", flush=True)
    print(f"chosen on inner folds | {line(scorer.scores(chosen), bootstrap, None)}")


def _merit(chips: Chips, left: NDArray[np.bool_], probability: F32) -> float:
    """Return the mean of the look-alike AUC and of the AUC of all chips, of some chips."""
    label = chips.label[:, ::3, ::3].reshape(probability.shape)
    alike = ((label == 1) | (label == 2)) & left[:, None]
    chip = [chip_score(one) for one in probability[left]]
    return float(
        np.mean(
            [
                roc_auc_score(label[alike] == 1, probability[alike]),
                roc_auc_score(chips.is_mine[left], chip),
            ]
        )
    )


if __name__ == "__main__":
    main()
