"""Trace a version or a run to its commit, its data and its commands."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from minecover.core.config import load_params
from minecover.core.errors import RegistryError
from minecover.pipeline.release.commits import BuildCommit, find_commit
from minecover.pipeline.release.dvc_lock import DVC_LOCK, DvcLock
from minecover.tracking.decisions import version_of_run
from minecover.tracking.provenance import git
from minecover.tracking.registry import version_at
from minecover.tracking.runs import RunSummary, download_artifact, find_run
from minecover.tracking.types import Tracking, Version

#: What may be an id of a run or a sweep, or its beginning; a number is a version first.
RUN_ID = re.compile(r"[0-9a-f]{4,32}")
#: Tags that a run is traced by.
DIGESTS = ("data_digest", "params_digest", "code_digest")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version comes from.

    Parameters
    ----------
    version : Version
        The version, as the registry describes it.
    lock : DvcLock
        The dvc.lock that its run logged.
    commit : BuildCommit or None
        The first commit that records this build, if possible one that builds it again.
    """

    version: Version
    lock: DvcLock
    commit: BuildCommit | None

    @property
    def is_committed(self) -> bool:
        """Whether a commit builds this version, without other changes."""
        return self.commit is not None and not self.commit.differing


def origin(version: str) -> Origin:
    """Return where a version comes from.

    Parameters
    ----------
    version : str
        A number or an alias.

    Returns
    -------
    Origin
        The version, its dvc.lock and its commit.

    Raises
    ------
    RegistryError
        If there is no such version, or its run has no dvc.lock.
    """
    tracking: Tracking = load_params().build("tracking")
    separator = "/" if version.isdigit() else "@"
    uri = f"models:/{tracking.registered_name}{separator}{version}"
    return origin_of(tracking, version_at(tracking, uri))


def origin_of(tracking: Tracking, version: Version) -> Origin:
    """Return where a version of the registry comes from; see `origin`."""
    with tempfile.TemporaryDirectory() as folder:
        path = download_artifact(tracking, version.run_id, DVC_LOCK.name, Path(folder))
        lock = DvcLock.read(path.read_text(encoding="utf-8"), f"run {version.run_id}")
    return Origin(version, lock, find_commit(lock, [version.tags["git_commit"]]))


def find_target(target: str) -> Origin | RunSummary:
    """Return where a version comes from, or a run of which no version was registered.

    Parameters
    ----------
    target : str
        A version's number or alias, or what `minecover.tracking.runs.find_run` takes.

    Returns
    -------
    Origin or RunSummary
        An origin also for the run of a registered build.

    Raises
    ------
    RegistryError
        If there is neither.
    """
    try:
        return origin(target)
    except RegistryError:
        if not RUN_ID.fullmatch(target):
            raise
    tracking: Tracking = load_params().build("tracking")
    run = find_run(tracking, target)
    version = version_of_run(tracking, run.run_id)
    return run if version is None else origin_of(tracking, version)


def to_dict(found: Origin | RunSummary) -> dict[str, object]:
    """Return an origin as nested mappings and lists that JSON can hold.

    Parameters
    ----------
    found : Origin or RunSummary
        See `find_target`.

    Returns
    -------
    dict of str to object
        Of a version its name, number, alias, run and tags, its commit (``recorded_in``), what
        is not in that commit as it was built (``differing``), the MD5 of its inputs (``read``)
        and outputs (``made``) by path, and its commands. Of a run its name, id and tags.
    """
    if isinstance(found, RunSummary):
        return {"name": found.name, "run_id": found.run_id, "tags": dict(found.tags)}
    version, lock = found.version, found.lock
    return {
        "name": version.name,
        "version": version.version,
        "alias": version.alias or None,
        "run_id": version.run_id,
        "tags": dict(version.tags),
        "recorded_in": found.commit.commit if found.commit else None,
        "differing": list(found.commit.differing) if found.commit else [],
        "read": {path: entry.md5 for path, entry in lock.inputs().items()},
        "made": {path: entry.md5 for path, entry in lock.outs().items()},
        "commands": lock.commands(),
    }


def lines(found: Origin | RunSummary) -> list[str]:
    """Return an origin as text: the version, its inputs and outputs, how to build it again.

    Parameters
    ----------
    found : Origin or RunSummary
        See `find_target`.

    Returns
    -------
    list of str
        Lines without line ends.
    """
    if isinstance(found, RunSummary):
        return _run_lines(found)
    version, lock = found.version, found.lock
    tags = version.tags
    is_clean = tags["git_dirty"] == "false" and found.is_committed
    state = "nothing uncommitted" if is_clean else "with uncommitted changes"
    alias = f" ({version.alias})" if version.alias else ""
    text = [
        f"{version.name} version {version.version}{alias}",
        f"run       {version.run_id}",
        f"registered from commit {tags['git_commit']}, {state}",
        f"model     SHA-256 {tags['sha256']}",
        f"build     {lock.digest}",
        *_commit_lines(found.commit),
    ]
    for title, entries in (("read", lock.inputs()), ("made", lock.outs())):
        text.append(f"{title}:")
        text += [
            f"  {entry.path:<32} md5 {entry.md5:<36} {entry.size:>13,} bytes"
            for entry in entries.values()
        ]
    return [
        *text,
        "by:",
        *_checkout_lines(found),
        *(f"    {command}" for command in lock.commands()),
        f"Build it again and compare every byte: minecover verify {version.version}",
    ]


def _commit_lines(commit: BuildCommit | None) -> list[str]:
    """Return the commit of a build, and what it has otherwise than the build."""
    if commit is None:
        return [
            "          recorded in no commit: commit dvc.lock, params.yaml and what was built "
            "from, and `minecover promote` or `make run` notes the commit"
        ]
    subject = git(Path(), "log", "-1", "--format=%cs %s", commit.commit)
    text = [f"          recorded in commit {commit.commit}", f"          {subject}"]
    if commit.differing:
        names = ", ".join(commit.differing)
        text.append(f"          which does not build it: it was built from other {names}")
    return text


def _checkout_lines(found: Origin) -> list[str]:
    """Return the commands that fetch or build what a commit holds."""
    if not found.is_committed or found.commit is None:
        return ["  (no commit builds it yet)"]
    return [
        f"  git checkout {found.commit.commit}",
        "  dvc pull              # download the outputs, or build them again:",
        "  dvc repro evaluate",
    ]


def _run_lines(run: RunSummary) -> list[str]:
    """Return where a run comes from of which no version was registered."""
    tags = run.tags
    is_dirty = tags.get("git_dirty") != "false"
    return [
        f"run       {run.run_id} ({run.name}), {run.status}",
        f"started from commit {tags.get('git_commit', 'unknown')}, "
        + ("with uncommitted changes" if is_dirty else "nothing uncommitted"),
        *(f"{name:<14}{tags[name]}" for name in DIGESTS if name in tags),
        "It is no version: nothing was built from it. To build its choices:",
        f"  minecover adopt {run.run_id[:8]} && make run",
    ]
