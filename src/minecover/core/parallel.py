"""Map a function over items in worker processes or threads, with a progress bar."""

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
    """Return the results of a function applied to every item, in parallel.

    The first error is raised; items that have not started by then are skipped. A progress bar
    is shown if stderr is a terminal.

    Parameters
    ----------
    items : sequence
        Arguments of `work`, usually sites.
    work : callable
        Function of one item. It runs in worker processes, one per core, without `threads`.
    name : str
        Label of the progress bar.
    threads : int or None
        Number of threads of this process to use instead of worker processes; suits work that
        waits for a network.

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
    """Run `work` in a folder, since reused worker processes keep their old working folder."""
    os.chdir(folder)
    return work(item)
