"""The table of goals: the recipe of 2017 beside the champion, on the same sites.

    make run && python benchmarks/goals.py
    python benchmarks/goals.py --only default brumadinho

`default`: the build in the working folder, both out of fold. `harder`, `shapes` and
`background` (ground without mines): worlds of other seeds, scored by the models that learned
from all of the default one, cut where those are cut. Both recipes see the same tables; the one
of 2017 votes at p > 0.5 and takes the median over dates, or the mean of its probabilities for
average precision. `brumadinho`: real imagery, out of fold. All but the last is simulated data.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from sampled import dealt

from minecover.core import paths
from minecover.core.config import Params, composed
from minecover.core.feature_table import SiteTable, read_table
from minecover.core.outputs import thinned_tables
from minecover.core.sites import Site
from minecover.evaluation import (
    EvaluationSettings,
    ScoredModel,
    Thresholds,
    choose_thresholds,
    paired_differences,
    site_predictions,
)
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.learning.fitting import predict_out_of_fold
from minecover.learning.sample import Tables
from minecover.learning.training import TrainingResult
from minecover.learning.training import train as train_model
from minecover.pipeline.stages import (
    context,
    evaluate,
    features,
    folds,
    imagery,
    labels,
    masks,
    sites,
    train,
)
from minecover.pipeline.stages.train import training_settings

STAGES = (labels, sites, imagery, masks, context, features, folds)
#: Worlds that no model learns from.
ELSEWHERE = {
    "harder": ("experiment=harder", "seed=107"),
    "shapes": (
        "world.mine_masks={real}/poc_masks/masks.npz",
        "world.parameters.mines.more_per_site=0",
        "seed=207",
    ),
    # A few sites with mines, since nothing can be built without any.
    "background": ("world.n_sites=10", "world.n_background={n}", "seed=307"),
}
#: What is printed of them: score, goal.
SHOWN = {
    "harder": {
        "F1 against the label": ("location.f1", "+0.16"),
        "F1 against the truth": ("truth.location.f1", "-"),
    },
    "shapes": {
        "F1 against the label": ("location.f1", "+0.10"),
        "F1 against the truth": ("truth.location.f1", "-"),
    },
    "background": {
        "false objects per 100 km2 of mine-free ground": ("background.false_per_100km2", "-"),
    },
}
#: Row of the table: score, against which recipe of 2017, goal.
GOALS = {
    "F1 against the label": ("location.f1", "vote", "+0.18"),
    "AP against the label": ("location.average_precision", "mean", "+0.23"),
    "AP against the truth": ("truth.location.average_precision", "mean", "0.88"),
    "F1 against the truth, at the label's cut": ("truth.location.f1", "vote", "0.80"),
    "mine recall at 2 false per 100 km2": (
        "objects.at_2_false_per_100km2.mine_recall",
        "mean",
        "0.82",
    ),
    "mine recall at 5 false per 100 km2": (
        "objects.at_5_false_per_100km2.mine_recall",
        "mean",
        "0.87",
    ),
    "ECE over p > 0.05": ("calibration.location.ece", "mean", "<= 0.03"),
    "Brier skill": ("calibration.location.brier_skill", "mean", "-"),
}
SPILL = "labels.ignored=[tailings-spill-upper,tailings-spill-lower]"


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """One way of learning, and what it gives on the default world."""

    params: Params
    learned: TrainingResult

    @classmethod
    def of(cls, params: Params, n_sites: int | None = None) -> Recipe:
        """Learn from the build in the working folder, or from some of its sites."""
        sites, split = dealt(params, n_sites)
        learned = train_model(
            training_settings(params),
            tables(params, sites),
            split,
            thinned=thinned_tables(params, split.site_ids),
        )
        return cls(params, learned)

    def score(self, rows: list[OutOfFold], aggregation: str | None = None) -> ScoredModel:
        """Judge out-of-fold scores; thresholds as the configuration says."""
        params = composed([f"aggregation={aggregation}"]) if aggregation else self.params
        scored = [site_predictions(row, params.build("aggregation")) for row in rows]
        chosen = "best_f1" if aggregation else self.params.value("design.threshold")
        return ScoredModel(scored, choose_thresholds(scored, chosen))

    def elsewhere(self) -> list[OutOfFold]:
        """Score the sites of the working folder with the model of all default sites."""
        here, split = dealt(self.params)
        split = replace(split, fold_of_site=np.zeros_like(split.fold_of_site))
        columns, read = training_settings(self.params).features, tables(self.params, here)
        return predict_out_of_fold([self.learned.model], lambda i: read(i, columns), split)

    def cut_as_before(self, rows: list[OutOfFold]) -> ScoredModel:
        """Judge scores of other sites where the default ones are cut."""
        scored = [site_predictions(row, self.params.build("aggregation")) for row in rows]
        thresholds = {
            level: Thresholds(chosen.shipped, {0: chosen.shipped})
            for level, chosen in self.learned.thresholds.items()
        }
        return ScoredModel(scored, thresholds)


def tables(params: Params, sites: Sequence[Site]) -> Tables:
    """Read the tables of the working folder as the configuration asks for them."""
    design, profile = str(params.value("design.name")), str(params.value("mask"))

    def read(index: int, features: Sequence[str]) -> SiteTable:
        site_id = sites[index].site_id
        return read_table(
            paths.table(design, site_id),
            features=features,
            profile=profile,
            static=paths.table("location", site_id),
        )

    return read


def main() -> None:
    """Learn both ways and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--champion", default="champion", help="an option of conf/experiment")
    parser.add_argument("--baseline", default="acceptance", help="the recipe of 2017")
    parser.add_argument("--sites", type=int, default=100, help="of the other worlds")
    parser.add_argument(
        "--only",
        nargs="+",
        default=["default", *ELSEWHERE, "brumadinho"],
        choices=["default", *ELSEWHERE, "brumadinho"],
    )
    asked = parser.parse_args()
    print("data | score | 2017 | champion | difference | goal", flush=True)
    simulated = [name for name in asked.only if name != "brumadinho"]
    if simulated:
        recipes = [
            Recipe.of(composed([f"experiment={name}"]))
            for name in (asked.baseline, asked.champion)
        ]
        if "default" in simulated:
            at_home(*recipes)
        for name in ELSEWHERE:
            if name in simulated:
                abroad(name, asked.sites, *recipes)
    if "brumadinho" in asked.only:
        real()


def at_home(old: Recipe, new: Recipe) -> None:
    """Compare out of fold on the default world."""
    rows = old.learned.out_of_fold
    scored = {"vote": old.score(rows), "mean": old.score(rows, "mean")}
    champion = new.score(new.learned.out_of_fold)
    settings = measures(new.params)
    compared = {name: by_score(one, champion, settings) for name, one in scored.items()}
    for name, (score, kind, goal) in GOALS.items():
        print(line("default", name, compared[kind].loc[score], goal), flush=True)
    truthful = [against_truth(one) for one in (scored["mean"], champion)]
    best = by_score(truthful[0], truthful[1], settings).loc["location.f1"]
    print(line("default", "F1 against the truth, at its own cut", best, "0.80"), flush=True)
    dates = scored["vote"], "observation.f1"
    by_date = by_score(dates[0], dates[0], settings).loc[dates[1], "a"]
    print(f"default | F1 of 2017 date by date | {by_date:.3f} | - | - | -", flush=True)


def abroad(name: str, n_sites: int, old: Recipe, new: Recipe) -> None:
    """Compare on a world that neither has learned from."""
    conf, back = Path("conf").resolve(), Path.cwd()
    shared = Path(str(new.params.value("paths.real_data"))).resolve()
    words = [f"world.n_sites={n_sites}", *ELSEWHERE[name], "folds.gate=false"]
    world = [text.format(real=shared, n=n_sites) for text in words]
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        build(composed(world, conf=conf))
        scored = [recipe.cut_as_before(recipe.elsewhere()) for recipe in (old, new)]
        os.chdir(back)
    compared = by_score(scored[0], scored[1], measures(new.params))
    for row, (score, goal) in SHOWN[name].items():
        print(line(name, row, compared.loc[score], goal), flush=True)


def real() -> None:
    """Score real imagery out of fold: without the spill, and as it lay on the second date."""
    conf, back = Path("conf").resolve(), Path.cwd()
    shared = Path(str(composed([]).value("paths.real_data"))).resolve()
    for name, extra, goal in (("spill left out", [SPILL], "0.92"), ("date 2", [], "0.89")):
        chosen = ["experiment=brumadinho", f"paths.real_data={shared}", *extra]
        params = composed(chosen, conf=conf)
        with tempfile.TemporaryDirectory() as scratch:
            os.chdir(scratch)
            build(params)
            train.run(params)
            evaluate.run(params)
            found = json.loads(paths.METRICS.read_text())["location"]
            os.chdir(back)
        ap, low, high = (found[f"average_precision{end}"] for end in ("", "_low", "_high"))
        print(
            f"brumadinho (real), {name} | AP against the label | - | {ap:.3f} | "
            f"[{low:.3f}, {high:.3f}] | {goal}",
            flush=True,
        )


def build(params: Params) -> None:
    """Run the stages up to the tables in the working folder."""
    for stage in STAGES:
        stage.run(params)


def measures(params: Params) -> EvaluationSettings:
    """Gather what is measured, as the stage `evaluate` does."""
    return EvaluationSettings(
        bootstrap=params.build("metrics.bootstrap"),
        objects=params.build("metrics.objects"),
        prevalences=params.value("metrics.prevalences"),
    )


def by_score(a: ScoredModel, b: ScoredModel, settings: EvaluationSettings) -> pd.DataFrame:
    """Compare two models, a row a score."""
    return paired_differences(a, b, settings).set_index("score")


def against_truth(model: ScoredModel) -> ScoredModel:
    """Take the truth for the label: also to choose thresholds, out of fold."""
    sites = [replace(site, label=site.known_truth) for site in model.sites]
    return ScoredModel(sites, choose_thresholds(sites, "best_f1"))


def line(data: str, name: str, row: pd.Series, goal: str) -> str:
    """Write one line of the table."""
    return (
        f"{data} | {name} | {row['a']:.3f} | {row['b']:.3f} | {row['difference']:+.3f} "
        f"[{row['difference_low']:+.3f}, {row['difference_high']:+.3f}] | {goal}"
    )


if __name__ == "__main__":
    main()
