"""Files of the maps of folders and sites: names, tags, and what they were made from."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from minecover.core.cube import F32
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.mine_pixels import TileMap
from minecover.core.raster import DESCRIPTION, MADE_FROM, read_made_from, write_cog
from minecover.core.surroundings import Surroundings
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.raster_tags import band_meanings, raster_tags

log = logging.getLogger(__name__)

#: Hexadecimal digits of a digest in the name of a map.
DIGITS = 8


@dataclass(frozen=True, slots=True, eq=False)
class FolderMap:
    """A map of the extent of a folder, as it was written.

    Parameters
    ----------
    path : Path
        The file.
    made_from : str
        Digest of all that the map was made from.
    bundle : ModelBundle
        The model, with the mask that was used.
    crs : str
        Its CRS.
    tiles : list of TileMap
        Its windows, from whose pixels candidates are found.
    """

    path: Path
    made_from: str
    bundle: ModelBundle
    crs: str
    tiles: list[TileMap]


@dataclass(frozen=True, slots=True, eq=False)
class MappedSite:
    """The map of a site, as it was written.

    Parameters
    ----------
    path : Path
        The file.
    made_from : str
        Digest of all that the map was made from.
    bundle : ModelBundle
        The model, with the mask that was used.
    site_id : str
        The site.
    probability : (row, col) float32
        Probability of a mine.
    surroundings : Surroundings
        What is known around its mines.
    """

    path: Path
    made_from: str
    bundle: ModelBundle
    site_id: str
    probability: F32
    surroundings: Surroundings


@dataclass(frozen=True, slots=True)
class Origin:
    """What a map was made from: its digest, the name of the source, the dates."""

    made_from: str
    source: str
    dates: Sequence[date]


def write_map(
    path: Path, maps: Mapping[str, F32], grid: Grid, bundle: ModelBundle, origin: Origin
) -> None:
    """Write a map that says what it shows and what it was made from."""
    meanings = band_meanings(bundle)
    tags = {
        DESCRIPTION: meanings["probability"],
        MADE_FROM: origin.made_from,
        **raster_tags(bundle, source=origin.source, dates=origin.dates),
    }
    write_cog(path, maps, grid, tags=tags, meanings=meanings)


def map_digest(bundle: ModelBundle, grid: Grid, scenes: Sequence[str]) -> str:
    """Return a digest of all that a map is made from: model, ground and scenes."""
    ground = [grid.crs, list(grid.transform)[:6], grid.shape]
    identity = json.dumps([bundle.sha256, bundle.card_sha256, ground, list(scenes)])
    return hashlib.sha256(identity.encode()).hexdigest()


def map_path(out: Path, name: str, made_from: str) -> Path:
    """Return the file of a map; its name ends in a digest if another map has the plain name."""
    plain = out / f"{name}.tif"
    if not plain.exists() or _made_from(plain) == made_from:
        return plain
    path = out / f"{name}-{made_from[:DIGITS]}.tif"
    log.warning(
        "predict: %s is a map of other scenes or of another model and is kept; the new map is "
        "%s.",
        plain,
        path.name,
    )
    return path


def _made_from(path: Path) -> str:
    """Return the digest of what a map was made from; empty for any other file."""
    try:
        return read_made_from(path)
    except SceneError:
        return ""
