"""A run over a region: its tiles, done on a cluster, noted in a ledger, handed over."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tqdm import tqdm

from minecover.core.config import composed, service_settings
from minecover.core.errors import RegionError
from minecover.core.files import write_json
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import check_bands
from minecover.prediction.region import cluster
from minecover.prediction.region import tile_ledger as ledger
from minecover.prediction.region.area import read_area
from minecover.prediction.region.mosaic import LAYERS, locations, tile_path, write_map
from minecover.prediction.region.tile_job import (
    MapSettings,
    map_tile,
    product_folder,
    source_of,
    warm_up,
)
from minecover.prediction.region.tiles import Tile, tiles_of
from minecover.sources.product_folder import LEVEL_BANDS, ProductFolder

log = logging.getLogger(__name__)

#: What a folder is a map of.
RUN = "run.json"


def map_settings(
    model: str, source: str, out: Path, *, is_screened: bool = True
) -> MapSettings:
    """Find model and source, and check that they fit.

    Parameters
    ----------
    model : str
        See `minecover.prediction.bundle.ModelBundle.find`.
    source : str
        A product folder, or an option of conf/source.
    out : Path
    is_screened : bool
        Whether few trees look first, where the model has such a first look.

    Raises
    ------
    ModelError
        If the model takes bands that the source has not.
    """
    bundle = ModelBundle.find(model)
    card = bundle.card
    if Path(source).exists():
        check_bands(card.bands, LEVEL_BANDS[card.level])
        scenes = str(Path(source).resolve())
        listed = "\n".join(product_folder(scenes, card).product_ids())
    else:
        # Labels and layers are not looked at: they must only not point into another source.
        off = ["labels=files", "labels.input=none", "context=none"]
        params = composed([f"source={source}", *off])
        check_bands(card.bands, params.value("source.bands"))
        scenes = json.dumps(params.complete("source.scenes"))
        listed = json.dumps(params.value("source.scenes"))
    return MapSettings(
        model=str(bundle.path.resolve()),
        card=str(card.path.resolve()),
        sha256=bundle.sha256,
        card_sha256=bundle.card_sha256,
        source=scenes,
        products=hashlib.sha256(listed.encode()).hexdigest(),
        services=json.dumps(service_settings()),
        out=str(out.resolve()),
        is_screened=is_screened,
    )


def map_area(
    area: str, settings: MapSettings, workers: cluster.Workers, *, tile_px: int
) -> tuple[dict[str, int], list[Path]]:
    """Map an area, or go on with a map of it.

    Parameters
    ----------
    area : str
        See `minecover.prediction.region.area.read_area`.
    settings : MapSettings
    workers : Workers
    tile_px : int
        Side of a tile [px].

    Returns
    -------
    counts : dict of int
        Tiles by state.
    written : list of Path
        Mosaics and item collection.

    Raises
    ------
    NotCoveredError
        If the source shows nothing of the area.
    RegionError
        If another run has the folder, or it holds another map; if the scheduler is not there,
        is lost, or no space is left.
    """
    geometry, folder = read_area(area), Path(settings.out)
    tiles = tiles_of(geometry, size_px=tile_px)
    source = source_of(settings)
    if isinstance(source, ProductFolder):
        source.check_covers(geometry, area)
    with ledger.opened(folder) as book:
        _check_same(folder / RUN, settings, geometry.wkt, tile_px)
        known = book.outcomes()
        missing = [t for t in tiles if not _is_final(folder, known.get(t.tile_id))]
        log.info(
            "map: %d tiles, %s locations, %d tiles to do",
            len(tiles),
            f"{locations(tiles):,}",
            len(missing),
        )
        if missing:
            _do(settings, workers, missing, book)
        about = {"minecover:model": settings.sha256, "minecover:source": settings.products}
        written = write_map(folder, tiles, book.outcomes(), about)
        return book.counts(), written


def _do(
    settings: MapSettings, workers: cluster.Workers, tiles: Sequence[Tile], book: ledger.Ledger
) -> None:
    """Do tiles on a cluster, and note what becomes of each."""
    total = locations(tiles)
    bar = tqdm(
        desc="map", total=total, unit="loc", unit_scale=True, disable=not sys.stderr.isatty()
    )
    size = {tile.tile_id: tile.locations for tile in tiles}
    # Cut ones at the rim last: no worker begins a whole one when the others are done.
    longest_first = sorted(tiles, key=lambda tile: -tile.locations)
    with cluster.connected(workers) as client, bar:
        log.info("map: dashboard at %s", client.dashboard_link)
        cluster.begin(client, partial(warm_up, settings, longest_first[0]))
        for outcome in cluster.outcomes(client, partial(map_tile, settings), longest_first):
            book.record(outcome)
            bar.update(size[outcome.tile_id])
            if outcome.message:
                said = (outcome.tile_id, outcome.state, outcome.message)
                log.warning("map: tile %s is %s: %s", *said)


def _is_final(folder: Path, outcome: ledger.Outcome | None) -> bool:
    """Whether a tile is done, and its files are still there."""
    if outcome is None or outcome.state not in ledger.FINAL:
        return False
    return outcome.state != ledger.OK or all(
        (folder / tile_path(layer, outcome.tile_id)).is_file() for layer in LAYERS
    )


def _check_same(path: Path, settings: MapSettings, area: str, tile_px: int) -> None:
    """Note what a folder is a map of; refuse to mix another one in."""
    wanted = {
        "model": settings.sha256,
        "source": settings.products,
        "area": hashlib.sha256(area.encode()).hexdigest(),
        "tile_px": tile_px,
        "screen": settings.is_screened,
    }
    if not path.is_file():
        write_json(path, wanted)
        return
    found = json.loads(path.read_text(encoding="utf-8"))
    if differing := [key for key, value in wanted.items() if found.get(key) != value]:
        raise RegionError(
            f"{path.parent} holds a map of another {' and '.join(differing)}. "
            "Name another folder for --out, or delete that one: maps are never mixed."
        )
