"""The pipeline's stages, one file each: read, loop over sites, call, write, say one line."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

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


def over(items: Sequence[Item], work: Callable[[Item], Result], name: str) -> list[Result]:
    """Do independent work on every item, on all cores, with one progress bar on a terminal.

    Parameters
    ----------
    items : sequence
        Usually sites.
    work : callable
        What to do with one of them; runs in another process.
    name : str
        What the bar says.

    Returns
    -------
    list
        Results in the order of the items.
    """
    here = Path.cwd()
    results = Parallel(n_jobs=-1, return_as="generator")(
        delayed(_at)(here, work, item) for item in items
    )
    bar = tqdm(results, name, len(items), unit="site", disable=not sys.stderr.isatty())
    return list(bar)


def _at(folder: Path, work: Callable[[Item], Result], item: Item) -> Result:
    """Work in a folder: processes are used again, and stay where they were started."""
    os.chdir(folder)
    return work(item)


def fetched_sites() -> list[Site]:
    """Give the sites that have imagery, sorted by id."""
    index = pd.read_csv(paths.SCENE_INDEX, keep_default_na=False)
    there = set(index.loc[index["status"] == "ok", "site_id"])
    return [site for site in read_sites(paths.SITES) if site.site_id in there]
