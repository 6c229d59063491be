"""Candidates of a map: found on its files, described, and written beside them."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.errors import DamagedError, RegionError
from minecover.core.mine_pixels import MinePixels, TileMap, read_mine_pixels
from minecover.core.raster import read_band, read_grid, read_planes
from minecover.labels import MINES, read_labels
from minecover.labels.ground_names import REAL, world_name
from minecover.pipeline.candidate_files import (
    MapRecord,
    free_name,
    true_colour_files,
    write_map_candidates,
)
from minecover.pipeline.known_ground import KnownGround, is_simulated
from minecover.pipeline.map_page import ENGLISH_PAGE, PageOptions, write_map_page
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.map_files import FolderMap, MappedSite
from minecover.prediction.maps import source_params
from minecover.prediction.region.map_settings import settings_of
from minecover.prediction.region.mosaic import pixels_path, tile_path
from minecover.prediction.region.tile_job import MapSettings, model_of
from minecover.prediction.region.tile_ledger import OK, Outcome, TileLedger
from minecover.prediction.true_colour import TRUE_COLOUR
from minecover.reporting.candidates import (
    SiteMap,
    describe,
    find_candidates,
    find_on_tiles,
)
from minecover.reporting.qgis import RasterLayer

log = logging.getLogger(__name__)


def write_region_candidates(
    settings: MapSettings,
    mosaics: Sequence[Path],
    ground: KnownGround,
    options: PageOptions = ENGLISH_PAGE,
) -> list[Path]:
    """Find the candidates of a region's map, and write them beside its mosaics.

    They depend on the files of the map alone, so that a map which was interrupted has the same
    candidates as one that was not.

    Parameters
    ----------
    settings : MapSettings
        Settings of the map.
    mosaics : sequence of Path
        Its mosaics, ``probability_<EPSG>.vrt`` and ``class_<EPSG>.vrt``.
    ground : KnownGround
        What is known of its ground.
    options : PageOptions
        Language and number of pictures of the page.

    Returns
    -------
    list of Path
        The page, then the files of `write_map_candidates`; none if no tile was mapped.
    """
    folder, card = Path(settings.out), model_of(settings).card
    layers = [_mosaic_layer(path) for path in mosaics if path.suffix == ".vrt"]
    if not layers:
        log.warning(
            "candidates: no tile was observed (%s says why), so there are none, and no page",
            folder / "ledger.csv",
        )
        return []
    found = find_on_tiles(
        region_tiles(folder),
        ground.mines,
        min_px=ground.min_px(card.lattice),
        provinces=ground.provinces,
    )
    digest = hashlib.sha256((folder / "run.json").read_bytes()).hexdigest()
    outcomes = [one for one in _outcomes(folder).values() if one.state == OK]
    files = [folder / TRUE_COLOUR / f"{one.tile_id}.tif" for one in outcomes]
    of_map = MapRecord(
        digest,
        layers,
        settings,
        is_simulated=is_simulated(settings),
        true_colour=[path for path in files if path.is_file()],
        locations=sum(one.locations for one in _outcomes(folder).values()),
        seen=sum(one.seen for one in outcomes),
    )
    return _write(folder, found, of_map, options, ground.mines)


def region_tiles(folder: Path) -> Iterator[TileMap]:
    """Yield the finished tiles of a region's map, in the order of their ids.

    Parameters
    ----------
    folder : Path
        Folder of the map.
    """
    for tile_id, outcome in _outcomes(folder).items():
        # Without a mine, a tile is not looked at: others see its class in the mosaic.
        if outcome.state != OK or not outcome.mines:
            continue
        grid = read_grid(folder / tile_path("class", tile_id))
        mosaic = folder / f"class_{grid.crs.removeprefix('EPSG:')}.vrt"
        classes = read_band(mosaic, grid.grown(1), resampling="nearest", fill=0)
        yield TileMap(tile_id, grid, _pixels(folder / pixels_path(tile_id)), classes != 0)


def write_folder_candidates(
    out: Path,
    maps: Sequence[FolderMap],
    ground: KnownGround,
    source: Path,
    options: PageOptions = ENGLISH_PAGE,
) -> list[Path]:
    """Find the candidates of the maps of a folder, and write them beside these.

    Parameters
    ----------
    out : Path
        Folder of the maps.
    maps : sequence of FolderMap
        At least one; one for each UTM zone.
    ground : KnownGround
        What is known of their ground.
    source : Path
        The folder of products.
    options : PageOptions
        Language and number of pictures of the page.

    Returns
    -------
    list of Path
        The page, then the files of `write_map_candidates`.
    """
    bundle = maps[0].bundle
    tiles = [
        replace(tile, tile_id=f"{one.path.stem}/{tile.tile_id}")
        for one in maps
        for tile in one.tiles
    ]
    found = find_on_tiles(
        tiles,
        ground.mines,
        min_px=ground.min_px(bundle.card.lattice),
        provinces=ground.provinces,
    )
    layers = [RasterLayer(one.path, "probability", one.crs) for one in maps]
    digest, scenes = _digest([one.made_from for one in maps]), source.resolve()
    settings = _settings(bundle, out, digest, str(scenes), scenes.name)
    of_map = _record(digest, layers, settings)
    return _write(out, found, of_map, options, ground.mines)


def write_site_candidates(
    out: Path,
    maps: Sequence[MappedSite],
    params: Params,
    source: str,
    options: PageOptions = ENGLISH_PAGE,
) -> list[Path]:
    """Find the candidates of the maps of sites, and write them beside these.

    Parameters
    ----------
    out : Path
        Folder of the maps.
    maps : sequence of MappedSite
        At least one.
    params : Params
        The parameters of the build that the sites are of.
    source : str
        The option of conf/source. Mines of a simulated world are not known on other scenes.
    options : PageOptions
        Language and number of pictures of the page.

    Returns
    -------
    list of Path
        The page, then the files of `write_map_candidates`.
    """
    bundle, node = maps[0].bundle, source_params(source)
    rule = replace(params.build("metrics.objects"), lattice=bundle.card.lattice)
    labels = read_labels(paths.LABELS)
    if not node.value("source.is_simulated") and world_name(params) != REAL:
        labels = labels[:0]
    by_site = {one.site_id: one.surroundings for one in maps}
    mines = labels[labels["kind"].isin(MINES)].geometry
    provinces = _site_provinces()
    found = find_candidates(
        [SiteMap(one.site_id, one.surroundings.grid, one.probability) for one in maps],
        labels,
        threshold=float(bundle.card.value("threshold")),
        min_px=rule.min_px,
    )
    found = describe(
        found,
        lambda name: replace(by_site[name], province=provinces.get(name, "")),
        mines,
    )
    layers = [RasterLayer(one.path, "probability", one.surroundings.grid.crs) for one in maps]
    digest = _digest([one.made_from for one in maps])
    settings = _settings(
        bundle, out, digest, json.dumps(node.complete("source.scenes")), source
    )
    of_map = _record(digest, layers, settings)
    return _write(out, found, of_map, options, mines)


def _write(
    folder: Path,
    found: gpd.GeoDataFrame,
    of_map: MapRecord,
    options: PageOptions,
    mines: gpd.GeoSeries,
) -> list[Path]:
    """Write the page and the files of some candidates."""
    name = free_name(folder, of_map.made_from)
    page, balloons = write_map_page(folder, name, found, of_map, options, mines)
    return [page, *write_map_candidates(folder, name, found, of_map, balloons)]


def _record(digest: str, layers: Sequence[RasterLayer], settings: MapSettings) -> MapRecord:
    """Return the record of maps of a folder or of sites, each of which is one file."""
    planes = [read_planes(one.path)["probability"] for one in layers]
    return MapRecord(
        digest,
        layers,
        settings,
        is_simulated(settings),
        true_colour=true_colour_files(layers[0].path.parent, layers),
        locations=sum(plane.size for plane in planes),
        seen=sum(int(np.isfinite(plane).sum()) for plane in planes),
    )


def _outcomes(folder: Path) -> dict[str, Outcome]:
    return TileLedger(folder / "ledger.csv").outcomes()


def _pixels(path: Path) -> MinePixels:
    try:
        return read_mine_pixels(path)
    except DamagedError as error:
        raise RegionError(
            f"{path} is damaged. Delete it, and start the command that made the map again: the "
            "tile is mapped again."
        ) from error


def _settings(
    bundle: ModelBundle, out: Path, products: str, source: str, source_name: str
) -> MapSettings:
    return settings_of(
        bundle,
        out,
        source=source,
        source_name=source_name,
        products=products,
        is_screened=False,
    )


def _digest(made_from: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(made_from).encode()).hexdigest()


def _mosaic_layer(path: Path) -> RasterLayer:
    kind, _, code = path.stem.partition("_")
    return RasterLayer(path, kind, f"EPSG:{code}")


def _site_provinces() -> dict[str, str]:
    """Return the provinces of the build's sites; none before the stage `context` ran."""
    path = paths.CONTEXT / "sites.csv"
    if not path.is_file():
        return {}
    table = pd.read_csv(path, keep_default_na=False)
    return dict(zip(table["site_id"], table["province"], strict=True))
