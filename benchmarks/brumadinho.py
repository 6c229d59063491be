"""Which features and trees find the mines of Brumadinho, chosen on inner folds? Real imagery.

    python benchmarks/brumadinho.py
    python benchmarks/brumadinho.py --folder .cache/bench/brumadinho --variants "as it was"

Builds `experiment=brumadinho` in a folder (a temporary one by default) and fits every variant
on every pair of folds left out: the choice for a fold is made by average precision on the other
three, by models that saw neither. Printed are each variant out of fold, the nested choice,
recall with each date alone on ground that both show, and the first candidates: whether they
touch a labelled mine, lie in a settlement, and on which share of them the model is not
applicable, by an index and members of the other folds; then their order by several rules (M: a
labelled mine, t: the town). Thresholds are chosen on other folds.
Labels: eight polygons, drawn by hand on these two scenes and not exhaustive.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from brumadinho_ground import SETTLEMENTS, Ground, Variant
from candidate_ranking import RULES, ordered
from joblib import Parallel, delayed

from minecover.core import paths
from minecover.core.config import Params, composed
from minecover.core.cube import F32
from minecover.evaluation import Ranking, best_f1_threshold, best_f1_threshold_by_fold
from minecover.evaluation.metrics import pixel_rates
from minecover.labels import read_labels
from minecover.learning.disagreement import CONTRARY
from minecover.learning.fitting import probability
from minecover.learning.models.prior import PriorCorrected
from minecover.learning.sample import Sample, fold_rows
from minecover.pipeline.stages import context, features, folds, imagery, labels, masks, sites
from minecover.pipeline.stages.train import chosen_columns
from minecover.reporting.candidates import SiteMap, find_candidates

STAGES = (labels, sites, imagery, masks, context, features, folds)
BOTH = "features=[bands,spectral,temporal,neighbourhood]"
LAST = "features=[last]"
BOTH_AND_LAST = "features=[bands,spectral,temporal,neighbourhood,last]"
#: Beside the tables of the experiment: how the ground changes within some tens of metres.
ROUGH = (
    "+table.rough={_target_: minecover.features.roughness.Roughness, planes: [red,nir08,swir16,"
    "swir22,ndvi,mndwi,ndmi,nbr,ndti,bsi,iron_oxide,clay], apart_m: [30,60,120], size_m: 450, "
    "least_share: 0.2, of: last}"
)
#: Options of the experiment.
VARIANTS: dict[str, tuple[str, ...]] = {
    "as it was": (BOTH,),
    "both, and the last date": (BOTH_AND_LAST,),
    "the last date": (LAST,),
    "the last date, 7 leaves": (LAST, "model.num_leaves=7"),
    "the last date, and how rough the ground is": ("features=[last,rough]",),
}
SHOWN = 12


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A variant out of fold: models, probabilities by site, and inner scores by outer fold."""

    variant: Variant
    models: list[PriorCorrected]
    p: dict[int, F32]
    inner: list[float]


def tried(ground: Ground, variant: Variant) -> Outcome:
    """Fit a variant on every fold and pair of folds left out."""
    n = int(ground.fold.max()) + 1
    pairs = list(combinations(range(n), 2))
    jobs = [*((k,) for k in range(n)), *pairs]
    fits = Parallel(n_jobs=-1, prefer="threads")(
        delayed(ground.fitted)(variant, job) for job in jobs
    )
    models, of_pair = fits[:n], dict(zip(pairs, fits[n:], strict=True))
    p: dict[int, F32] = {}
    for k in range(n):
        p |= ground.predicted(models[k], variant, k)
    inner = []
    for k in range(n):
        held: dict[int, F32] = {}
        for j in set(range(n)) - {k}:
            held |= ground.predicted(of_pair[min(j, k), max(j, k)], variant, j)
        inner.append(ground.average_precision(held))
    return Outcome(variant, models, p, inner)


def line(ground: Ground, p: dict[int, F32]) -> str:
    """Write the scores of probabilities of all sites, with intervals over sites."""
    order = sorted(p)
    thresholds = by_fold(ground, p)
    bootstrap = ground.params.build("metrics.bootstrap")
    scores = pixel_rates(
        [Ranking.of(p[index], ground.tables[index].label) for index in order],
        np.array([thresholds[int(ground.fold[index])] for index in order]),
        bootstrap.draws(len(order)),
    )
    cells = []
    for name in ("average_precision", "precision", "recall"):
        values = np.asarray(scores[name])
        low, high = bootstrap.interval(values[1:])
        cells.append(f"{values[0]:.3f} [{low:.3f}, {high:.3f}]")
    return " | ".join(cells)


def by_fold(ground: Ground, p: dict[int, F32]) -> dict[int, float]:
    """Choose the threshold of each fold on the others."""
    order = sorted(p)
    label = np.concatenate([ground.tables[index].label for index in order])
    fold = np.concatenate([np.full(len(p[index]), ground.fold[index]) for index in order])
    return best_f1_threshold_by_fold(
        np.concatenate([p[index] for index in order]), label, fold.astype(np.int8)
    )


def recalls(ground: Ground, chosen: Sequence[Outcome], p: dict[int, F32]) -> str:
    """Write recall with the first, the last and both dates, where both are valid.

    The mines are those of the last date that is used. At the end, of the mines of the first:
    with both dates; and where the last shows the ground as it was, with the first and both.
    """
    thresholds, hits = by_fold(ground, p), np.zeros((6, 2))
    for index, several in enumerate(ground.alone):
        fold, same = int(ground.fold[index]), ground.as_it_was[index]
        outcome = chosen[fold]
        first, of_first = several[0], (several[2][0], several[0][1])
        of_same = [(X[same], label[same]) for X, label in (first, of_first)]
        for row, (X, label) in enumerate([*several, of_first, *of_same]):
            is_mine = label == 1
            found = probability(outcome.models[fold], X[is_mine][:, outcome.variant.columns])
            hits[row] += (found >= thresholds[fold]).sum(), is_mine.sum()
    return " | ".join(f"{hit / n:.3f}" for hit, n in hits)


def candidates(ground: Ground, chosen: Sequence[Outcome], p: dict[int, F32]) -> None:
    """Print the first candidates out of fold, and where the settlements stand."""
    label = np.concatenate([ground.tables[index].label for index in sorted(p)])
    threshold = best_f1_threshold(np.concatenate([p[index] for index in sorted(p)]), label)
    rule = ground.params.build("metrics.objects")
    maps = [
        SiteMap(site.site_id, site.grid, p[index].reshape(site.grid.shape))
        for index, site in enumerate(ground.sites)
    ]
    found = find_candidates(
        maps, read_labels(paths.LABELS), threshold=threshold, min_px=rule.min_px
    )
    doubts = doubtful(ground, chosen, p, threshold)
    towns = gpd.GeoSeries(
        [shapely.Polygon(corners) for corners in SETTLEMENTS.values()], crs="EPSG:32623"
    )
    shapes = found.geometry.to_crs(towns.crs)
    print(f"{len(found)} candidates from {threshold:.3f} on")
    print("rank | east, north [m] | area [ha] | touches a labelled mine | settlement | unknown")
    for at, shape in enumerate(shapes):
        shares = [shape.intersection(town).area / shape.area for town in towns]
        inside = [name for name, share in zip(SETTLEMENTS, shares, strict=True) if share > 0.5]
        if at >= SHOWN and not inside:
            continue
        middle, here = shape.centroid, doubts[doubts.within(shape)]
        print(
            f"{at + 1} | {middle.x:.0f}, {middle.y:.0f} | {found['area_ha'].iloc[at]:.1f} | "
            f"{bool(found['known'].iloc[at])} | {', '.join(inside) or '-'} | "
            f"{here['is_unknown'].mean():.2f}",
            flush=True,
        )
    in_town = shapes.intersection(towns.iloc[0]).area > 0.5 * shapes.area
    marks = np.select([found["known"], in_town], ["M", "t"], ".")
    for rule in RULES:
        print(f"{rule}: {''.join(marks[ordered(found, rule, threshold)])}", flush=True)


def doubtful(
    ground: Ground, chosen: Sequence[Outcome], p: dict[int, F32], threshold: float
) -> gpd.GeoDataFrame:
    """Return the called locations, and whether the model of their fold is applicable there."""
    x, y, unknown = [], [], []
    for fold, outcome in enumerate(chosen):
        allowed = fold_rows(ground.sample, ground.split, fold)
        sample = replace(
            ground.sample,
            **{one.name: getattr(ground.sample, one.name)[allowed] for one in fields(Sample)},
        )
        sample = replace(sample, X=sample.X[:, outcome.variant.columns])
        index = ground.params.build("design.applicability").fit(
            outcome.models[fold], sample, ground.fold
        )
        members = ground.params.build("design.disagreement").fit(
            sample, index.columns_, kept_negatives=ground.shares[fold]
        )
        for at in np.flatnonzero(ground.fold == fold):
            called = np.flatnonzero(p[int(at)] >= threshold)
            if not len(called):
                continue
            X = ground.tables[at].X[called][:, outcome.variant.columns]
            against = members.disagreement(X, np.ones(len(X), np.bool_)) > CONTRARY
            unknown.append(against | (index.dissimilarity(X) > index.threshold_))
            grid = ground.sites[at].grid
            row, col = np.unravel_index(called, grid.shape)
            x.append(grid.transform.c + (col + 0.5) * grid.transform.a)
            y.append(grid.transform.f + (row + 0.5) * grid.transform.e)
    points = gpd.points_from_xy(np.concatenate(x), np.concatenate(y), crs="EPSG:32623")
    return gpd.GeoDataFrame({"is_unknown": np.concatenate(unknown)}, geometry=points)


def study(params: Params, chosen: dict[str, Params]) -> None:
    """Print all tables of the build in the working folder."""
    columns = {name: chosen_columns(one) for name, one in chosen.items()}
    every = sorted({column for some in columns.values() for column in some})
    ground, outcomes = Ground(params, every), {}
    print(
        "variant | AP | precision | recall | recall, the first date | the last | both | both, "
        "of the first date's mines | of those on unchanged ground: the first date | both | "
        "inner AP a fold"
    )
    for name, one in chosen.items():
        at = np.array([every.index(column) for column in columns[name]])
        outcome = outcomes[name] = tried(ground, Variant(one, at))
        by_inner = " ".join(f"{value:.3f}" for value in outcome.inner)
        same = [outcome] * len(outcome.models)
        cells = [line(ground, outcome.p), recalls(ground, same, outcome.p), by_inner]
        print(f"{name} | {' | '.join(cells)}", flush=True)
    names, inner = list(outcomes), np.array([one.inner for one in outcomes.values()])
    won = [names[best] for best in inner.argmax(axis=0)]
    nested = [outcomes[name] for name in won]
    p = {index: nested[ground.fold[index]].p[index] for index in outcomes[won[0]].p}
    print(f"chosen on inner folds | {line(ground, p)} | {recalls(ground, nested, p)} | {won}")
    first = next(iter(outcomes.values()))
    for name, several, scores in (
        (next(iter(outcomes)), [first] * len(nested), first.p),
        ("chosen on inner folds", nested, p),
    ):
        print(f"\n{name}:")
        candidates(ground, several, scores)


def main() -> None:
    """Build the experiment if it is not there, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="of a build that is kept")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    asked = parser.parse_args()
    conf = Path("conf").resolve()
    shared = Path(str(composed([]).value("paths.real_data"))).resolve()
    plain = ["experiment=brumadinho", f"paths.real_data={shared}", ROUGH]
    chosen = {name: composed([*plain, *VARIANTS[name]], conf=conf) for name in asked.variants}
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        os.chdir(folder)
        params = composed(plain, conf=conf)
        if not paths.FOLDS.is_file():
            for stage in STAGES:
                stage.run(params)
        study(params, chosen)
        os.chdir(conf.parent)


if __name__ == "__main__":
    main()
