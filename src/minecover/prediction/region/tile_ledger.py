"""The state of every tile of a map, stored in a file beside it, and the lock of its folder."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from minecover.core.errors import RegionError
from minecover.core.files import lock

#: States of a tile. The first three are final; tiles in the others are tried again by the next
#: run, and are "not observed" on the map until then.
OK, EMPTY, CLOUDY, CORRUPT, FAILED = "ok", "empty", "cloudy", "corrupt", "failed"
FINAL = (OK, EMPTY, CLOUDY)
#: Files in the folder of a map; the last names the process that holds the lock.
LEDGER, LOCK, LOCK_HOLDER = "ledger.sqlite", ".lock", ".lock_holder"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of a tile after it was tried.

    Parameters
    ----------
    tile_id : str
        See `minecover.prediction.region.tiles.Tile`.
    state : str
        ``ok``; ``empty``, no scene shows it; ``cloudy``, scenes show it, but no location is
        valid; ``corrupt``, a scene cannot be read; ``failed``, any other error.
    locations, seen, mines : int
        Number of pixels, of those observed, and of those at or above the threshold.
    days : str
        First and last date of its scenes, ``2016-10-26/2017-01-30``; empty without scenes.
    seconds : float
        Time that the tile took [s].
    message : str
        Why it is corrupt or failed; empty otherwise.
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
    """Outcomes by tile, in an SQLite file that survives whatever ends the run.

    Parameters
    ----------
    path : Path
        The file; it is created if it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        sql_types = {"str": "TEXT", "int": "INTEGER", "float": "REAL"}
        columns = ", ".join(f"{f.name} {sql_types[str(f.type)]}" for f in fields(Outcome))
        self._connection.execute(
            f"CREATE TABLE IF NOT EXISTS tiles "
            f"({columns}, tries INTEGER, PRIMARY KEY (tile_id))"
        )

    def record(self, outcome: Outcome) -> None:
        """Write the outcome of a tile in place of an earlier one; each counts as one try."""
        marks = ", ".join("?" for _ in fields(Outcome))
        self._connection.execute(
            f"INSERT OR REPLACE INTO tiles VALUES ({marks}, 1 + "
            "COALESCE((SELECT tries FROM tiles WHERE tile_id = ?), 0))",
            (*astuple(outcome), outcome.tile_id),
        )

    def outcomes(self) -> dict[str, Outcome]:
        """Return the last outcome of every tile by `tile_id`, in ascending order."""
        columns = ", ".join(f.name for f in fields(Outcome))
        rows = self._connection.execute(f"SELECT {columns} FROM tiles ORDER BY tile_id")
        return {row[0]: Outcome(*row) for row in rows}

    def tries(self, tile_id: str) -> int:
        """Return how often a tile was tried."""
        query = "SELECT tries FROM tiles WHERE tile_id = ?"
        found = self._connection.execute(query, (tile_id,)).fetchone()
        return int((found or (0,))[0])

    def counts(self) -> dict[str, int]:
        """Return the number of tiles in each state."""
        found = Counter(outcome.state for outcome in self.outcomes().values())
        return {state: found[state] for state in (OK, EMPTY, CLOUDY, CORRUPT, FAILED)}

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


@contextmanager
def open_ledger(folder: Path) -> Iterator[Ledger]:
    """Open the ledger of a map for this process alone.

    The lock ends with the process, however that ends.

    Parameters
    ----------
    folder : Path
        Folder of the map; it is made if it is missing.

    Yields
    ------
    Ledger
        Closed when the block ends.

    Raises
    ------
    RegionError
        If another run is writing into the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    holder = folder / LOCK_HOLDER
    with lock(folder / LOCK, wait=False) as is_held:
        if not is_held:
            process = holder.read_text() if holder.is_file() else ""
            raise RegionError(
                f"another run (process {process or 'unknown'}) writes into {folder}. Wait for "
                "it to end, or choose another folder with --out."
            )
        holder.write_text(str(os.getpid()))
        ledger = Ledger(folder / LEDGER)
        try:
            yield ledger
        finally:
            ledger.close()
