"""Map one tile in a worker process, from scenes to files; model and source stay open."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Sequence
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
from minecover.core.mine_pixels import MinePixels, joined, mine_pixels, write_mine_pixels
from minecover.core.periods import Period
from minecover.core.raster.tile_files import write_tile
from minecover.core.sites import Site
from minecover.features.context import compute_context
from minecover.features.validity import valid
from minecover.prediction.around import surroundings_of
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import MINE
from minecover.prediction.other_sensors import folder_source
from minecover.prediction.raster_tags import layer_tags
from minecover.prediction.region.mosaic import pixels_path, tile_path
from minecover.prediction.region.tile_ledger import CLOUDY, CORRUPT, EMPTY, OK, Outcome
from minecover.prediction.region.tiles import Tile
from minecover.prediction.true_colour import write_true_colour
from minecover.sources import Source

#: Side of the windows in which a tile is scored [px]: the arrays of one fit the processor's
#: cache, and its halo is no large share. Three to a side of 1024.
WINDOW_PX = 342
#: Side of the part of a tile that is mapped once before the first one [px].
WARM_UP_PX = 64


@dataclass(frozen=True, slots=True)
class MapSettings:
    """What a worker must know of a map; small, since it is sent with each task.

    Parameters
    ----------
    model, card : str
        Absolute paths of the pickle and its card, which every worker must be able to read.
    sha256, card_sha256 : str
        Digests of the model bundle; a worker refuses any other.
    source : str
        Absolute path of a product folder, or the composed configuration of a source, in JSON.
    products : str
        Digest of the list of products, or of the source's configuration.
    services : str
        Settings of requests to services, `network` of params.yaml, in JSON.
    out : str
        Absolute path of the map's folder, which every worker must be able to write to.
    is_screened : bool
        Whether the first trees select what all trees score, see `minecover.learning.screening`.
    mask : str
        The mask profile that is used, in JSON: the model's, or one in its place.
    other_sensors : str
        Sensors of the scenes that the model never saw, see `ModelBundle.of_sensors`.
    model_name, source_name : str
        What the tags of the files call them.
    period : str
        Days of the scenes, ``2016-01-01/2016-12-31``; empty for all.
    min_dates : int
        Least number of valid dates of a location; with fewer it is not observed.
    like : str
        Satellite whose reflectance that of others is turned into; empty: as delivered.
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
    mask: str
    other_sensors: str
    model_name: str
    source_name: str
    period: str = ""
    min_dates: int = 1
    like: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ScoredTile:
    """The layers of a tile, without the halo.

    Parameters
    ----------
    probability : (row, col) float32
    classes : (row, col) uint8
        See `minecover.prediction.detector.Detector.classes`.
    pixels : MinePixels
        Its mines, counted from its corner.
    """

    probability: F32
    classes: NDArray[np.uint8]
    pixels: MinePixels


def map_tile(settings: MapSettings, tile: Tile) -> Outcome:
    """Map one tile: read all dates, mask, compute features, score, classify, write.

    Parameters
    ----------
    settings : MapSettings
        Settings of the map that the tile belongs to.
    tile : Tile
        Its grid is without the halo, which is read around it.

    Returns
    -------
    Outcome
        A tile without a usable scene has a state that says so, and no files.

    Raises
    ------
    RegionError
        If its files cannot be written.
    """
    begin = time.perf_counter()
    state, days, n_dates, message = OK, "", 0, ""
    classes = np.zeros(tile.grid.shape, np.uint8)
    try:
        cube = source_of(settings).scenes(_site(settings, tile))
        days, n_dates = f"{cube.dates[0]}/{cube.dates[-1]}", len(cube.dates)
        scored = score_tile(settings, cube)
        classes = scored.classes
    except NotCoveredError:
        state = EMPTY
    except CloudyError:
        state = CLOUDY
    except SceneError as error:
        state, message = CORRUPT, str(error)
    if state == OK and not classes.any():
        state = CLOUDY
    if state == OK:
        _write(settings, tile, scored, cube)
    return Outcome(
        tile.tile_id,
        state,
        tile.locations,
        int(np.count_nonzero(classes)),
        int(np.count_nonzero(classes > 1)),
        days,
        n_dates,
        round(time.perf_counter() - begin, 3),
        message,
    )


def score_tile(settings: MapSettings, cube: Cube) -> ScoredTile:
    """Score a tile's cube window by window.

    Parameters
    ----------
    settings : MapSettings
        Settings of the map that the tile belongs to.
    cube : Cube
        The scenes of the tile, with the halo that the model's features need.

    Returns
    -------
    ScoredTile
    """
    bundle = model_of(settings)
    detector = bundle.detector()
    context = compute_context(bundle.context(json.loads(settings.services)), cube.grid)
    inner = cube.grid.grown(-cube.halo_px)
    probability = np.full(inner.shape, np.nan, np.float32)
    classes = np.zeros(inner.shape, np.uint8)
    parts: list[MinePixels] = []
    for rows, cols, _ in inner.windows(WINDOW_PX):
        window = (
            slice(rows.start, rows.stop + 2 * cube.halo_px),
            slice(cols.start, cols.stop + 2 * cube.halo_px),
        )
        part = cube.cut(*window, halo_px=cube.halo_px)
        planes = {name: plane[window] for name, plane in context.items()}
        found = detector.classes(part, planes, is_screened=settings.is_screened)
        if settings.min_dates > 1:
            has_few = part.core(valid(part, detector.profile)).sum(axis=0) < settings.min_dates
            found[0][has_few], found[1][has_few] = np.nan, 0
        probability[rows, cols], classes[rows, cols] = found
        if (mined := found[1] >= MINE).any() or not parts:
            applicable = np.where(found[1] == MINE, 1, 0).astype(np.float32)
            around = surroundings_of(bundle, part, planes, applicable=applicable, mined=mined)
            pixels = mine_pixels(around, found[0], mined)
            parts.append(pixels.moved(rows.start, cols.start))
    return ScoredTile(probability, classes, joined(parts)[0])


def warm_up(settings: MapSettings, tile: Tile) -> None:
    """Map the middle of a tile into a temporary folder, and delete it.

    It opens model and source and compiles loops, but reads so few pixels that the disk's cache
    stays almost as it was.
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
        If the files at its paths are another model now.
    """
    bundle = ModelBundle.read(Path(settings.model), Path(settings.card))
    bundle = bundle.with_mask(json.loads(settings.mask)).of_sensors(settings.other_sensors)
    bundle = replace(bundle, name=settings.model_name)
    if (bundle.sha256, bundle.card_sha256) != (settings.sha256, settings.card_sha256):
        raise ModelError(
            f"{settings.card} is no longer the card of this map's model: the card was changed "
            "or the model built again. Name the model by its version (--model "
            "models:/name/version), or start a new map in another folder (--out)."
        )
    return bundle


def few_dates_warning(settings: MapSettings, dates: Sequence[int]) -> str:
    """Return one sentence if tiles have fewer dates than the model knows; else nothing.

    Parameters
    ----------
    settings : MapSettings
    dates : sequence of int
        Number of dates of each tile's scenes.
    """
    known = model_of(settings).card.dates
    return known.warning(sum(n < known.fewest for n in dates), len(dates), "tiles")


def source_of(settings: MapSettings) -> Source:
    """Return the source of a map, opened once in a process."""
    return _source(settings.source, model_of(settings), settings.period, settings.like)


@lru_cache(maxsize=1)
def _source(source: str, bundle: ModelBundle, period: str, like: str) -> Source:
    if source.startswith("{"):  # an object of conf/; longer than a path may be
        built: Source = build(json.loads(source), "source.scenes")
        return built
    days = Period.parse(period) if period else None
    return folder_source(source, bundle.card, days, like)


def _site(settings: MapSettings, tile: Tile) -> Site:
    return Site(tile.tile_id, "", tile.grid, model_of(settings).card.halo_px)


def _write(settings: MapSettings, tile: Tile, scored: ScoredTile, cube: Cube) -> None:
    """Write a tile's files; an error ends the run, since other tiles would fail too."""
    folder = Path(settings.out)
    try:
        for layer, plane in (("probability", scored.probability), ("class", scored.classes)):
            path = folder / tile_path(layer, tile.tile_id)
            tags = layer_tags(model_of(settings), layer, settings.source_name, cube.dates)
            write_tile(path, plane, tile.grid, name=layer, tags=tags)
        write_mine_pixels(folder / pixels_path(tile.tile_id), scored.pixels)
        write_true_colour(folder, tile.tile_id, cube, model_of(settings).card.build("mask"))
    except OSError as error:
        free = shutil.disk_usage(folder).free / 1e9
        raise RegionError(
            f"tile {tile.tile_id} cannot be written into {folder} ({free:.2f} GB free): "
            f"{error}. "
            "Free some space, or choose another disk with --out, and start the same command "
            "again: finished tiles are stored."
        ) from error
