"""The state of every tile of a map, stored in a file beside it, and the lock of its folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from minecover.core.errors import RegionError
from minecover.core.files import lock
from minecover.core.ledger import Ledger

#: States of a tile. The first three are final; tiles in the others are tried again by the next
#: run, and are "not observed" on the map until then.
OK, EMPTY, CLOUDY, CORRUPT, FAILED = STATES = ("ok", "empty", "cloudy", "corrupt", "failed")
FINAL = (OK, EMPTY, CLOUDY)
#: Files in the folder of a map; the last names the process that holds the lock.
LEDGER, LOCK, LOCK_HOLDER = "ledger.csv", ".lock", ".lock_holder"


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
    dates : int
        Number of dates of its scenes.
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
    dates: int
    seconds: float
    message: str


COLUMNS = tuple(field.name for field in fields(Outcome))


class TileLedger:
    """The outcomes of tiles, in a ledger in the folder of their map.

    Parameters
    ----------
    path : Path
        The file; it is created if it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._ledger = Ledger(path, COLUMNS)
        self._lines = self._ledger.read()

    def record(self, outcome: Outcome) -> None:
        """Append the outcome of a tile; each counts as one try."""
        self._ledger.append(asdict(outcome))
        self._lines.append({name: str(value) for name, value in asdict(outcome).items()})

    def outcomes(self) -> dict[str, Outcome]:
        """Return the last outcome of every tile by `tile_id`, in ascending order."""
        last = {line["tile_id"]: line for line in self._lines}
        return {tile_id: _outcome(last[tile_id]) for tile_id in sorted(last)}

    def tries(self, tile_id: str) -> int:
        """Return how often a tile was tried."""
        return sum(line["tile_id"] == tile_id for line in self._lines)

    def counts(self) -> dict[str, int]:
        """Return the number of tiles in each state."""
        found = Counter(outcome.state for outcome in self.outcomes().values())
        return {state: found[state] for state in STATES}


def _outcome(line: Mapping[str, str]) -> Outcome:
    """Return the outcome that a line of the ledger holds."""
    casts = {"str": str, "int": int, "float": float}
    return Outcome(**{f.name: casts[str(f.type)](line[f.name]) for f in fields(Outcome)})


@contextmanager
def open_ledger(folder: Path) -> Iterator[TileLedger]:
    """Open the ledger of a map for this process alone.

    The lock ends with the process, however that ends.

    Parameters
    ----------
    folder : Path
        Folder of the map; it is made if it is missing.

    Yields
    ------
    TileLedger
        For as long as the block lasts.

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
        yield TileLedger(folder / LEDGER)
