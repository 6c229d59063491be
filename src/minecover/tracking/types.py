"""Where runs are kept, and what the registry answers."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from minecover.core.errors import ConfigError

#: The two files of a registered model that prediction reads.
PICKLE, CARD = "model.pkl", "model.json"


@dataclass(frozen=True, slots=True)
class Tracking:
    """Where runs are kept, and under which name models are registered."""

    folder: str  # of the database and the artefacts
    experiment: str
    registered_name: str

    def __post_init__(self) -> None:
        """Refuse a name that MLflow would not take for a model."""
        if not re.fullmatch(r"[\w-]+", self.registered_name):
            raise ConfigError(
                "tracking.registered_name holds letters, digits, '_' and '-', found "
                f"{self.registered_name!r}. Fix conf/tracking."
            )

    @property
    def database(self) -> Path:
        """The store that is used unless ``MLFLOW_TRACKING_URI`` names another."""
        return Path(self.folder).resolve() / "mlflow.db"

    @property
    def uri(self) -> str:
        """Address of the store."""
        return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{self.database}"

    @property
    def artifacts(self) -> str | None:
        """Where a new experiment keeps its files; None where a server decides."""
        is_server = self.uri.startswith(("http://", "https://"))
        return None if is_server else (Path(self.folder).resolve() / "artifacts").as_uri()

    @contextmanager
    def alone(self, deed: str) -> Iterator[None]:
        """Hold back other processes that are about to do the same deed in this folder."""
        folder = Path(self.folder)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f".{deed}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the registered model, and whether it was made just now."""

    name: str
    version: int
    run_id: str
    alias: str  # "" where none points to it
    tags: Mapping[str, str]
    created: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """A registered model on this disk, its digests checked and its pickle unopened."""

    name: str
    version: int
    folder: Path
    sha256: str  # of model.pkl
    card: Mapping[str, object]  # content of model.json

    @property
    def model(self) -> Path:
        """The pickle."""
        return self.folder / PICKLE

    @property
    def features(self) -> tuple[str, ...]:
        """The model's columns."""
        names = self.card["features"]
        return tuple(map(str, names)) if isinstance(names, Sequence) else ()


def ui_words(tracking: Tracking, *, port: int) -> list[str]:
    """Words for MLflow's command that show the runs in a browser, on this machine only."""
    store = ["--backend-store-uri", tracking.uri]
    where = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return ["server", *store, *where]
