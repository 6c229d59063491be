"""Open a raster for reading, also inside a .tar or .zip; all errors become a `SceneError`."""

from __future__ import annotations

import math
import os
import sys
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import rasterio
from pyproj.exceptions import ProjError
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader

from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.raster.archives import archive_of, gdal_name, last_bytes


@contextmanager
def _without_foreign_bytes() -> Iterator[None]:
    """Keep rasterio's log from printing tracebacks while a raster is open.

    GDAL quotes the bytes of a damaged file in its messages. Where they are no text, rasterio
    prints a traceback, besides the error that it raises, through Python's hook for errors that
    cannot be raised. The first of several threads sets the hook, the last one restores it.
    """
    with _hook.lock:
        if not _hook.users:
            _hook.earlier, sys.unraisablehook = sys.unraisablehook, _report_unraisable
        _hook.users += 1
    try:
        yield
    finally:
        with _hook.lock:
            _hook.users -= 1
            if not _hook.users:
                sys.unraisablehook = _hook.earlier


def _report_unraisable(found: sys.UnraisableHookArgs) -> None:
    """Report an error that Python cannot raise, but for one of rasterio's log."""
    if not (
        isinstance(found.exc_value, UnicodeDecodeError) and "log_error" in str(found.object)
    ):
        _hook.earlier(found)


@dataclass
class _Hook:
    """The hook that was set before, and the number of threads that want another."""

    earlier: Callable[[sys.UnraisableHookArgs], object] = sys.__unraisablehook__
    users: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


_hook = _Hook()
#: Files that stay open between readings, by GDAL's name, the latest last; None keeps none.
_kept: ContextVar[OrderedDict[str, DatasetReader] | None] = ContextVar("kept", default=None)
#: Largest number of files that stay open; systems allow a process about a thousand.
MAX_KEPT = 256
#: Marker at the end of a JPEG 2000 code stream (ISO/IEC 15444-1, EOC).
END_OF_JPEG_2000 = b"\xff\xd9"


def keep_open() -> None:
    """Let files stay open from now on, in this thread until its process ends.

    For processes that read small windows of the same files again and again: to open a file
    takes longer than to read one. The files must not change meanwhile.
    """
    _kept.set(OrderedDict())


@contextmanager
def opened(path: Path) -> Iterator[DatasetReader]:
    """Open a raster for reading.

    Parameters
    ----------
    path : Path
        A raster file, or a member of an archive: ``LC08.tar/LC08_B4.TIF``.

    Raises
    ------
    SceneError
        If the file is missing, may not be read, is damaged, not a raster, or without CRS; also
        if reading fails inside the block.
    """
    name = _gdal_name(path)
    if path.suffix.lower() == ".jp2":
        file = archive_of(path) or path
        _check_ends(path, file.stat().st_mtime_ns)
    try:
        with _without_foreign_bytes(), _source(name) as source:
            if source.crs is None:
                raise SceneError(
                    f"{path} has no coordinate reference system. "
                    "Use the georeferenced GeoTIFF as delivered."
                )
            if not all(map(math.isfinite, tuple(source.transform)[:6])):
                raise SceneError(
                    f"{path} has no place on the ground: its transform is "
                    f"{tuple(source.transform)[:6]}. Use the georeferenced GeoTIFF that was "
                    "delivered."
                )
            yield source
    except (RasterioError, CRSError, ProjError, OSError) as error:
        raise SceneError(_describe(path, error)) from error


@contextmanager
def _source(name: str) -> Iterator[DatasetReader]:
    """Open a file, or take it from those that stay open; one that failed does not."""
    kept = _kept.get()
    source = kept.pop(name, None) if kept else None
    if source is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            source = rasterio.open(name)
    try:
        yield source
    except BaseException:
        source.close()
        raise
    if kept is None:
        source.close()
        return
    if name in kept:  # opened twice at once
        kept.pop(name).close()
    kept[name] = source
    if len(kept) > MAX_KEPT:
        kept.popitem(last=False)[1].close()


def grid_of(source: DatasetReader, path: Path) -> Grid:
    """Return the grid of an open raster.

    Raises
    ------
    SceneError
        If it is rotated, mirrored or without pixels.
    """
    try:
        return Grid(source.crs.to_string(), source.transform, source.shape)
    except ValueError as error:
        raise SceneError(
            f"{path} cannot be laid on the ground: {error} Use the file as delivered, or turn "
            "it to the north with gdalwarp."
        ) from error


def _gdal_name(path: Path) -> str:
    """Return GDAL's name of a file, which may lie in an archive."""
    archive = archive_of(path)
    if archive is not None:
        return gdal_name(archive, path)
    if not path.is_file():
        raise SceneError(f"{path} is missing. Download it again, or restore it: dvc pull.")
    if not os.access(path, os.R_OK):
        raise SceneError(
            f"{path} may not be read: permission denied. Give yourself the right to read it "
            "(chmod u+r), or copy it."
        )
    return str(path)


@lru_cache(maxsize=16384)
def _check_ends(path: Path, stamp: int) -> None:
    """Refuse a JPEG 2000 file without its end, of which GDAL reads the rest as zeros."""
    end = last_bytes(path, len(END_OF_JPEG_2000))
    if end != END_OF_JPEG_2000:
        raise SceneError(
            f"{path} is cut short: a JPEG 2000 file ends with the bytes FFD9, found "
            f"{end.hex().upper() or 'an empty file'}. Download it again."
        )


def _describe(path: Path, error: Exception) -> str:
    size = f"{path.stat().st_size} bytes and " if path.is_file() else ""
    return (
        f"{path} cannot be read as a raster: found {size}"
        f"{str(error.__cause__ or error).rstrip(chr(46))}. It is damaged or truncated: "
        "download it again, or restore it: dvc pull."
    )
