"""What became of every tile, kept on disk while a map is made, and the lock of its folder."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from minecover.core.errors import RegionError

#: What can become of a tile. The first three are final; the others are tried again by the next
#: run, and are "not observed" on the map until then.
OK, EMPTY, CLOUDY, CORRUPT, FAILED = "ok", "empty", "cloudy", "corrupt", "failed"
FINAL = (OK, EMPTY, CLOUDY)
LEDGER, LOCK = "ledger.sqlite", ".lock"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a tile.

    Parameters
    ----------
    tile_id : str
    state : str
        ``ok``; ``empty``, no scene shows it; ``cloudy``, scenes do, and nothing is clear;
        ``corrupt``, a scene cannot be read; ``failed``, anything else.
    locations, seen, mines : int
        Pixels, those observed, and those at or above the threshold.
    days : str
        First and last date seen, ``2016-10-26/2017-01-30``.
    seconds : float
        What it took.
    message : str
        Why it is corrupt or failed.
    """

    tile_id: str
    state: str
    locations: int
    seen: int
    mines: int
    days: str
    seconds: float
    message: str


class Ledger:
    """Outcomes by tile, in a file that survives whatever kills the run."""

    def __init__(self, path: Path) -> None:
        self._base = sqlite3.connect(path, isolation_level=None)
        kinds = {"str": "TEXT", "int": "INTEGER", "float": "REAL"}
        columns = ", ".join(f"{f.name} {kinds[str(f.type)]}" for f in fields(Outcome))
        self._base.execute(
            f"CREATE TABLE IF NOT EXISTS tiles "
            f"({columns}, tries INTEGER, PRIMARY KEY (tile_id))"
        )

    def record(self, outcome: Outcome) -> None:
        """Write down what became of a tile; every record counts as a try."""
        marks = ", ".join("?" for _ in fields(Outcome))
        self._base.execute(
            f"INSERT OR REPLACE INTO tiles VALUES ({marks}, 1 + "
            "COALESCE((SELECT tries FROM tiles WHERE tile_id = ?), 0))",
            (*astuple(outcome), outcome.tile_id),
        )

    def outcomes(self) -> dict[str, Outcome]:
        """Give the last outcome of every tile, sorted by its name."""
        columns = ", ".join(f.name for f in fields(Outcome))
        rows = self._base.execute(f"SELECT {columns} FROM tiles ORDER BY tile_id")
        return {row[0]: Outcome(*row) for row in rows}

    def tries(self, tile_id: str) -> int:
        """Count how often a tile was tried."""
        found = self._base.execute("SELECT tries FROM tiles WHERE tile_id = ?", (tile_id,))
        return int((found.fetchone() or (0,))[0])

    def counts(self) -> dict[str, int]:
        """Count the tiles in each state."""
        found = Counter(outcome.state for outcome in self.outcomes().values())
        return {state: found[state] for state in (OK, EMPTY, CLOUDY, CORRUPT, FAILED)}

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()


@contextmanager
def opened(folder: Path) -> Iterator[Ledger]:
    """Open the ledger of a map's folder for this process alone.

    The lock dies with the process, however it dies.

    Raises
    ------
    RegionError
        If another run is writing into the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise RegionError(
                f"another run (process {lock.read().strip() or 'unknown'}) writes into "
                f"{folder}. Wait for it, or name another folder for --out."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        ledger = Ledger(folder / LEDGER)
        try:
            yield ledger
        finally:
            ledger.close()
