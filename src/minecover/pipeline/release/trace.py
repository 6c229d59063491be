"""Trace a version of the model to its commit, its data and its commands."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from minecover.core.config import load_params
from minecover.core.errors import RegistryError
from minecover.pipeline.release.dvc_lock import DvcLock
from minecover.pipeline.release.register import DVC_LOCK
from minecover.tracking.provenance import git
from minecover.tracking.registry import version_at
from minecover.tracking.runs import download_artifact
from minecover.tracking.types import Tracking, Version


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version comes from.

    Parameters
    ----------
    version : Version
        The version, as the registry describes it.
    lock : DvcLock
        The dvc.lock that its run logged.
    commit : str or None
        The first commit whose dvc.lock records this build; None if there is none.
    """

    version: Version
    lock: DvcLock
    commit: str | None


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
    found = version_at(tracking, f"models:/{tracking.registered_name}{separator}{version}")
    with tempfile.TemporaryDirectory() as folder:
        path = download_artifact(tracking, found.run_id, DVC_LOCK.name, Path(folder))
        lock = DvcLock.read(path.read_text(encoding="utf-8"), f"run {found.run_id}")
    return Origin(found, lock, find_commit(lock))


def find_commit(lock: DvcLock) -> str | None:
    """Return the first commit, on any branch, whose dvc.lock records a build.

    Parameters
    ----------
    lock : DvcLock
        The build.

    Returns
    -------
    str or None
        Hash of the commit; None if there is none.
    """
    here = Path()
    path = git(here, "ls-files", "--full-name", "--", str(DVC_LOCK)) or str(DVC_LOCK)
    commits = git(here, "log", "--all", "--reverse", "--format=%H", "--", str(DVC_LOCK)).split()
    last = list(lock.outs().values())[-1].md5
    for commit in commits:
        try:
            text = git(here, "show", f"{commit}:{path}")
            # Parsing takes long: first look for one digest in the text.
            if last in text and DvcLock.read(text, commit).digest == lock.digest:
                return commit
        except RegistryError:
            continue  # this commit deletes dvc.lock, or records an unfinished build
    return None


def to_dict(found: Origin) -> dict[str, object]:
    """Return an origin as nested mappings and lists that JSON can hold.

    Parameters
    ----------
    found : Origin
        See `origin`.

    Returns
    -------
    dict of str to object
        Name, number, alias, run and tags of the version, its commit (``recorded_in``), the
        MD5 of its inputs (``read``) and outputs (``made``) by path, and its commands.
    """
    version, lock = found.version, found.lock
    return {
        "name": version.name,
        "version": version.version,
        "alias": version.alias or None,
        "run_id": version.run_id,
        "tags": dict(version.tags),
        "recorded_in": found.commit,
        "read": {path: entry.md5 for path, entry in lock.inputs().items()},
        "made": {path: entry.md5 for path, entry in lock.outs().items()},
        "commands": lock.commands(),
    }


def lines(found: Origin) -> list[str]:
    """Return an origin as text: the version, its inputs and outputs, how to build it again.

    Parameters
    ----------
    found : Origin
        See `origin`.

    Returns
    -------
    list of str
        Lines without line ends.
    """
    version, lock = found.version, found.lock
    tags = version.tags
    state = "uncommitted changes" if tags["git_dirty"] == "true" else "nothing uncommitted"
    alias = f" ({version.alias})" if version.alias else ""
    text = [
        f"{version.name} version {version.version}{alias}",
        f"run       {version.run_id}",
        f"registered from commit {tags['git_commit']}, {state}",
        f"model     SHA-256 {tags['sha256']}",
        f"build     {lock.digest}",
    ]
    if found.commit is None:
        text.append("          recorded in no commit: `git add dvc.lock params.yaml`, commit")
    else:
        text.append(f"          recorded in commit {found.commit}")
        text.append("          " + git(Path(), "log", "-1", "--format=%cs %s", found.commit))
    for title, entries in (("read", lock.inputs()), ("made", lock.outs())):
        text.append(f"{title}:")
        text += [
            f"  {entry.path:<32} md5 {entry.md5:<36} {entry.size:>13,} bytes"
            for entry in entries.values()
        ]
    return [
        *text,
        "by:",
        f"  git checkout {found.commit or tags['git_commit']}",
        "  dvc pull              # download the outputs, or build them again:",
        "  dvc repro evaluate",
        *(f"    {command}" for command in lock.commands()),
        f"Build it again and compare every byte: minecover verify {version.version}",
    ]
