"""The forest of 2017 as it was trained, and how fast it scores: what maps are held against.

Two hundred trees of depth 35 on the eleven bands of single dates, classes balanced, every
negative kept. A forest that saw fewer negatives has smaller trees and scores quicker, so it is
fitted on whole sites of the pipeline's table (`dvc repro features`), and scores the ground that
is mapped.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from minecover.core.cube import Cube
from minecover.core.sensors import OLI
from minecover.core.sites import Site
from minecover.features.validity import Profile, valid
from minecover.sources.product_folder import ProductFolder

BANDS = tuple(OLI.bands)

#: The pipeline's tables, a file a site.
TABLES = Path("data/features/observations")
#: Where a fitted forest is kept: to fit it takes minutes.
CACHE = Path(".cache/bench")
#: Sites that the experiment `poc_2017` has too: a quarter of the default set.
SITES = 48
TREES, DEPTH, SEED = 200, 35, 7
#: Side of the square that is scored [px], and its distance from the products' corner.
SIDE_PX, HALO_PX = 256, 24


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """A fitted forest, and observations of other ground.

    Parameters
    ----------
    forest : RandomForestClassifier
    rows : int
        It was fitted on.
    bands : (n, 11) float32
    dates : int
        Of a location.
    """

    forest: RandomForestClassifier
    rows: int
    bands: NDArray[np.float32]
    dates: int

    def locations_a_second(self) -> float:
        """Time scoring all dates once, features ready in memory, on all cores."""
        begin = time.perf_counter()
        self.forest.predict_proba(self.bands)
        return len(self.bands) / self.dates / (time.perf_counter() - begin)

    @property
    def named(self) -> str:
        """What it is, for a table."""
        leaves = np.mean([tree.get_n_leaves() for tree in self.forest.estimators_])
        return (
            f"recipe of 2017: {TREES} trees of {leaves:,.0f} leaves on average, fitted on "
            f"{self.rows:,} observations"
        )


def square(products: Path) -> Cube:
    """Read the square of simulated ground that is scored, all bands."""
    source = ProductFolder(str(products), 1, BANDS)
    corner, side = HALO_PX, HALO_PX + SIDE_PX
    grid = source.extent().cut(corner, corner, side, side)
    return source.scenes(Site("square", "", grid, HALO_PX))


def recipe(cube: Cube, profile: Profile, *, sites: int) -> Recipe:
    """Fit the forest, or open the one that was fitted before.

    Parameters
    ----------
    cube : Cube
        What it scores, see `square`.
    profile : Profile
        Which of its observations are usable.
    sites : int
        That it is fitted on.
    """
    path = CACHE / f"recipe-{sites}.joblib"
    if not path.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        joblib.dump(_fitted(sites), path)
    forest, rows = joblib.load(path)
    seen = cube.core(valid(cube, profile))
    bands = cube.core(cube.values(*BANDS)).transpose(0, 2, 3, 1)[seen]
    return Recipe(forest, rows, bands, len(cube.dates))


def _fitted(sites: int) -> tuple[RandomForestClassifier, int]:
    """Fit on the first sites, and count the rows."""
    files = sorted(TABLES.glob("*.parquet"))[:sites]
    if len(files) < sites:
        raise SystemExit(f"{TABLES} has {len(files)} of {sites} sites. Type `make run` first.")
    print(f"fitting the forest of 2017 on {sites} sites, once: minutes", file=sys.stderr)
    columns = [*BANDS, "label", "valid_poc"]
    table = pd.concat(pd.read_parquet(file, columns=columns) for file in files)
    table = table[table["valid_poc"] & (table["label"] >= 0)]
    forest = RandomForestClassifier(
        TREES, max_depth=DEPTH, class_weight="balanced", n_jobs=-1, random_state=SEED
    )
    return forest.fit(table[[*BANDS]].to_numpy(), table["label"].to_numpy()), len(table)
