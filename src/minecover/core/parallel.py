"""Independent work on many items, on all cores or in threads, with one progress bar."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from joblib import Parallel, delayed
from tqdm import tqdm

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(
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
