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

from minecover.core.config import build
from minecover.core.cube import F32, Cube
from minecover.core.errors import (
    CloudyError,
    ModelError,
    NotCoveredError,
    RegionError,
    SceneError,
)
from minecover.core.raster import Band
from minecover.core.raster.tile_files import write_tile
from minecover.core.sites import Site
from minecover.features.context import drawn
from minecover.learning.model_card import ModelCard
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.region import tile_ledger as ledger
from minecover.prediction.region.mosaic import tile_path
from minecover.prediction.region.tiles import Tile
from minecover.sources import Source
from minecover.sources.product_folder import ProductFolder

#: Side of the squares in which a tile is scored [px]: what is computed of one fits the cache,
#: and the halo round it is not too large a share. Three to a side of 1024.
WINDOW_PX = 342
#: Side of what is made once before the first tile [px].
WARM_UP_PX = 64


@dataclass(frozen=True, slots=True)
class MapSettings:
    """What every tile of a map is made from: small, for it travels with each task.

    Parameters
    ----------
    model, card : str
        Paths of the pickle and its card, which every worker must see.
    sha256, card_sha256 : str
        Of the model bundle: a worker refuses any other.
    source : str
        A folder of products, or ``conf/source`` as composed, in JSON.
    products : str
        Digest of the products, or of the source's configuration.
    services : str
        How services are asked, `network` of params.yaml, in JSON.
    out : str
        The map's folder, which every worker must see.
    is_screened : bool
        Whether few trees look first, see `minecover.learning.screening`.
    """

    model: str
    card: str
    sha256: str
    card_sha256: str
    source: str
    products: str
    services: str
    out: str
    is_screened: bool


def map_tile(settings: MapSettings, tile: Tile) -> ledger.Outcome:
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
        cube = source_of(settings).scenes(_site(settings, tile))
        days = f"{cube.dates[0]}/{cube.dates[-1]}"
        probability, classes = score_tile(settings, cube)
    except NotCoveredError:
        state = ledger.EMPTY
    except CloudyError:
        state = ledger.CLOUDY
    except SceneError as error:
        state, message = ledger.CORRUPT, str(error)
    if state == ledger.OK and not classes.any():
        state = ledger.CLOUDY
    if state == ledger.OK:
        _write(Path(settings.out), tile, {"probability": probability, "class": classes})
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


def score_tile(settings: MapSettings, cube: Cube) -> tuple[F32, NDArray[np.uint8]]:
    """Score a tile's cube window by window; give probability and class, without the halo."""
    bundle = model_of(settings)
    detector, around = (
        bundle.detector(),
        drawn(bundle.context(json.loads(settings.services)), cube.grid),
    )
    inner = cube.grid.grown(-cube.halo_px)
    probability = np.full(inner.shape, np.nan, np.float32)
    classes = np.zeros(inner.shape, np.uint8)
    for rows, cols, _ in inner.windows(WINDOW_PX):
        there = (
            slice(rows.start, rows.stop + 2 * cube.halo_px),
            slice(cols.start, cols.stop + 2 * cube.halo_px),
        )
        near = {name: plane[there] for name, plane in around.items()}
        found = detector.classes(
            cube.cut(*there, halo_px=cube.halo_px), near, is_screened=settings.is_screened
        )
        probability[rows, cols], classes[rows, cols] = found
    return probability, classes


def warm_up(settings: MapSettings, tile: Tile) -> None:
    """Make the middle of a tile and throw it away.

    Afterwards model and source are open and loops compiled, and the disk's cache is as empty as
    can be.
    """
    rows, cols = (
        slice(max(n - WARM_UP_PX, 0) // 2, (n + min(n, WARM_UP_PX)) // 2)
        for n in tile.grid.shape
    )
    middle = tile.grid.cut(rows.start, cols.start, rows.stop, cols.stop)
    with tempfile.TemporaryDirectory() as folder:
        map_tile(replace(settings, out=folder), replace(tile, grid=middle))


def model_of(settings: MapSettings) -> ModelBundle:
    """Return the model bundle of a map.

    Raises
    ------
    ModelError
        If another model lies there now.
    """
    bundle = ModelBundle.read(Path(settings.model), Path(settings.card))
    if (bundle.sha256, bundle.card_sha256) != (settings.sha256, settings.card_sha256):
        raise ModelError(
            f"{settings.card} is no longer the card of the model that this map is made with. "
            "Name the model by its version, or begin a new map."
        )
    return bundle


def source_of(settings: MapSettings) -> Source:
    """Open the source of a map, once a process."""
    return _source(settings.source, model_of(settings))


@lru_cache(maxsize=1)
def _source(source: str, bundle: ModelBundle) -> Source:
    if Path(source).exists():
        return product_folder(source, bundle.card)
    built: Source = build(json.loads(source), "source.scenes")
    return built


def product_folder(folder: str, card: ModelCard) -> ProductFolder:
    """Open a folder of products of the level and bands that a model takes."""
    return ProductFolder(folder, card.level, card.bands)


def _site(settings: MapSettings, tile: Tile) -> Site:
    return Site(tile.tile_id, "", tile.grid, model_of(settings).card.halo_px)


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
