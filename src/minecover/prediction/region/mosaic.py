"""What a finished map is handed over as: mosaics, and items that find the tiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import shapely

from minecover.core.files import write_json
from minecover.core.raster.tile_files import Placed, write_mosaic
from minecover.core.sites import square
from minecover.prediction.region.tile_ledger import OK, Outcome
from minecover.prediction.region.tiles import Tile

#: The layers of a map: dtype, what stands for "not observed", and what it says.
LAYERS = {
    "probability": ("float32", float("nan"), "Probability of a mine; NaN is not observed"),
    "class": (
        "uint8",
        0.0,
        "0 not observed, 1 no mine, 2 mine, 3 mine where the model extrapolates",
    ),
}
ITEMS = "items.json"
COG_TYPE = "image/tiff; application=geotiff; profile=cloud-optimized"


def tile_path(layer: str, tile_id: str) -> str:
    """Where a tile's file lies in the folder of its map."""
    return f"{layer}/{tile_id}.tif"


def write_map(
    folder: Path, tiles: Sequence[Tile], known: Mapping[str, Outcome], about: Mapping[str, str]
) -> list[Path]:
    """Write the mosaics, one a layer and UTM zone, and the STAC items.

    Parameters
    ----------
    folder : Path
        The map's.
    tiles : sequence of Tile
        All of the area.
    known : mapping of Outcome
        By tile. Only those that are ``ok`` have files; elsewhere nothing is observed.
    about : mapping of str
        Properties of every item.

    Returns
    -------
    list of Path
        What was written.
    """
    done = [tile for tile in tiles if known[tile.tile_id].state == OK]
    written = []
    for crs, here in groupby(sorted(done, key=_place), key=lambda tile: tile.grid.crs):
        in_zone = list(here)
        for layer, (dtype, nodata, _) in LAYERS.items():
            placed = [Placed(tile_path(layer, t.tile_id), t.grid) for t in in_zone]
            path = folder / f"{layer}_{crs.removeprefix('EPSG:')}.vrt"
            write_mosaic(path, placed, dtype, nodata)
            written.append(path)
    items = [item(tile, known[tile.tile_id], about) for tile in sorted(done, key=_place)]
    write_json(folder / ITEMS, {"type": "FeatureCollection", "features": items})
    return [*written, folder / ITEMS]


def item(tile: Tile, outcome: Outcome, about: Mapping[str, str]) -> dict[str, object]:
    """Describe a tile as a STAC item.

    References
    ----------
    STAC 1.0.0 item specification; Projection extension 1.1.0.
    """
    first, last = outcome.days.split("/")
    outline = square(tile.grid)
    crs = tile.grid.crs.removeprefix("EPSG:")
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": ["https://stac-extensions.github.io/projection/v1.1.0/schema.json"],
        "id": tile.tile_id,
        "geometry": shapely.geometry.mapping(shapely.set_precision(outline, 1e-7)),
        "bbox": [round(edge, 7) for edge in outline.bounds],
        "properties": {
            "datetime": None,
            "start_datetime": f"{first}T00:00:00Z",
            "end_datetime": f"{last}T23:59:59Z",
            "proj:epsg": int(crs),
            "proj:shape": list(tile.grid.shape),
            "proj:transform": [float(n) for n in tuple(tile.grid.transform)[:6]],
            "minecover:observed": outcome.seen,
            "minecover:mines": outcome.mines,
            **about,
        },
        "links": [],
        "assets": {layer: _asset(layer, tile.tile_id) for layer in LAYERS},
    }


def _asset(layer: str, tile_id: str) -> dict[str, object]:
    return {
        "href": f"./{tile_path(layer, tile_id)}",
        "type": COG_TYPE,
        "title": LAYERS[layer][2],
        "roles": ["data"],
    }


def _place(tile: Tile) -> tuple[str, str]:
    return tile.grid.crs, tile.tile_id


def locations(tiles: Iterable[Tile]) -> int:
    """Count the pixels of tiles."""
    return sum(tile.locations for tile in tiles)
