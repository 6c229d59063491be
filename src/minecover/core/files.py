"""Write whole files or none, and hold locks that end with their process."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

#: What is written to find out whether there is space.
PROBE_BYTES = 1_000_000


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


@contextmanager
def replacing_together(folder: Path, *, last: str) -> Iterator[Path]:
    """Yield an empty folder whose files become files of `folder` when the block ends.

    If it ends with an error, as on a full disk, none of them does, and what was there stays.

    Parameters
    ----------
    folder : Path
        Where the files belong. It is made if it is missing.
    last : str
        Name of the file that is moved last: with it, all others are there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=folder) as name:
        yield Path(name)
        for path in sorted(Path(name).iterdir(), key=lambda one: (one.name == last, one.name)):
            path.replace(folder / path.name)


def check_space(path: Path) -> None:
    """Write a little beside a file, to find out why a library could not write it.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    OSError
        The reason of the system, with the name of the file: the disk is full, for example.
    """
    try:
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            probe.write(bytes(PROBE_BYTES))
            probe.flush()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


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
