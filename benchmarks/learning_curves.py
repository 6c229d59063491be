"""How much do more labelled sites help, and more dates? Learning curves with intervals.

    make run && python benchmarks/learning_curves.py --sites 25 50 100 150 200
    python benchmarks/learning_curves.py --dates 1 3 5 7 9 13 --of 48
    python benchmarks/learning_curves.py --served 1 2 3

Over sites: the build in the working folder, models that learn from so many of its sites and are
tested on all of them, out of fold. Over dates: worlds of so many dates, each built anew in a
folder of its own. Served: the build in the working folder, trained on all dates and mapped with
so many of each site's dates, drawn at random. Simulated data, scores against the label.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from goals import Recipe
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sampled import Sampled, dealt

from minecover.core import paths
from minecover.core.config import Params, composed
from minecover.core.cube import F32
from minecover.core.outputs import read_context
from minecover.core.raster import read_cube, read_planes
from minecover.core.sites import Site
from minecover.evaluation import Bootstrap
from minecover.features.planes import feature_planes, flat_sets
from minecover.features.validity import valid
from minecover.learning.fitting import probability
from minecover.learning.models.compiled_trees import compile_trees
from minecover.pipeline.stages import context, features, folds, imagery, labels, masks, sites
from minecover.pipeline.stages.train import chosen_columns

STAGES = (labels, sites, imagery, masks, context, features, folds)
HEADER = "average precision | best F1"


def main() -> None:
    """Print one curve, or both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiment", default="champion")
    parser.add_argument("--sites", type=int, nargs="*", default=[])
    parser.add_argument("--dates", type=int, nargs="*", default=[])
    parser.add_argument("--served", type=int, nargs="*", default=[])
    parser.add_argument("--of", type=int, default=48, help="sites of the worlds of some dates")
    asked = parser.parse_args()
    plain = [f"experiment={asked.experiment}"]
    if asked.sites:
        over_sites(composed(plain), asked.sites)
    if asked.dates:
        over_dates(plain, asked.dates, asked.of)
    if asked.served:
        served(composed(plain), asked.served)


def over_sites(params: Params, counts: list[int]) -> None:
    """Learn from so many sites of the other folds, the same ones among more."""
    columns = list(chosen_columns(params))
    data = Sampled(params, columns)
    order = np.random.default_rng(int(params.value("seed"))).permutation(len(data.sites))
    print(f"sites | {HEADER}")
    for count in counts:
        known = np.zeros(len(data.sites), np.bool_)
        known[order[:count]] = True
        scores = data.out_of_fold(params.build("model"), columns, known=known)
        # A fold's model learns from those of its sites that lie in the other folds.
        print(f"{count} | {data.score(scores).line(data.bootstrap)}", flush=True)


def over_dates(plain: list[str], counts: list[int], n_sites: int) -> None:
    """Build worlds of more and more dates."""
    conf, back = Path("conf").resolve(), Path.cwd()
    print(f"dates | {HEADER}  ({n_sites} sites)")
    for count in counts:
        world = [f"world.n_dates={count}", f"world.n_sites={n_sites}"]
        # On few dates clouds may hide a site altogether.
        free = ["folds.gate=false", "source.max_failed_fraction=1"]
        params = composed([*plain, *world, *free], conf=conf)
        with tempfile.TemporaryDirectory() as scratch:
            os.chdir(scratch)
            for stage in STAGES:
                stage.run(params)
            columns = list(chosen_columns(params))
            data = Sampled(params, columns)
            scores = data.out_of_fold(params.build("model"), columns)
            print(f"{count} | {data.score(scores).line(data.bootstrap)}", flush=True)
            os.chdir(back)


def served(params: Params, counts: list[int]) -> None:
    """Map each site with its fold's model from so many of its dates, and last from all."""
    learned, (here, split) = Recipe.of(params).learned, dealt(params)
    models = [compile_trees(model) for model in learned.by_fold]
    at_least = learned.thresholds["location"].shipped
    bootstrap: Bootstrap = params.build("metrics.bootstrap")
    draws = bootstrap.draws(len(here))

    def counted(index: int, count: int | None) -> tuple[int, int, int]:
        X, is_mine = rows_of_dates(params, here[index], count, seed=index)
        found = probability(models[split.fold_of_site[index]], X) >= at_least
        return int((found & is_mine).sum()), int(is_mine.sum()), int(found.sum())

    print(f"dates | recall | precision  (of observed locations, from {at_least:.3f} on)")
    for count in [*counts, None]:
        found = Parallel(n_jobs=-1, prefer="threads")(
            delayed(counted)(index, count) for index in range(len(here))
        )
        hits, mines, positives = (draws @ np.array(found, np.float64)).T
        cells = [shown(bootstrap, hits / mines), shown(bootstrap, hits / positives)]
        print(f"{count or 'all'} | {' | '.join(cells)}", flush=True)


def rows_of_dates(
    params: Params, site: Site, count: int | None, *, seed: int
) -> tuple[F32, NDArray[np.bool_]]:
    """Return features and labels of a site's locations that some of its dates show."""
    cube = read_cube(paths.SCENES / f"{site.site_id}.tif")
    masks = read_planes(paths.MASKS / f"{site.site_id}.tif")
    n_dates, kept = len(cube.dates), np.zeros(len(cube.dates), np.bool_)
    rng = np.random.default_rng([seed, count or 0])
    kept[rng.choice(n_dates, min(count or n_dates, n_dates), replace=False)] = True
    usable = valid(cube, params.build(f"masks.{params.value('mask')}"))
    columns = chosen_columns(params)
    planes = feature_planes(
        cube,
        usable,
        read_context(site),
        flat_sets(params.build("table")),
        columns,
        with_medians=True,
    ).of_dates(kept)
    label = masks[cube.dates[np.flatnonzero(kept)[-1]].isoformat()].astype(np.int8)
    seen = cube.core(usable)[kept].any(axis=0) & (label >= 0)
    return np.stack([planes[name][seen] for name in columns], axis=1), label[seen] == 1


def shown(bootstrap: Bootstrap, values: np.ndarray) -> str:
    """Write a score of all sites, and its interval over draws of them."""
    low, high = bootstrap.interval(values[1:])
    return f"{values[0]:.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    main()
