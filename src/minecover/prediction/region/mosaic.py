"""Index a finished map: a mosaic of each layer and UTM zone, and STAC items of its tiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import shapely

from minecover.core.antimeridian import bounding_box
from minecover.core.files import write_json
from minecover.core.map_classes import CLASS_NAMES
from minecover.core.raster.tile_files import MosaicTile, write_mosaic
from minecover.core.sites import square
from minecover.prediction.region.tile_ledger import OK, Outcome
from minecover.prediction.region.tiles import Tile

if TYPE_CHECKING:  # workers import this module, and need no items
    from pystac import Asset, Item

#: The layers of a map: dtype, the value for "not observed", and a description.
LAYERS = {
    "probability": ("float32", float("nan"), "Probability of a mine; NaN is not observed"),
    "class": (
        "uint8",
        0.0,
        ", ".join(f"{number} {name}" for number, name in enumerate(CLASS_NAMES)),
    ),
}
#: Folder of the files from which candidates are made, one for each tile: what each of its mines
#: is on every date, see `minecover.core.mine_pixels`.
MINE_PIXELS = "mine_pixels"
ITEMS = "items.json"
#: Its ``proj:epsg`` is what readers of STAC 1.0 look for; version 2 has ``proj:code`` instead.
PROJECTION = "https://stac-extensions.github.io/projection/v1.1.0/schema.json"


def tile_path(layer: str, tile_id: str) -> str:
    """Return the path of a tile's file, relative to the folder of its map."""
    return f"{layer}/{tile_id}.tif"


def pixels_path(tile_id: str) -> str:
    """Return the path of the mines of a tile, relative to the folder of its map."""
    return f"{MINE_PIXELS}/{tile_id}.parquet"


def write_map(
    folder: Path,
    tiles: Sequence[Tile],
    outcomes: Mapping[str, Outcome],
    properties: Mapping[str, str],
    tags: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> list[Path]:
    """Write the mosaics of a map, one for each layer and UTM zone, and its STAC items.

    Parameters
    ----------
    folder : Path
        Folder of the map, in which the tiles' files lie.
    tiles : sequence of Tile
        All tiles of the area.
    outcomes : mapping of Outcome
        By `tile_id`, one for each tile. Only ``ok`` tiles have files; the others are not
        observed.
    properties : mapping of str
        Properties of every item beside its own.
    tags : mapping of mapping of str
        Tags of the mosaics, by layer.

    Returns
    -------
    list of Path
        The mosaics, then the item collection.
    """
    from pystac import ItemCollection

    done = sorted((tile for tile in tiles if outcomes[tile.tile_id].state == OK), key=_order)
    written = []
    for crs, group in groupby(done, key=lambda tile: tile.grid.crs):
        in_zone = list(group)
        for layer, (dtype, nodata, _) in LAYERS.items():
            mosaic = [MosaicTile(tile_path(layer, t.tile_id), t.grid) for t in in_zone]
            path = folder / f"{layer}_{crs.removeprefix('EPSG:')}.vrt"
            write_mosaic(path, mosaic, dtype, nodata, tags.get(layer, {}))
            written.append(path)
    items = [stac_item(tile, outcomes[tile.tile_id], properties) for tile in done]
    collection = ItemCollection(items, clone_items=False)
    write_json(folder / ITEMS, collection.to_dict(transform_hrefs=False))
    return [*written, folder / ITEMS]


def stac_item(tile: Tile, outcome: Outcome, properties: Mapping[str, str]) -> Item:
    """Return the STAC item of a tile that is ``ok``.

    Parameters
    ----------
    tile : Tile
        Its grid becomes geometry, bounding box and ``proj:`` fields.
    outcome : Outcome
        Its days become the item's range of time.
    properties : mapping of str
        Further properties.

    Returns
    -------
    pystac.Item
        With one asset for each of `LAYERS`, its path relative to the folder of the map.

    References
    ----------
    STAC item specification 1.1.0; Projection extension 1.1.0.
    """
    from pystac import Item

    first, last = map(date.fromisoformat, outcome.days.split("/"))
    outline = square(tile.grid)
    return Item(
        id=tile.tile_id,
        geometry=shapely.geometry.mapping(shapely.set_precision(outline, 1e-7)),
        bbox=[round(edge, 7) for edge in bounding_box(outline)],
        datetime=None,
        start_datetime=datetime.combine(first, time.min, UTC),
        end_datetime=datetime.combine(last, time(23, 59, 59), UTC),
        properties={
            "proj:epsg": int(tile.grid.crs.removeprefix("EPSG:")),
            "proj:shape": list(tile.grid.shape),
            "proj:transform": [float(n) for n in tuple(tile.grid.transform)[:6]],
            "minecover:observed": outcome.seen,
            "minecover:mines": outcome.mines,
            **properties,
        },
        stac_extensions=[PROJECTION],
        assets={layer: _asset(layer, tile.tile_id) for layer in LAYERS},
    )


def _asset(layer: str, tile_id: str) -> Asset:
    from pystac import Asset, MediaType

    path = f"./{tile_path(layer, tile_id)}"
    return Asset(path, title=LAYERS[layer][2], media_type=MediaType.COG, roles=["data"])


def _order(tile: Tile) -> tuple[str, str]:
    return tile.grid.crs, tile.tile_id


def n_locations(tiles: Iterable[Tile]) -> int:
    """Return the number of pixels of some tiles together."""
    return sum(tile.locations for tile in tiles)
