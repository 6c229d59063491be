"""The commit, the data and the commands that a version of the model comes from."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from minecover.core.config import load_params
from minecover.core.errors import RegistryError
from minecover.pipeline.release.dvc_lock import Lock
from minecover.pipeline.release.register import LOCK
from minecover.tracking.provenance import git
from minecover.tracking.registry import look
from minecover.tracking.runs import fetched
from minecover.tracking.types import Tracking, Version


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version comes from.

    Parameters
    ----------
    version : Version
    lock : Lock
        The dvc.lock that its run keeps.
    commit : str or None
        The first commit whose dvc.lock records this build; None where none does.
    """

    version: Version
    lock: Lock
    commit: str | None


def origin(version: str) -> Origin:
    """Look up where a version comes from.

    Parameters
    ----------
    version : str
        A number, or an alias.

    Raises
    ------
    RegistryError
        If there is no such version, or its run does not keep its dvc.lock.
    """
    tracking: Tracking = load_params().build("tracking")
    mark = "/" if version.isdigit() else "@"
    found = look(tracking, f"models:/{tracking.registered_name}{mark}{version}")
    with tempfile.TemporaryDirectory() as folder:
        path = fetched(tracking, found.run_id, LOCK.name, Path(folder))
        lock = Lock.read(path.read_text(encoding="utf-8"), f"run {found.run_id}")
    return Origin(found, lock, recorded_in(lock))


def recorded_in(lock: Lock) -> str | None:
    """Find the first commit, of any branch, whose dvc.lock records a build."""
    here = Path()
    path = git(here, "ls-files", "--full-name", "--", str(LOCK)) or str(LOCK)
    commits = git(here, "log", "--all", "--reverse", "--format=%H", "--", str(LOCK)).split()
    last = list(lock.outs().values())[-1].md5
    for commit in commits:
        try:
            text = git(here, "show", f"{commit}:{path}")
            # Reading all of it takes a while.
            if last in text and Lock.read(text, commit).digest == lock.digest:
                return commit
        except RegistryError:
            continue  # this commit deletes it, or records half a build
    return None


def facts(found: Origin) -> dict[str, object]:
    """Give an origin for scripts."""
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
    """Write an origin for people: what it is, what it was made from, how to make it again."""
    version, lock = found.version, found.lock
    tags = version.tags
    state = "uncommitted changes" if tags["git_dirty"] == "true" else "nothing uncommitted"
    alias = f" ({version.alias})" if version.alias else ""
    said = [
        f"{version.name} version {version.version}{alias}",
        f"run       {version.run_id}",
        f"registered from commit {tags['git_commit']}, {state}",
        f"model     SHA-256 {tags['sha256']}",
        f"build     {lock.digest}",
    ]
    if found.commit is None:
        said.append("          in no commit: `git add dvc.lock params.yaml`, and commit them")
    else:
        said.append(f"          recorded in commit {found.commit}")
        said.append("          " + git(Path(), "log", "-1", "--format=%cs %s", found.commit))
    for title, entries in (("read", lock.inputs()), ("made", lock.outs())):
        said.append(f"{title}:")
        said += [
            f"  {entry.path:<32} md5 {entry.md5:<36} {entry.size:>13,} bytes"
            for entry in entries.values()
        ]
    return [
        *said,
        "by:",
        f"  git checkout {found.commit or tags['git_commit']}",
        "  dvc pull              # fetch it all, or make it anew:",
        "  dvc repro evaluate",
        *(f"    {command}" for command in lock.commands()),
        f"Compare a rebuild with all of this: minecover verify {version.version}",
    ]
