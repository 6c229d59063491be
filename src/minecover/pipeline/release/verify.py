"""Build a recorded model again, from nothing, and compare every byte."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from minecover.core import paths
from minecover.core.digests import file_digest
from minecover.core.errors import RegistryError
from minecover.pipeline.release.differences import unlike
from minecover.pipeline.release.dvc_lock import Entry, Lock
from minecover.pipeline.release.register import IDENTITY, LOCK
from minecover.pipeline.release.trace import origin
from minecover.tracking.provenance import git
from minecover.tracking.registry import CHALLENGER, CHAMPION

log = logging.getLogger(__name__)


def verify(target: str, scratch: Path | None) -> list[str]:
    """Build a version or a commit in a scratch clone, and compare with what is recorded.

    Parameters
    ----------
    target : str
        A version's number or alias; or a commit, a branch, a tag.
    scratch : Path or None
        A folder that does not exist: the clone is made and left there. None takes a temporary
        one beside this checkout, so that relative paths of inputs lead to the same files.

    Returns
    -------
    list of str
        What differs, in the order of the stages: nothing, if the build is what it says it is.

    Raises
    ------
    RegistryError
        If the target is in no commit, or cannot be built.
    """
    root = Path(git(Path(), "rev-parse", "--show-toplevel"))
    commit, sha256 = _recorded(target)
    lock = Lock.read(git(root, "show", f"{commit}:{LOCK}"), f"commit {commit[:10]}")
    with _folder(root, scratch) as clone:
        git(root, "clone", "-q", str(root), str(clone))
        git(clone, "checkout", "-q", "--detach", commit)
        rebuild(clone)
        return [*differences(root, clone, commit, lock), *_registered(clone, sha256)]


def rebuild(clone: Path) -> None:
    """Run every stage up to `evaluate`, whatever is recorded of it, with the clone's own code.

    Raises
    ------
    RegistryError
        If a stage fails.
    """
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(clone / "src"),
        "DVC_NO_ANALYTICS": "1",
    }
    # Neither the outputs nor the run cache of anything: there is no cache in a fresh clone.
    command = [sys.executable, "-m", "dvc", "repro", "--force", "--no-commit", "--no-run-cache"]
    log.info("verify: building in %s", clone)
    done = subprocess.run(
        [*command, IDENTITY[-1]], cwd=clone, env=environment, stdout=sys.stderr, check=False
    )
    if done.returncode:
        raise RegistryError(
            "the build stopped: see above at which stage, and why. Imagery of a service is "
            f"fetched again, and needs its account. --scratch keeps the clone, now {clone}."
        )


def differences(root: Path, clone: Path, commit: str, lock: Lock) -> Iterator[str]:
    """Compare a rebuilt clone with what its commit records, and with what lies here.

    Parameters
    ----------
    root : Path
        This checkout. What it holds of the same build is compared byte by byte.
    clone : Path
        See `rebuild`.
    commit : str
    lock : Lock
        The commit's own.
    """
    rebuilt = Lock.read((clone / LOCK).read_text(encoding="utf-8"), "the rebuild").outs()
    here = (root / LOCK).read_text(encoding="utf-8") if (root / LOCK).is_file() else ""
    own = Lock.read(here, "this checkout").outs() if "evaluate" in here else {}
    for path, entry in lock.outs().items():
        is_here = own.get(path) == entry and (root / path).exists()
        found = list(unlike(root / path, clone / path)) if is_here else []
        if path in rebuilt and rebuilt[path].md5 != entry.md5:
            yield _mismatch(entry, rebuilt[path], found)
        elif found:
            yield from (f"{entry.stage}: {path} here {text}" for text in found)
    names = git(clone, "diff", "--name-only", commit, "--", *lock.outs()).split()
    for name in names:
        yield f"{name}: the committed file is not what the build makes"


def _mismatch(entry: Entry, rebuilt: Entry, found: list[str]) -> str:
    """Say that an output is not the recorded one, and where if its files are at hand."""
    where = "; ".join(found[:3]) or "which of its bytes, `dvc pull` would let this tell"
    return (
        f"{entry.stage}: {entry.path} md5 {entry.md5} recorded, {rebuilt.md5} rebuilt: {where}"
    )


def _registered(clone: Path, sha256: str | None) -> Iterator[str]:
    """Compare the rebuilt pickle with the registered one."""
    if sha256 is not None and (found := file_digest(clone / paths.MODEL)) != sha256:
        yield f"{paths.MODEL}: SHA-256 {sha256} registered, {found} rebuilt"


def _recorded(target: str) -> tuple[str, str | None]:
    """Give the commit of a target, and the SHA-256 of its model if it is a version."""
    if not (target.isdigit() or target in {CHAMPION, CHALLENGER}):
        try:
            return git(Path(), "rev-parse", "--verify", f"{target}^{{commit}}"), None
        except RegistryError as error:
            raise RegistryError(
                f"{target!r} is neither a version nor a commit of this repository ({error})."
            ) from error
    found = origin(target)
    if found.commit is None:
        raise RegistryError(
            f"version {found.version.version} is recorded in no commit, so that it cannot be "
            "cloned. Commit its dvc.lock and params.yaml, and verify it again."
        )
    return found.commit, found.version.tags["sha256"]


@contextmanager
def _folder(root: Path, scratch: Path | None) -> Iterator[Path]:
    """Give a path for the clone."""
    if scratch is not None:
        yield scratch.resolve()
        return
    with tempfile.TemporaryDirectory(prefix=f".{root.name}-", dir=root.parent) as folder:
        yield Path(folder)
