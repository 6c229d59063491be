"""Where runs are stored, and what the registry returns."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from minecover.core.errors import ConfigError, RegistryError
from minecover.core.files import lock

#: The two files of a registered model that prediction reads.
PICKLE, CARD = "model.pkl", "model.json"
#: Beginning of the line of MLflow's file MLmodel that holds the path of the model's folder.
MODEL_PATH = "artifact_path:"


@dataclass(frozen=True, slots=True)
class Tracking:
    """Where runs are stored, and under which name models are registered.

    Parameters
    ----------
    folder : str
        Folder of the database, the artifacts and the locks.
    experiment : str
        Name of the MLflow experiment.
    registered_name : str
        Name of the registered model: letters, digits, ``_`` and ``-``.

    Raises
    ------
    ConfigError
        If the name has other characters.
    """

    folder: str
    experiment: str
    registered_name: str

    def __post_init__(self) -> None:
        """Refuse a name that does not fit into a model URI, and what is no text."""
        for key in ("folder", "experiment", "registered_name"):
            value = getattr(self, key)
            if not isinstance(value, str) or not value.strip():
                raise ConfigError(
                    f"tracking.{key} must be text, found {value!r}. Put it in quotes: "
                    f"\"tracking.{key}='{value or 'minecover'}'\"."
                )
        if not re.fullmatch(r"[\w-]+", self.registered_name):
            raise ConfigError(
                "tracking.registered_name must consist of letters, digits, '_' and '-', found "
                f"{self.registered_name!r}. Fix tracking.registered_name."
            )

    @property
    def database(self) -> Path:
        """Path of the SQLite database; ``MLFLOW_TRACKING_URI`` names another store."""
        return Path(self.folder).resolve() / "mlflow.db"

    @property
    def uri(self) -> str:
        """URI of the store: ``MLFLOW_TRACKING_URI``, or else the database in `folder`."""
        return os.environ.get("MLFLOW_TRACKING_URI") or sqlite_uri(self.database)

    @property
    def is_own(self) -> bool:
        """Whether the store is the database in `folder`, and no other."""
        return self.uri == sqlite_uri(self.database)

    @property
    def is_read_only(self) -> bool:
        """Whether the store is the database in `folder`, which exists and cannot be written."""
        places = (self.database.parent, self.database)
        return (
            self.is_own
            and self.database.is_file()
            and not all(os.access(place, os.W_OK) for place in places)
        )

    @property
    def is_server(self) -> bool:
        """Whether the store is a server, which has a UI and a place for files of its own."""
        return self.uri.startswith(("http://", "https://"))

    @property
    def artifacts(self) -> str | None:
        """URI of the artifacts of a new experiment; None if a server decides."""
        return None if self.is_server else (Path(self.folder).resolve() / "artifacts").as_uri()

    def lock(self, action: str) -> AbstractContextManager[bool]:
        """Return a lock that one process at a time holds for an action in this folder.

        Parameters
        ----------
        action : str
            Part of the lock file's name, ``.<action>.lock``.

        Returns
        -------
        context manager
            Waits for the lock when it is entered.

        Raises
        ------
        RegistryError
            If the store cannot be written.
        """
        self.check_writable()
        return lock(Path(self.folder) / f".{action}.lock")

    def check_writable(self) -> None:
        """Raise a `RegistryError` if nothing can be recorded in the store."""
        if self.is_read_only:
            raise RegistryError(
                f"nothing can be recorded in {self.database.parent}, which is read-only. Allow "
                "writing there, or name another folder in tracking.folder."
            )


def sqlite_uri(database: Path) -> str:
    """Return the URI of a SQLite database at any path.

    Parameters
    ----------
    database : Path
        An absolute path, which may contain blanks, accents and signs.

    Returns
    -------
    str
        ``sqlite:///`` and the path, in which special characters are escaped.
    """
    from sqlalchemy import URL

    uri = URL.create("sqlite", database=str(database)).render_as_string()
    # MLflow takes what follows `sqlite:///` for a path, and would make its folder: where the
    # two differ, the URI names the driver as well, which it leaves alone.
    return uri if uri == f"sqlite:///{database}" else uri.replace(":", "+pysqlite:", 1)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the registered model, as the registry describes it."""

    name: str
    version: int
    run_id: str
    alias: str  # "" if no alias points to it
    tags: Mapping[str, str]
    created: bool  # whether `register` has just created it


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A registered model on this disk; its digests were checked, its pickle was not opened."""

    name: str
    version: int
    folder: Path  # of the logged model
    sha256: str  # of model.pkl
    card: Mapping[str, object]  # content of model.json

    @property
    def model(self) -> Path:
        """Path of the pickle."""
        return self.folder / PICKLE

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns that the model takes, in order."""
        names = self.card["features"]
        return tuple(map(str, names)) if isinstance(names, Sequence) else ()


def ui_command(store_uri: str, *, port: int) -> list[str]:
    """Return the arguments of the ``mlflow`` command that serves the UI on this machine only.

    Parameters
    ----------
    store_uri : str
        See `minecover.tracking.store.open_store`.
    port : int
        Port of 127.0.0.1.

    Returns
    -------
    list of str
        Arguments, without the command itself.
    """
    store = ["--backend-store-uri", store_uri]
    address = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return ["server", *store, *address]
