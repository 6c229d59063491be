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

from minecover.atomic import write_json
from minecover.config import composed
from minecover.errors import RegionError
from minecover.mapping.tile import Order, map_tile, open_folder, open_source, rehearse
from minecover.predict import check_bands
from minecover.region import cluster, ledger
from minecover.region.area import read_area
from minecover.region.mosaic import LAYERS, locations, tile_path, write_map
from minecover.region.tiles import Tile, tiles_of
from minecover.serving.models import locate
from minecover.source.product_folder import LEVEL_BANDS, ProductFolder
from minecover.stages.predict import read_card

log = logging.getLogger(__name__)

#: What a folder is a map of.
RUN = "run.json"


def order_of(model: str, source: str, out: Path, *, is_screened: bool = True) -> Order:
    """Find model and source, and check that they fit.

    Parameters
    ----------
    model : str
        See `minecover.serving.models.locate`.
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
    pickle, card_path = (path.resolve() for path in locate(model))
    card = read_card(card_path)
    if Path(source).exists():
        check_bands(card.value("bands"), LEVEL_BANDS[int(card.value("level"))])
        named = str(Path(source).resolve())
        told = "\n".join(open_folder(named, card).product_ids())
    else:
        # Labels and layers are not looked at: they must only not point into another source.
        off = ["labels=files", "labels.input=none", "context=none"]
        params = composed([f"source={source}", *off])
        check_bands(card.value("bands"), params.value("source.bands"))
        named = told = json.dumps(params.value("source.scenes"))
    digest = hashlib.sha256(told.encode()).hexdigest()
    sha256 = str(card.value("sha256"))
    there = str(out.resolve())
    return Order(str(pickle), str(card_path), sha256, named, digest, there, is_screened)


def map_area(
    area: str, order: Order, workers: cluster.Workers, *, tile_px: int
) -> tuple[dict[str, int], list[Path]]:
    """Map an area, or go on with a map of it.

    Parameters
    ----------
    area : str
        See `minecover.region.area.read_area`.
    order : Order
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
    geometry, folder = read_area(area), Path(order.out)
    tiles = tiles_of(geometry, size_px=tile_px)
    source = open_source(order)
    if isinstance(source, ProductFolder):
        source.check_covers(geometry, area)
    with ledger.opened(folder) as book:
        _check_same(folder / RUN, order, geometry.wkt, tile_px)
        known = book.outcomes()
        missing = [t for t in tiles if not _is_final(folder, known.get(t.tile_id))]
        log.info(
            "map: %d tiles, %s locations, %d tiles to do",
            len(tiles),
            f"{locations(tiles):,}",
            len(missing),
        )
        if missing:
            _do(order, workers, missing, book)
        about = {"minecover:model": order.sha256, "minecover:source": order.products}
        written = write_map(folder, tiles, book.outcomes(), about)
        return book.counts(), written


def _do(
    order: Order, workers: cluster.Workers, tiles: Sequence[Tile], book: ledger.Ledger
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
        cluster.begin(client, partial(rehearse, order, longest_first[0]))
        for outcome in cluster.outcomes(client, partial(map_tile, order), longest_first):
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


def _check_same(path: Path, order: Order, area: str, tile_px: int) -> None:
    """Note what a folder is a map of; refuse to mix another one in."""
    wanted = {
        "model": order.sha256,
        "source": order.products,
        "area": hashlib.sha256(area.encode()).hexdigest(),
        "tile_px": tile_px,
        "screen": order.is_screened,
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
