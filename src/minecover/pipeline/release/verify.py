"""Build a recorded model again in a scratch clone, and compare every byte."""

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
from minecover.pipeline.release.differences import find_differences
from minecover.pipeline.release.dvc_lock import DVC_LOCK, IDENTITY, DvcLock, DvcLockEntry
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
        Folder for the clone, which stays there; it must not exist yet. None takes a temporary
        folder beside this checkout, so that relative paths of inputs lead to the same files.

    Returns
    -------
    list of str
        The differences, in the order of the stages; empty if every byte is the same.

    Raises
    ------
    RegistryError
        If the target is in no commit, or cannot be built.
    """
    root = Path(git(Path(), "rev-parse", "--show-toplevel"))
    commit, sha256 = _find_target(target)
    lock = DvcLock.read(git(root, "show", f"{commit}:{DVC_LOCK}"), f"commit {commit[:10]}")
    with _clone_folder(root, scratch) as clone:
        git(root, "clone", "-q", str(root), str(clone))
        git(clone, "checkout", "-q", "--detach", commit)
        rebuild(clone)
        return [*compare_builds(root, clone, commit, lock), *_compare_model(clone, sha256)]


def rebuild(clone: Path) -> None:
    """Run every stage up to `evaluate` in a clone, with the clone's own code and no cache.

    Parameters
    ----------
    clone : Path
        A clone with the commit checked out.

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
    # A fresh clone has no cache, and this build must not fill one.
    command = [sys.executable, "-m", "dvc", "repro", "--force", "--no-commit", "--no-run-cache"]
    log.info("verify: building in %s", clone)
    done = subprocess.run(
        [*command, IDENTITY[-1]], cwd=clone, env=environment, stdout=sys.stderr, check=False
    )
    if done.returncode:
        raise RegistryError(
            "the build stopped: the output above names the stage and the reason. Imagery of a "
            "service is fetched again, and needs its account. To keep the clone, pass "
            f"--scratch; it was {clone}."
        )


def compare_builds(root: Path, clone: Path, commit: str, lock: DvcLock) -> Iterator[str]:
    """Compare a rebuilt clone with its commit's dvc.lock, and with the files of this checkout.

    Parameters
    ----------
    root : Path
        This checkout. Its outputs of the same build are compared byte by byte.
    clone : Path
        See `rebuild`.
    commit : str
        The commit that the clone has checked out.
    lock : DvcLock
        The dvc.lock of that commit.

    Yields
    ------
    str
        One sentence per output or committed file that differs.
    """
    rebuilt = DvcLock.read((clone / DVC_LOCK).read_text(encoding="utf-8"), "the rebuild").outs()
    here = (root / DVC_LOCK).read_text(encoding="utf-8") if (root / DVC_LOCK).is_file() else ""
    own = DvcLock.read(here, "this checkout").outs() if "evaluate" in here else {}
    for path, entry in lock.outs().items():
        is_here = own.get(path) == entry and (root / path).exists()
        found = list(find_differences(root / path, clone / path)) if is_here else []
        if path in rebuilt and rebuilt[path].md5 != entry.md5:
            yield _mismatch(entry, rebuilt[path], found)
        elif found:
            yield from (f"{entry.stage}: {path} here {text}" for text in found)
    names = git(clone, "diff", "--name-only", commit, "--", *lock.outs()).split()
    for name in names:
        yield f"{name}: the committed file is not what the build makes"


def _mismatch(entry: DvcLockEntry, rebuilt: DvcLockEntry, found: list[str]) -> str:
    """Describe an output that differs, with the bytes if the recorded file is here."""
    where = "; ".join(found[:3]) or "run `dvc pull` first to learn which bytes"
    return (
        f"{entry.stage}: {entry.path} md5 {entry.md5} recorded, {rebuilt.md5} rebuilt: {where}"
    )


def _compare_model(clone: Path, sha256: str | None) -> Iterator[str]:
    """Compare the rebuilt pickle with the registered one."""
    if sha256 is not None and (found := file_digest(clone / paths.MODEL)) != sha256:
        yield f"{paths.MODEL}: SHA-256 {sha256} registered, {found} rebuilt"


def _find_target(target: str) -> tuple[str, str | None]:
    """Return the commit of a target, and the SHA-256 of its model if it is a version."""
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
            f"version {found.version.version} is recorded in no commit: it cannot be cloned. "
            "Commit dvc.lock, params.yaml and the code of this build, and verify it again."
        )
    return found.commit.commit, found.version.tags["sha256"]


@contextmanager
def _clone_folder(root: Path, scratch: Path | None) -> Iterator[Path]:
    """Yield the folder for the clone; a temporary one is removed at the end."""
    if scratch is not None:
        yield scratch.resolve()
        return
    with tempfile.TemporaryDirectory(prefix=f".{root.name}-", dir=root.parent) as folder:
        yield Path(folder)
