"""One tile of a map, from scenes to files: what a worker does, and what it keeps open."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minecover.config import Params, build
from minecover.context import Plane, drawn
from minecover.cube import F32, Cube
from minecover.errors import CloudyError, ModelError, NotCoveredError, RegionError, SceneError
from minecover.predict import Detector, blocks
from minecover.raster import Band
from minecover.raster.tiles import write_tile
from minecover.region import ledger
from minecover.region.mosaic import tile_path
from minecover.region.tiles import Tile
from minecover.sites import Site
from minecover.source import Source
from minecover.source.product_folder import ProductFolder
from minecover.stages.predict import open_detector, read_card

#: Side of the squares in which a tile is scored [px]: what is computed of one fits the cache,
#: and the halo round it is not too large a share. Three to a side of 1024.
BLOCK_PX = 342
#: Side of what is made once before the first tile [px].
REHEARSED_PX = 64


@dataclass(frozen=True, slots=True)
class Order:
    """What every tile of a map is made from: small, for it travels with each task.

    Parameters
    ----------
    model, card : str
        Paths of the pickle and its card, which every worker must see.
    sha256 : str
        Of the pickle: a worker refuses any other.
    source : str
        A folder of products, or ``conf/source`` as composed, in JSON.
    products : str
        Digest of the products, or of the source's configuration.
    out : str
        The map's folder, which every worker must see.
    is_screened : bool
        Whether few trees look first, see `minecover.screening`.
    """

    model: str
    card: str
    sha256: str
    source: str
    products: str
    out: str
    is_screened: bool


def map_tile(order: Order, tile: Tile) -> ledger.Outcome:
    """Make one tile: read all dates, mask, compute features, score, cut, write.

    Raises
    ------
    RegionError
        If there is no space left for it.
    """
    begin = time.perf_counter()
    state, days, message = ledger.OK, "", ""
    classes = np.zeros(tile.grid.shape, np.uint8)
    try:
        cube = open_source(order).scenes(_site(order, tile))
        days = f"{cube.dates[0]}/{cube.dates[-1]}"
        probability, classes = score_tile(order, cube)
    except NotCoveredError:
        state = ledger.EMPTY
    except CloudyError:
        state = ledger.CLOUDY
    except SceneError as error:
        state, message = ledger.CORRUPT, str(error)
    if state == ledger.OK and not classes.any():
        state = ledger.CLOUDY
    if state == ledger.OK:
        _write(Path(order.out), tile, {"probability": probability, "class": classes})
    return ledger.Outcome(
        tile.tile_id,
        state,
        tile.locations,
        int(np.count_nonzero(classes)),
        int(np.count_nonzero(classes > 1)),
        days,
        round(time.perf_counter() - begin, 3),
        message,
    )


def score_tile(order: Order, cube: Cube) -> tuple[F32, NDArray[np.uint8]]:
    """Score a tile's cube block by block; give probability and class, without the halo."""
    detector = detector_of(order)
    around = drawn(_context(order.card), cube.grid)
    inner = cube.grid.grown(-cube.halo_px)
    probability = np.full(inner.shape, np.nan, np.float32)
    classes = np.zeros(inner.shape, np.uint8)
    for rows, cols, _ in blocks(inner, size_px=BLOCK_PX):
        there = (
            slice(rows.start, rows.stop + 2 * cube.halo_px),
            slice(cols.start, cols.stop + 2 * cube.halo_px),
        )
        near = {name: plane[there] for name, plane in around.items()}
        found = detector.classes(
            cube.cut(*there, halo_px=cube.halo_px), near, is_screened=order.is_screened
        )
        probability[rows, cols], classes[rows, cols] = found
    return probability, classes


def rehearse(order: Order, tile: Tile) -> None:
    """Make the middle of a tile and throw it away.

    Afterwards model and source are open and loops compiled, and the disk's cache is as empty as
    can be.
    """
    rows, cols = (
        slice(max(n - REHEARSED_PX, 0) // 2, (n + min(n, REHEARSED_PX)) // 2)
        for n in tile.grid.shape
    )
    middle = tile.grid.cut(rows.start, cols.start, rows.stop, cols.stop)
    with tempfile.TemporaryDirectory() as folder:
        map_tile(replace(order, out=folder), replace(tile, grid=middle))


def detector_of(order: Order) -> Detector:
    """Open the ordered model, once a process.

    Raises
    ------
    ModelError
        If the card beside it is of another model.
    """
    if read_card(Path(order.card)).value("sha256") != order.sha256:
        raise ModelError(
            f"{order.card} is no longer the card of the model that this map is made with. "
            "Name the model by its version, or begin a new map."
        )
    return open_detector(Path(order.model), Path(order.card))


def open_source(order: Order) -> Source:
    """Open the ordered source, once a process."""
    return _opened(order.source, order.card)


@lru_cache(maxsize=1)
def _opened(named: str, card: str) -> Source:
    if Path(named).exists():
        return open_folder(named, read_card(Path(card)))
    source: Source = build(json.loads(named), "source.scenes")
    return source


def open_folder(folder: str, card: Params) -> ProductFolder:
    """Open a folder of products of the level and bands that a model takes."""
    return ProductFolder(folder, int(card.value("level")), tuple(card.value("bands")))


@lru_cache(maxsize=1)
def _context(card: str) -> Mapping[str, Plane]:
    planes: dict[str, Plane] = read_card(Path(card)).build("context")
    return planes


def _site(order: Order, tile: Tile) -> Site:
    return Site(tile.tile_id, "", tile.grid, int(read_card(Path(order.card)).value("halo_px")))


def _write(folder: Path, tile: Tile, planes: Mapping[str, Band]) -> None:
    """Write a tile's files; what cannot be written ends the run, for no other tile could."""
    try:
        for layer, plane in planes.items():
            write_tile(folder / tile_path(layer, tile.tile_id), plane, tile.grid, name=layer)
    except OSError as error:
        free = shutil.disk_usage(folder).free / 1e9
        raise RegionError(
            f"tile {tile.tile_id} cannot be written into {folder} ({free:.2f} GB free): "
            f"{error}. "
            "Free some space, or give --out another disk, and start the same command again: "
            "what was finished is kept."
        ) from error
