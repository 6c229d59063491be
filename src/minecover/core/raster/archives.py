"""Files inside .tar and .zip archives, by paths such as ``LC08.tar/LC08_B4.TIF``."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path, PurePosixPath

from minecover.core.errors import SceneError

#: Suffixes of archives that are read. A compressed .tar.gz is not among them: it would be
#: unpacked from the start for every window that is read.
ARCHIVES = (".tar", ".zip")
#: What is raised on a damaged archive, or on a way of packing that is not known.
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)

_ZIP = b"PK\x03\x04"
_UNPACK = "in spite of its name: unpack it into the folder (tar xf), and remove it."
#: What files that cannot be read as archives are, by their first bytes, and what to do.
_OTHER_KINDS = {
    b"\x1f\x8b": f"compressed by gzip {_UNPACK}",
    b"BZh": f"compressed by bzip2 {_UNPACK}",
    b"\xfd7zXZ": f"compressed by xz {_UNPACK}",
    _ZIP: "zipped in spite of its name: name it .zip.",
    b"<": "a web page, not an archive: log in, and download it again.",
}

#: Name in the archive, offset (-1 in a .zip) and size of each file [bytes], by path.
Members = dict[PurePosixPath, tuple[str, int, int]]


def archive_of(path: Path) -> Path | None:
    """Return the archive that holds a path like ``LC08.tar/LC08_B4.TIF``; None for a file."""
    if path.is_file():
        return None
    inside = (p for p in path.parents if p.suffix.lower() in ARCHIVES and p.is_file())
    return next(inside, None)


def members(archive: Path) -> dict[Path, int]:
    """Return the files in an archive.

    Parameters
    ----------
    archive : Path
        A .tar or .zip file.

    Returns
    -------
    dict of Path to int
        Sizes [bytes] by path, as ``LC08.tar/LC08_B4.TIF``.

    Raises
    ------
    SceneError
        If the archive is missing, damaged, truncated or encrypted.
    """
    return {archive / name: size for name, (_, _, size) in _index(archive).items()}


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, which may lie in an archive.

    Raises
    ------
    SceneError
        If the file cannot be read, or its archive is damaged.
    """
    try:
        return _content(path)
    except OSError as error:
        raise SceneError(
            f"{path} cannot be read: {error.strerror or error}. Give yourself the right to "
            "read it (chmod u+r), or download it again."
        ) from error


def _content(path: Path) -> bytes:
    """Return the content of a file; an `OSError` if it cannot be read."""
    archive = archive_of(path)
    if archive is None:
        return path.read_bytes()
    name, offset, size = _member(archive, path)
    if offset >= 0:
        with archive.open("rb") as opened:
            opened.seek(offset)
            return opened.read(size)
    try:
        with zipfile.ZipFile(archive) as opened_zip:
            return opened_zip.read(name)
    except _DAMAGED as error:
        raise _unreadable(archive, path, error) from error


def last_bytes(path: Path, n: int) -> bytes:
    """Return the last `n` bytes of a file, which may lie in an archive.

    Raises
    ------
    SceneError
        If the archive is damaged.
    """
    archive = archive_of(path)
    name, offset, size = _member(archive, path) if archive else ("", 0, path.stat().st_size)
    start = max(size - n, 0)
    if archive is None or offset >= 0:
        with (archive or path).open("rb") as opened:
            opened.seek(offset + start)
            return opened.read(size - start)
    try:
        with zipfile.ZipFile(archive) as opened_zip, opened_zip.open(name) as member:
            member.seek(start)
            return member.read()
    except _DAMAGED as error:
        raise _unreadable(archive, path, error) from error


def gdal_name(archive: Path, path: Path) -> str:
    """Return GDAL's name of a file in an archive.

    A member of a .tar is a range of its bytes; GDAL's own reader of .tar files does not know
    names that are long or not in ASCII.
    """
    name, offset, size = _member(archive, path)
    if offset >= 0:
        return f"/vsisubfile/{offset}_{size},{archive.absolute()}"
    # Braces end the name of the archive whatever its folders are called.
    return f"/vsizip/{{{archive.absolute()}}}/{name}"


def _unreadable(archive: Path, path: Path, error: Exception) -> SceneError:
    return SceneError(
        f"{path} cannot be read from its archive: {error}. Download {archive} again."
    )


def _member(archive: Path, path: Path) -> tuple[str, int, int]:
    name = PurePosixPath(path.relative_to(archive))
    found = _index(archive).get(name)
    if found is None:
        raise SceneError(f"{archive} does not contain {name}. Download the archive again.")
    return found


def _index(archive: Path) -> Members:
    try:
        return _listed(archive, archive.stat().st_mtime_ns)
    except (*_DAMAGED, OSError) as error:
        if other := _other_kind(archive):
            raise SceneError(f"{archive} is {other}") from error
        size = f"{archive.stat().st_size} bytes" if archive.is_file() else "no file"
        raise SceneError(
            f"{archive} cannot be read as an archive: found {size} and {error}. "
            "Download it again, or move it out of the folder."
        ) from error


def _other_kind(archive: Path) -> str:
    """Return what a file is by its first bytes, if that is not what it is named, and a cure."""
    start = b""
    if archive.is_file():
        with archive.open("rb") as opened:
            start = opened.read(6).lstrip()
    kinds = (begin for begin in _OTHER_KINDS if start.startswith(begin))
    kind = next(kinds, b"")
    is_named_so = kind == _ZIP and archive.suffix.lower() == ".zip"
    return "" if is_named_so else _OTHER_KINDS.get(kind, "")


@lru_cache(maxsize=1024)
def _listed(archive: Path, stamp: int) -> Members:
    """Return the members of an archive, listed again only after it was changed."""
    if archive.suffix.lower() == ".tar":
        with tarfile.open(archive, "r:") as opened:
            return {
                PurePosixPath(m.name): (m.name, m.offset_data, m.size)
                for m in opened
                if m.isfile()
            }
    with zipfile.ZipFile(archive) as opened_zip:
        files = [info for info in opened_zip.infolist() if not info.is_dir()]
    if any(info.flag_bits & 1 for info in files):
        raise zipfile.BadZipFile("it is encrypted")
    return {PurePosixPath(info.filename): (info.filename, -1, info.file_size) for info in files}
