"""Names of runs: what differs between them, short, and no two alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from minecover.pipeline.run_record import family_of
from minecover.tracking import runs
from minecover.tracking.types import Tracking

if TYPE_CHECKING:
    from minecover.pipeline.sweep.jobs import Job

#: Characters of a job's id behind a name that another job has already.
SUFFIX = 4
#: Marks around a value that Hydra's grammar would misread.
QUOTES = "'\""


def job_name(chosen: Mapping[str, str]) -> str:
    """Return the name of a job: the values that other jobs of its sweep lack.

    Parameters
    ----------
    chosen : mapping of str to str
        Values of the swept keys, by dotted key.

    Returns
    -------
    str
        For instance ``forest depth=20 leaf=5``: a table of runs shows about twenty letters, so
        that a key is named by its last word. Empty if nothing was swept.
    """
    words = Counter(last_word(key) for key in chosen)
    named = {key: last_word(key) if words[last_word(key)] == 1 else key for key in chosen}
    return " ".join(
        value.strip(QUOTES) if key == "model" else f"{named[key]}={value.strip(QUOTES)}"
        for key, value in chosen.items()
    )


def last_word(key: str) -> str:
    """Return the last word of a dotted key, e.g. ``leaf`` of ``model.min_samples_leaf``."""
    return short_key(key).rpartition("_")[2]


def short_key(key: str) -> str:
    """Return the last part of a dotted key."""
    return key.rpartition(".")[2].lstrip("+~")


def run_names(tracking: Tracking, jobs: Sequence[Job]) -> dict[str, str]:
    """Return the names of the runs of jobs, by job id.

    Parameters
    ----------
    tracking : Tracking
        Names the store, whose other jobs may have the same names.
    jobs : sequence of Job
        The jobs of a sweep.
    """
    taken = runs.job_names(tracking)

    def free(job: Job) -> str:
        family = family_of(job.params)
        longer = job.name if job.name == family else f"{family} {job.name}"
        for name in (job.name, longer):
            if taken.get(name, job.job_id) == job.job_id:
                return name
        return f"{longer} ({job.job_id[:SUFFIX]})"

    return {job.job_id: free(job) for job in jobs}


def against_name(b: str, a: str) -> str:
    """Return the name of a comparison: the words that only one of two names has.

    Parameters
    ----------
    b, a : str
        Names of two runs, words with blanks between.

    Returns
    -------
    str
        For instance ``max_depth=35 against max_depth=20``.
    """
    own_b = [word for word in b.split() if word not in a.split()]
    own_a = [word for word in a.split() if word not in b.split()]
    return f"{' '.join(own_b) or b} against {' '.join(own_a) or a}"
