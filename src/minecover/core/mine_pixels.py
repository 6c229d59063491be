"""Pixels of one tile of a map that are at or above the threshold, with what describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from minecover.core.damaged import reading_parquet
from minecover.core.files import replacing
from minecover.core.grid import Grid
from minecover.core.surroundings import Surroundings

F32 = NDArray[np.float32]
#: Beginnings of the columns that hold a date, and of those that hold a distance.
OBSERVED, LOOKS_MINED, DISTANCE = "observed ", "looks_mined ", "distance "
#: Beginning of the names of context planes that are distances.
DISTANCES = "distance_"


@dataclass(frozen=True, slots=True, eq=False)
class MinePixels:
    """n pixels at or above the threshold.

    Parameters
    ----------
    row, col : (n,) int64
        Where they lie, counted from the corner of a tile or of a lattice; sorted by row and
        then by column.
    probability : (n,) float32
        Probability of a mine.
    applicable : (n,) bool
        Whether the model is applicable there.
    dates : tuple of date
        Acquisition dates of the tile's scenes, ascending.
    observed : (time, n) bool
        Whether the observation of a date is valid.
    looks_mined : (time, n) bool or None
        Whether the pixel looks like a mine on a date; None if the scenes cannot tell.
    distances : mapping of str to (n,) float32
        Distances by the name of their context plane [m].
    """

    row: NDArray[np.int64]
    col: NDArray[np.int64]
    probability: F32
    applicable: NDArray[np.bool_]
    dates: tuple[date, ...]
    observed: NDArray[np.bool_]
    looks_mined: NDArray[np.bool_] | None
    distances: Mapping[str, F32]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, kept: NDArray[np.bool_]) -> MinePixels:
        """Return some of the pixels.

        Parameters
        ----------
        kept : (n,) bool
            Those to return.
        """
        return MinePixels(
            self.row[kept],
            self.col[kept],
            self.probability[kept],
            self.applicable[kept],
            self.dates,
            self.observed[:, kept],
            None if self.looks_mined is None else self.looks_mined[:, kept],
            {name: metres[kept] for name, metres in self.distances.items()},
        )

    def moved(self, down: int, right: int) -> MinePixels:
        """Return the pixels with rows and columns counted from another corner."""
        return replace(self, row=self.row + down, col=self.col + right)


@dataclass(frozen=True, slots=True, eq=False)
class TileMap:
    """One tile of a map.

    Parameters
    ----------
    tile_id : str
        Id of the tile.
    grid : Grid
        Its grid; no other tile shares a pixel with it.
    pixels : MinePixels
        Its pixels at or above the threshold, counted from its corner.
    observed : (row + 2, col + 2) bool
        Whether each pixel of the tile was observed, and each one around it.
    """

    tile_id: str
    grid: Grid
    pixels: MinePixels
    observed: NDArray[np.bool_]


def mine_pixels(
    surroundings: Surroundings, probability: F32, where: NDArray[np.bool_]
) -> MinePixels:
    """Return the mines of a tile, or of a window of it.

    Parameters
    ----------
    surroundings : Surroundings
        Data of the tile.
    probability : (row, col) float32
        Probability of a mine.
    where : (row, col) bool
        The pixels at or above the threshold.
    """
    row, col = np.nonzero(where)
    looks_mined = surroundings.looks_mined
    return MinePixels(
        row,
        col,
        probability[row, col],
        surroundings.applicable[row, col] == 1,
        surroundings.dates,
        surroundings.valid[:, row, col],
        None if looks_mined is None else looks_mined[:, row, col],
        {
            name: plane[row, col]
            for name, plane in surroundings.planes.items()
            if name.startswith(DISTANCES)
        },
    )


def joined(parts: Sequence[MinePixels]) -> tuple[MinePixels, NDArray[np.int64]]:
    """Join pixels of several tiles, none of them twice.

    Parameters
    ----------
    parts : sequence of MinePixels
        At least one; rows and columns counted from the same corner.

    Returns
    -------
    pixels : MinePixels
        On all dates of any part. A pixel is not observed on the dates that its part lacks.
    order : (n,) int64
        Position of each pixel in the parts, one after the other.
    """
    dates = tuple(sorted({day for part in parts for day in part.dates}))
    n = sum(map(len, parts))
    observed = np.zeros((len(dates), n), np.bool_)
    looks_mined = np.zeros((len(dates), n), np.bool_)
    names = sorted(set.intersection(*(set(part.distances) for part in parts)))
    begin = 0
    for part in parts:
        at = [dates.index(day) for day in part.dates]
        end = begin + len(part)
        observed[at, begin:end] = part.observed
        if part.looks_mined is not None:
            looks_mined[at, begin:end] = part.looks_mined
        begin = end
    row, col = (np.concatenate([getattr(p, axis) for p in parts]) for axis in ("row", "col"))
    order = np.lexsort((col, row))
    can_tell = all(part.looks_mined is not None for part in parts)
    whole = MinePixels(
        row[order],
        col[order],
        np.concatenate([part.probability for part in parts])[order],
        np.concatenate([part.applicable for part in parts])[order],
        dates,
        observed[:, order],
        looks_mined[:, order] if can_tell else None,
        {n: np.concatenate([part.distances[n] for part in parts])[order] for n in names},
    )
    return whole, order


def write_mine_pixels(path: Path, pixels: MinePixels) -> None:
    """Write the pixels of a tile as Parquet, all or nothing.

    Parameters
    ----------
    path : Path
        The file.
    pixels : MinePixels
        Rows and columns counted from the corner of the tile.
    """
    days = [day.isoformat() for day in pixels.dates]
    columns: dict[str, NDArray[np.generic]] = {
        "row": pixels.row.astype(np.int32),
        "col": pixels.col.astype(np.int32),
        "probability": pixels.probability,
        "applicable": pixels.applicable,
    }
    columns |= {f"{OBSERVED}{day}": on for day, on in zip(days, pixels.observed, strict=True)}
    if pixels.looks_mined is not None:
        columns |= {
            f"{LOOKS_MINED}{day}": on for day, on in zip(days, pixels.looks_mined, strict=True)
        }
    columns |= {f"{DISTANCE}{name}": metres for name, metres in pixels.distances.items()}
    table = pa.table({name: pa.array(column) for name, column in columns.items()})
    with replacing(path) as temporary:
        pq.write_table(table, temporary)


def read_mine_pixels(path: Path) -> MinePixels:
    """Read pixels that `write_mine_pixels` wrote.

    Raises
    ------
    MinecoverError
        If the file is damaged.
    """
    with reading_parquet(path):
        table = pq.read_table(path)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    days = [name.removeprefix(OBSERVED) for name in columns if name.startswith(OBSERVED)]
    n = table.num_rows
    can_tell = all(f"{LOOKS_MINED}{day}" in columns for day in days)
    return MinePixels(
        columns["row"].astype(np.int64),
        columns["col"].astype(np.int64),
        columns["probability"],
        columns["applicable"],
        tuple(map(date.fromisoformat, days)),
        _by_date([columns[f"{OBSERVED}{day}"] for day in days], n),
        _by_date([columns[f"{LOOKS_MINED}{day}"] for day in days], n) if can_tell else None,
        {
            name.removeprefix(DISTANCE): column
            for name, column in columns.items()
            if name.startswith(DISTANCE)
        },
    )


def _by_date(planes: Sequence[NDArray[np.bool_]], n: int) -> NDArray[np.bool_]:
    """Return one row for each date, also without any."""
    return np.array(planes, np.bool_).reshape(len(planes), n)
