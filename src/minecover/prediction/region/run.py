"""Map a region: its tiles on a cluster, their outcomes in a ledger, then mosaics and items."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import shapely
from tqdm import tqdm

from minecover.core.errors import RegionError
from minecover.core.files import write_json
from minecover.prediction.raster_tags import DATES_TAG, layer_tags
from minecover.prediction.region import cluster
from minecover.prediction.region.area import read_area
from minecover.prediction.region.mosaic import (
    LAYERS,
    n_locations,
    pixels_path,
    tile_path,
    write_map,
)
from minecover.prediction.region.tile_job import (
    MapSettings,
    few_dates_warning,
    map_tile,
    model_of,
    source_of,
    warm_up,
)
from minecover.prediction.region.tile_ledger import FINAL, OK, Outcome, TileLedger, open_ledger
from minecover.prediction.region.tiles import Tile, tiles_of
from minecover.sources.product_folder import ProductFolder

log = logging.getLogger(__name__)

#: File in the folder of a map that identifies it.
RUN = "run.json"


def map_area(
    area: str, settings: MapSettings, workers: cluster.Workers, *, tile_px: int
) -> tuple[dict[str, int], list[Path]]:
    """Map an area, or continue a map of it.

    Parameters
    ----------
    area : str
        See `minecover.prediction.region.area.read_area`.
    settings : MapSettings
        See `minecover.prediction.region.map_settings`.
    workers : Workers
        Where the tiles are mapped.
    tile_px : int
        Side of a tile [px].

    Returns
    -------
    counts : dict of int
        Number of tiles in each state.
    written : list of Path
        The mosaics and the item collection.

    Raises
    ------
    NotCoveredError
        If no scene of a product folder shows any of the area.
    RegionError
        If another run writes into the folder, or it holds another map; if no scheduler
        responds, or it is lost; if no space is left.
    """
    geometry, folder = read_area(area), Path(settings.out)
    lattice = model_of(settings).card.lattice
    tiles = tiles_of(geometry, size_px=tile_px, lattice=lattice)
    source = source_of(settings)
    if isinstance(source, ProductFolder):
        source.check_covers(geometry, area)
    with open_ledger(folder) as ledger:
        _check_same(folder / RUN, settings, ground_of(geometry, tile_px))
        known = ledger.outcomes()
        missing = [t for t in tiles if not _is_final(folder, known.get(t.tile_id))]
        log.info(
            "map: %d tiles, %s locations, %d tiles to do",
            len(tiles),
            f"{n_locations(tiles):,}",
            len(missing),
        )
        if missing:
            _map_tiles(settings, workers, missing, ledger)
        properties = {"minecover:model": settings.sha256, "minecover:source": settings.products}
        outcomes = ledger.outcomes()
        shown = [outcomes[t.tile_id].dates for t in tiles if t.tile_id in outcomes]
        if warning := few_dates_warning(settings, [n_dates for n_dates in shown if n_dates]):
            log.warning("map: %s", warning)
        written = write_map(folder, tiles, outcomes, properties, _tags(settings, outcomes))
        return ledger.counts(), written


def ground_of(area: shapely.Geometry, tile_px: int) -> dict[str, object]:
    """Return what identifies the tiles of a map: digest of the area, and side of a tile [px].

    Maps of several periods have it in common, see `minecover.pipeline.period_maps`.
    """
    return {"area": hashlib.sha256(area.wkt.encode()).hexdigest(), "tile_px": tile_px}


def _tags(settings: MapSettings, outcomes: Mapping[str, Outcome]) -> dict[str, dict[str, str]]:
    """Return the tags of the mosaic of each layer: its dates are the period of all tiles."""
    ends = [end for one in outcomes.values() for end in one.days.split("/") if end]
    # An interval as ISO 8601 writes it, which nobody takes for a list of two dates.
    period = {DATES_TAG: f"{min(ends)}/{max(ends)}" if ends else ""}
    bundle, source = model_of(settings), settings.source_name
    return {layer: layer_tags(bundle, layer, source, []) | period for layer in LAYERS}


def _map_tiles(
    settings: MapSettings, workers: cluster.Workers, tiles: Sequence[Tile], ledger: TileLedger
) -> None:
    """Map tiles on a cluster, and record the outcome of each."""
    total = n_locations(tiles)
    bar = tqdm(
        desc="map", total=total, unit="loc", unit_scale=True, disable=not sys.stderr.isatty()
    )
    size = {tile.tile_id: tile.locations for tile in tiles}
    # Smaller ones at the rim last: no worker starts a whole tile when the others have ended.
    longest_first = sorted(tiles, key=lambda tile: -tile.locations)
    with cluster.connect(workers) as client, bar:
        log.info("map: dashboard at %s", client.dashboard_link)
        cluster.run_on_workers(client, partial(warm_up, settings, longest_first[0]))
        for outcome in cluster.outcomes(client, partial(map_tile, settings), longest_first):
            ledger.record(outcome)
            bar.update(size[outcome.tile_id])
            if outcome.message:
                log.warning(
                    "map: tile %s is %s: %s", outcome.tile_id, outcome.state, outcome.message
                )


def _is_final(folder: Path, outcome: Outcome | None) -> bool:
    """Return whether a tile's state is final, and its files still exist."""
    if outcome is None or outcome.state not in FINAL:
        return False
    paths = [tile_path(layer, outcome.tile_id) for layer in LAYERS]
    paths.append(pixels_path(outcome.tile_id))
    return outcome.state != OK or all((folder / path).is_file() for path in paths)


def _check_same(path: Path, settings: MapSettings, ground: Mapping[str, object]) -> None:
    """Write what identifies the map of a folder; refuse a folder of another map."""
    wanted = {
        "model": settings.sha256,
        "source": settings.products,
        **ground,
        "screen": settings.is_screened,
        "mask": settings.mask,
        "like": settings.like,
    }
    if settings.period:
        wanted |= {"period": settings.period, "min_dates": settings.min_dates}
    if not path.is_file():
        write_json(path, wanted)
        return
    found = json.loads(path.read_text(encoding="utf-8"))
    if differing := [key for key, value in wanted.items() if found.get(key, "") != value]:
        raise RegionError(
            f"{path.parent} holds a map of another {' and '.join(differing)}. "
            "Choose another folder with --out, or delete that one: maps are never mixed."
        )
