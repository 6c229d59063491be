"""Read files that a stage wrote; a damaged one is refused by name, with how to restore it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from minecover.core.errors import DamagedError


@contextmanager
def reading_parquet(path: Path) -> Iterator[None]:
    """Name the file in errors of Parquet's readers, which seldom do.

    Parameters
    ----------
    path : Path
        The file that is read inside the block, and nothing else.

    Raises
    ------
    DamagedError
        If the file is truncated, or not one that a stage wrote.
    FileNotFoundError
        If there is no such file.
    """
    if path.is_dir():
        raise _damaged(path, "a Parquet table", "it is a folder")
    try:
        yield
    except FileNotFoundError:
        raise
    # Of geopandas where the metadata of the geometry is lost, and of a lost key.
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise _damaged(path, "a Parquet table", str(error)) from error


def read_json(path: Path) -> Any:
    """Return the content of a JSON file that a stage wrote.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    DamagedError
        If it is not JSON.
    FileNotFoundError
        If there is no such file.
    """
    if path.is_dir():
        raise _damaged(path, "JSON", "it is a folder")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "JSON", str(error)) from error


def _damaged(path: Path, what: str, found: str) -> DamagedError:
    reason = " ".join(found.split()).rstrip(".")
    return DamagedError(
        f"{path} cannot be read as {what} ({reason}): it is damaged, or no stage wrote it. "
        f"Restore it with `dvc checkout {path}`, or build it again with `dvc repro`."
    )
