"""The pipeline's stages, one file each: read, loop over sites, call, write, say one line."""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from minecover.cube import F32
from minecover.raster import read_planes
from minecover.sites import Site, read_sites
from minecover.stages import paths

Item = TypeVar("Item")
Result = TypeVar("Result")

#: In the order in which data walks through them.
STAGES = (
    "labels",
    "sites",
    "imagery",
    "masks",
    "context",
    "features",
    "folds",
    "train",
    "evaluate",
    "predict",
    "report",
)


def over(
    items: Sequence[Item],
    work: Callable[[Item], Result],
    name: str,
    *,
    threads: int | None = None,
) -> list[Result]:
    """Do independent work on every item, on all cores, with one progress bar on a terminal.

    The first error ends it all: what has not begun never will, what is under way is left.

    Parameters
    ----------
    items : sequence
        Usually sites.
    work : callable
        What to do with one of them; runs in another process.
    name : str
        What the bar says.
    threads : int or None
        Work on so many threads of this process instead: for work that waits for others.

    Returns
    -------
    list
        Results in the order of the items.
    """
    here = Path.cwd()
    workers = (
        Parallel(n_jobs=-1, return_as="generator")
        if threads is None
        else Parallel(n_jobs=threads, return_as="generator", backend="threading")
    )
    results = workers(delayed(_at)(here, work, item) for item in items)
    bar = tqdm(results, name, len(items), unit="site", disable=not sys.stderr.isatty())
    return list(bar)


def _at(folder: Path, work: Callable[[Item], Result], item: Item) -> Result:
    """Work in a folder: processes are used again, and stay where they were started."""
    os.chdir(folder)
    return work(item)


def fetched_sites() -> list[Site]:
    """Give the sites that have imagery, sorted by id."""
    there = fetched_dates()
    return [site for site in read_sites(paths.SITES) if site.site_id in there]


def fetched_dates() -> dict[str, tuple[date, ...]]:
    """Give the dates of the scenes of every site that has some."""
    index = pd.read_csv(paths.SCENE_INDEX, keep_default_na=False)
    ok = index[index["status"] == "ok"]
    return {
        site_id: tuple(date.fromisoformat(day) for day in days.split())
        for site_id, days in zip(ok["site_id"], ok["dates"], strict=True)
    }


def read_around(site: Site) -> dict[str, F32]:
    """Read the context planes of a site, halo included; none where no layer is configured."""
    path = paths.CONTEXT / f"{site.site_id}.tif"
    if not path.is_file():
        return {}
    return {name: plane.astype(np.float32) for name, plane in read_planes(path).items()}
