"""Find the MLflow store where it lies now, and repair the absolute paths that it recorded."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlparse

from minecover.core.errors import RegistryError
from minecover.core.files import write_text
from minecover.tracking.store_checks import check_kind, hidden
from minecover.tracking.types import MODEL_PATH, Tracking, sqlite_uri

#: Columns in which MLflow records absolute paths, by table.
PATHS = {
    "experiments": "artifact_location",
    "runs": "artifact_uri",
    "logged_models": "artifact_location",
    "model_versions": "storage_location",
}
#: MLflow's limits for requests to a server: seconds, and tries after the first. Its defaults
#: wait for minutes. The first request finds out whether anything answers at all.
WAITS = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "60", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
FIRST_WAITS = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
#: Characters of a foreign error that are shown.
MAX_ERROR = 300
#: Folders of copies, which Python removes when the process ends.
_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


def open_store(tracking: Tracking) -> str:
    """Return the URI of the store, after its paths were repaired and a server was checked.

    Hold the lock ``create`` where the store can be written.

    Parameters
    ----------
    tracking : Tracking
        Names the store.

    Returns
    -------
    str
        `Tracking.uri`; for a store that cannot be written, a copy that can be read.

    Raises
    ------
    RegistryError
        If the database is damaged, or ``MLFLOW_TRACKING_URI`` names a folder.
    """
    if not tracking.is_own:
        check_kind(tracking.uri)
        return tracking.uri
    database = tracking.database
    if tracking.is_read_only:
        return sqlite_uri(_readable_copy(database, database.stat().st_mtime_ns))
    if database.is_file():
        repair_paths(database, database.parent)
    return tracking.uri


def repair_paths(database: Path, root: Path, *, repairs_models: bool = True) -> None:
    """Replace the recorded folder of a store that was moved, renamed or copied.

    MLflow records absolute paths: without this, a copied checkout reads and writes the files of
    the checkout that it was copied from.

    Parameters
    ----------
    database : Path
        The SQLite database.
    root : Path
        Folder in which the store lies now.
    repairs_models : bool
        Whether the MLmodel files of the logged models are repaired as well.

    Raises
    ------
    RegistryError
        If the file is not a database.
    """
    now = root.as_uri()
    try:
        with closing(sqlite3.connect(database, timeout=60)) as connection, connection:
            known = {table: _columns(connection, table) for table in PATHS}
            columns = [(t, c) for t, c in PATHS.items() if c in known[t]]
            for old in _recorded_roots(connection, root) if known["experiments"] else []:
                for before, after in ((old, now), (_plain(old), str(root))):
                    for table, column in columns:
                        # The names are those of PATHS; the values are bound.
                        connection.execute(
                            f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                            f"WHERE substr({column}, 1, ?) = ?",
                            (after, len(before) + 1, len(before) + 1, f"{before}/"),
                        )
                if repairs_models and ("logged_models", "artifact_location") in columns:
                    _repair_models(connection, old, now)
    except sqlite3.DatabaseError as error:
        raise RegistryError(
            f"{database} cannot be read as a database of runs ({error}). Put a copy of it "
            "back, or delete it and run `make run` to register again."
        ) from error


def _recorded_roots(connection: sqlite3.Connection, root: Path) -> list[str]:
    """Return the URIs of the folders, other than the present one, that the store lay in."""
    found = connection.execute("SELECT DISTINCT artifact_location FROM experiments")
    locations = [str(location) for (location,) in found]
    old = [one.removesuffix("/artifacts") for one in locations if one.endswith("/artifacts")]
    old = [one for one in old if one.startswith("file:") and _plain(one) != str(root)]
    return [one for one in old if not _is_chosen(Path(_plain(one)), root)]


def _is_chosen(old: Path, root: Path) -> bool:
    """Return whether somebody put the files of an experiment elsewhere on purpose.

    They are where they were recorded, in a folder of another name, and none of them is here.
    """
    there = {path.name for path in (old / "artifacts").glob("*")}
    here = {path.name for path in (root / "artifacts").glob("*")}
    return old.name != root.name and bool(there) and not there & here


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    """Return the names of a table's columns; none if there is no such table."""
    return {str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")}


def _repair_models(connection: sqlite3.Connection, old: str, now: str) -> None:
    """Replace the folder in the MLmodel files of all logged models."""
    for (location,) in connection.execute("SELECT artifact_location FROM logged_models"):
        path = Path(_plain(str(location))) / "MLmodel"
        if not str(location).startswith(f"{now}/") or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines(keepends=True)
        repaired = "".join(
            line.replace(f"{old}/", f"{now}/") if line.startswith(MODEL_PATH) else line
            for line in lines
        )
        if repaired != text:
            write_text(path, repaired)


def _plain(uri: str) -> str:
    """Return the path of a ``file:`` URI."""
    return unquote(urlparse(uri).path)


@lru_cache(1)
def _readable_copy(database: Path, changed: int) -> Path:
    """Copy the database of a store that cannot be written; its files stay where they lie."""
    folder = tempfile.TemporaryDirectory(prefix="minecover-")
    copy = Path(folder.name) / database.name
    _FOLDERS.append(folder)
    try:
        shutil.copyfile(database, copy)
    except OSError as error:
        raise RegistryError(
            f"{database} cannot be copied to {copy.parent} to be read ({error.strerror}). Free "
            "some space there, or name another folder in the environment variable TMPDIR."
        ) from error
    repair_paths(copy, database.parent, repairs_models=False)
    copy.chmod(0o444)  # what would be recorded in a copy is lost
    return copy


@contextmanager
def answering(tracking: Tracking) -> Iterator[None]:
    """Let the first request of the block wait for ten seconds only, and say what failed.

    Parameters
    ----------
    tracking : Tracking
        Names the store.

    Raises
    ------
    RegistryError
        If the store does not respond, or is none.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    own = {name: os.environ.get(name) for name in WAITS}
    os.environ.update({n: FIRST_WAITS[n] for n, value in own.items() if value is None})
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError, ImportError, ValueError) as error:
        reason = _reason(error, tracking.uri)
        if tracking.is_own:
            raise RegistryError(
                f"the store of runs {tracking.database} cannot be opened ({reason}). Check "
                "that its folder can be written and has space, or name another one in "
                "tracking.folder."
            ) from error
        if isinstance(error, ModuleNotFoundError):
            raise RegistryError(
                f"the MLflow store at {hidden(tracking.uri)} needs the Python module "
                f"{error.name}, which is not installed. Install it beside minecover, correct "
                "the environment variable MLFLOW_TRACKING_URI, or unset it to use the folder "
                "of tracking.folder."
            ) from error
        raise RegistryError(
            f"the MLflow store at {hidden(tracking.uri)} does not answer as it should "
            f"({reason}). Start it, correct the environment variable MLFLOW_TRACKING_URI, or "
            "unset it to use the folder of tracking.folder."
        ) from error
    finally:
        os.environ.update({n: value or WAITS[n] for n, value in own.items()})


def _reason(error: BaseException, uri: str) -> str:
    """Return type and message of an error, or of the error of the network behind it."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ConnectionError | TimeoutError) and found.errno is not None:
            error = found
        found = found.__cause__ or found.__context__
    message = " ".join(str(error).replace(uri, hidden(uri)).split())
    return f"{type(error).__name__}: {message[:MAX_ERROR]}"
