"""Write whole files or none, and hold locks that end with their process."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block ends without an error.

    The temporary file keeps the suffix (drivers go by it) and lies in the same folder
    (a rename is atomic within one file system only). It is removed on any failure.

    Parameters
    ----------
    path : Path
        The file to create or replace. Its folder is made if it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files that only their owner reads; a result is for everyone.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with Unix line ends, all or nothing."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: object) -> None:
    """Write `content` as indented JSON with a final newline, all or nothing."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


@contextmanager
def lock(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold a lock that all processes of this machine respect; it ends with its process.

    Parameters
    ----------
    path : Path
        The lock file. It is made with its folder if it is missing, and left there.
    wait : bool
        Whether to wait for another holder.

    Yields
    ------
    bool
        Whether the lock is held: False only without waiting, if another holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(path, is_singleton=False, thread_local=False)
    try:
        held.acquire(timeout=-1 if wait else 0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        held.release()


def _umask() -> int:
    """Read the process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
