"""Where runs are stored, and what the registry returns."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from minecover.core.errors import ConfigError
from minecover.core.files import lock

#: The two files of a registered model that prediction reads.
PICKLE, CARD = "model.pkl", "model.json"


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
        """Refuse a name that does not fit into a model URI."""
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
        return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{self.database}"

    @property
    def artifacts(self) -> str | None:
        """URI of the artifacts of a new experiment; None if a server decides."""
        is_server = self.uri.startswith(("http://", "https://"))
        return None if is_server else (Path(self.folder).resolve() / "artifacts").as_uri()

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
        """
        return lock(Path(self.folder) / f".{action}.lock")


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


def ui_command(tracking: Tracking, *, port: int) -> list[str]:
    """Return the arguments of the ``mlflow`` command that serves the UI on this machine only.

    Parameters
    ----------
    tracking : Tracking
        Names the store.
    port : int
        Port of 127.0.0.1.

    Returns
    -------
    list of str
        Arguments, without the command itself.
    """
    store = ["--backend-store-uri", tracking.uri]
    address = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return ["server", *store, *address]
