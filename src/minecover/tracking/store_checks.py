"""Check which MLflow store the environment names, before it is opened."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlparse

from minecover.core.errors import RegistryError
from minecover.tracking.types import Tracking

#: Longest wait for a database server [s].
DATABASE_WAIT_S = 10


def check_exists(tracking: Tracking) -> None:
    """Refuse to read from a database that does not exist: MLflow would create an empty one.

    Parameters
    ----------
    tracking : Tracking
        Names the store.

    Raises
    ------
    RegistryError
        If it is a SQLite database whose file is missing.
    """
    if tracking.is_own:
        if not tracking.database.is_file():
            raise RegistryError(
                f"there is no database of runs {tracking.database}, so no models:/... either. "
                "Run `make run` to register what is built, or correct tracking.folder."
            )
    elif urlparse(tracking.uri).scheme.partition("+")[0] == "sqlite":
        import sqlalchemy

        database = sqlalchemy.make_url(tracking.uri).database
        if (
            database
            and not database.startswith(("file:", ":"))
            and not Path(database).is_file()
        ):
            raise RegistryError(
                f"MLFLOW_TRACKING_URI is {tracking.uri}, and there is no database {database}. "
                "Correct the variable, or unset it to use the folder of tracking.folder."
            )


def check_one_store(tracking: Tracking) -> None:
    """Refuse a registry apart from the store of runs: a model is found by its run, and back.

    Parameters
    ----------
    tracking : Tracking
        Names the store.

    Raises
    ------
    RegistryError
        If ``MLFLOW_REGISTRY_URI`` names another store.
    """
    other = os.environ.get("MLFLOW_REGISTRY_URI")
    if other and other != tracking.uri:
        raise RegistryError(
            f"MLFLOW_REGISTRY_URI is {hidden(other)}, but models are registered where their "
            f"runs are, in {hidden(tracking.uri)}. Unset MLFLOW_REGISTRY_URI, and name the "
            "store of both in MLFLOW_TRACKING_URI."
        )


def check_kind(uri: str) -> None:
    """Refuse a folder in place of a store, and a database server that does not respond.

    Parameters
    ----------
    uri : str
        See `Tracking.uri`.

    Raises
    ------
    RegistryError
        If it is a folder. A server that does not respond raises the error of its library.
    """
    scheme = urlparse(uri).scheme
    if scheme in ("", "file") or len(scheme) == 1:  # C:\... on Windows
        raise RegistryError(
            f"MLFLOW_TRACKING_URI is {uri}, a folder: models cannot be registered in one. Name "
            "a server (http://host:port) or a database (sqlite:////path/mlflow.db), or unset "
            "the variable to use the folder of tracking.folder."
        )
    kind = scheme.partition("+")[0]
    if kind in ("sqlite", "postgresql", "mysql", "mssql"):
        import sqlalchemy

        url = sqlalchemy.make_url(uri)
        limit = "timeout" if kind == "mssql" else "connect_timeout"
        waits = {} if kind == "sqlite" else {limit: DATABASE_WAIT_S}
        if kind == "sqlite" and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sqlalchemy.create_engine(url, connect_args=waits)
        try:
            sqlalchemy.inspect(engine).get_table_names()
        finally:
            engine.dispose()


def hidden(uri: str) -> str:
    """Return a URI with a password that it holds replaced by ``***``."""
    parts = urlparse(uri)
    if parts.password is None:
        return uri
    return uri.replace(f":{parts.password}@", ":***@", 1)
