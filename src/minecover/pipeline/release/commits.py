"""Find the commit that builds what a dvc.lock records, and what a commit lacks for that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from minecover.core.config import PARAMS, Params
from minecover.core.errors import ConfigError, RegistryError
from minecover.pipeline.release.dvc_lock import DVC_LOCK, DvcLock
from minecover.tracking.provenance import commit_digests, digest_of, git

#: Dependencies that are always code of the project: a commit without them builds nothing.
CODE = ("src/", "requirements.lock")


@dataclass(frozen=True, slots=True)
class BuildCommit:
    """A commit whose dvc.lock records a build.

    Parameters
    ----------
    commit : str
        Its hash.
    differing : tuple of str
        Code, tracked inputs and parameters that are not in the commit as the build read them.
    """

    commit: str
    differing: tuple[str, ...]


def find_commit(lock: DvcLock, also: Sequence[str] = ()) -> BuildCommit | None:
    """Return the first commit, on any branch, that records a build and builds it again.

    Parameters
    ----------
    lock : DvcLock
        The build.
    also : sequence of str
        Commits to look at beside those that change dvc.lock and the one that is checked out.

    Returns
    -------
    BuildCommit or None
        Where every commit that records the build has other code or parameters, the first of
        these; None if no commit records it.
    """
    here = Path()
    commits = git(here, "log", "--all", "--reverse", "--format=%H", "--", str(DVC_LOCK)).split()
    first: BuildCommit | None = None
    for commit in dict.fromkeys([*commits, *also, git(here, "rev-parse", "HEAD")]):
        found = recorded_in(commit, lock)
        if found is not None and not found.differing:
            return found
        first = first or found
    return first


def recorded_in(commit: str, lock: DvcLock) -> BuildCommit | None:
    """Return a commit with what it has otherwise than a build; None if it does not record it.

    Parameters
    ----------
    commit : str
        A commit, which may not exist here.
    lock : DvcLock
        The build.
    """
    last = list(lock.outs().values())[-1:] or list(lock.inputs().values())[-1:]
    try:
        text = git(Path(), "show", f"{commit}:./{DVC_LOCK}")
        # Parsing takes long: first look for one digest in the text.
        if any(entry.md5 not in text for entry in last):
            return None
        if DvcLock.read(text, commit).digest != lock.digest:
            return None
    except RegistryError:  # no such commit, no dvc.lock in it, or an unfinished build
        return None
    return BuildCommit(commit, tuple(differing_inputs(commit, lock)))


def differing_inputs(commit: str, lock: DvcLock) -> Iterator[str]:
    """Find what of a build is not in a commit as the build read it.

    Data that git does not track cannot be compared: dvc.lock alone has its digest.

    Parameters
    ----------
    commit : str
        A commit of this repository.
    lock : DvcLock
        The build.

    Yields
    ------
    str
        Paths of code and inputs, and keys of params.yaml.
    """
    digests = commit_digests(Path(), commit)
    for path, entry in lock.dependencies().items():
        below = {name: md5 for name, md5 in digests.items() if name.startswith(f"{path}/")}
        found = digests.get(path) or (_folder_digest(path, below) if below else None)
        if found != entry.md5 and (found is not None or path.startswith(CODE)):
            yield path
    is_there = PARAMS.name in digests
    content = yaml.safe_load(git(Path(), "show", f"{commit}:./{PARAMS}")) if is_there else {}
    for key, value in lock.params().items():
        if not _has_value(content, key, value):
            yield f"{PARAMS} ({key})"


def committed_value(commit: str, key: str) -> object:
    """Return the value at a dotted key of params.yaml in a commit; None if there is none."""
    try:
        text = git(Path(), "show", f"{commit}:./{PARAMS}")
        return Params(yaml.safe_load(text) or {}).value(key)
    except (RegistryError, ConfigError):
        return None


def _has_value(content: Mapping[str, object], key: str, value: object) -> bool:
    """Return whether a configuration has a value at a dotted key."""
    try:
        return digest_of(Params(content).value(key)) == digest_of(value)
    except ConfigError:
        return False


def _folder_digest(folder: str, digests: Mapping[str, str]) -> str:
    """Return DVC's digest of a folder from the MD5 of each file by its path."""
    entries = sorted((name.removeprefix(f"{folder}/"), md5) for name, md5 in digests.items())
    text = json.dumps([{"md5": md5, "relpath": name} for name, md5 in entries])
    return f"{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}.dir"
