"""Pictures of the candidates of a map, drawn from its scenes, each once."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from minecover.core.antimeridian import centre
from minecover.core.cube import F32
from minecover.core.errors import RegionError, SceneError, SiteError
from minecover.core.files import replacing, write_text
from minecover.core.grid import LON_LAT, Grid, utm_crs
from minecover.core.raster import keep_open, read_band
from minecover.core.sites import Site, projected
from minecover.features.bare_ground import BANDS, bare_ground
from minecover.features.validity import valid
from minecover.pipeline.candidate_files import MapRecord
from minecover.prediction.region import worker_processes
from minecover.prediction.region.tile_job import model_of, source_of
from minecover.reporting.figures.date_pictures import Ground
from minecover.reporting.page import CandidatePictures, draw_candidate, window_around

log = logging.getLogger(__name__)

#: Distance from a candidate within which known mines are drawn with it [degrees]: some 5 km.
NEAR_DEG = 0.05
#: Pictures from which on several processes draw, and number that one of them takes at a time.
MIN_SHARED, CHUNK = 40, 4
#: What the page must know of the pictures of a candidate, as JSON.
Facts = dict[str, object]
NO_MINES = gpd.GeoSeries([], crs=LON_LAT)


def draw_map_candidate(
    of_map: MapRecord, outline: shapely.Geometry, name: str, mines: gpd.GeoSeries = NO_MINES
) -> CandidatePictures | None:
    """Draw a candidate of a map on every date of its scenes.

    Parameters
    ----------
    of_map : MapRecord
        The map.
    outline : geometry
        Outline of the candidate, in WGS 84.
    name : str
        Its name, for messages.
    mines : GeoSeries
        Outlines of known mines, in WGS 84; those beside it are drawn.

    Returns
    -------
    CandidatePictures or None
        None if its scenes cannot be read, which is logged.
    """
    grid = _window(of_map, outline)
    window = (grid, _probability(of_map, grid))
    return _drawn(of_map, outline, name, window, _near(mines, outline))


def _drawn(
    of_map: MapRecord,
    outline: shapely.Geometry,
    name: str,
    window: tuple[Grid, F32],
    near: gpd.GeoSeries,
) -> CandidatePictures | None:
    """Draw a candidate on its window, whose probability is known."""
    grid, probability = window
    card = model_of(of_map.settings).card
    profile = card.build("mask")
    # Pictures need no features, only as much margin as their clouds grow.
    halo_px = min(card.halo_px, math.ceil(profile.dilate_m / grid.side_m))
    try:
        cube = source_of(of_map.settings).scenes(Site(name, "", grid, halo_px))
    except (SceneError, SiteError) as error:  # of a simulated world: it ends around its sites
        log.info("page: no pictures of %s: %s", name, error)
        return None
    usable = cube.core(valid(cube, profile))
    # In the observation design a date is judged by the model, whose planes are not at hand.
    can_tell = card.value("design") == "location" and set(BANDS) <= set(cube.bands)
    looks_mined = bare_ground(cube) if can_tell else None
    ground = Ground.of_cube(cube, usable, looks_mined, probability)
    return draw_candidate(ground, outline, {"label": near} if len(near) else {})


def keep_map_candidates(
    folder: Path,
    of_map: MapRecord,
    outlines: gpd.GeoSeries,
    mines: gpd.GeoSeries,
    *,
    processes: int,
) -> dict[str, Facts]:
    """Draw candidates into a folder, those that were not drawn already.

    Parameters
    ----------
    folder : Path
        Folder for ``<name>.webp`` and, with what the page must know of it, ``<name>.json``.
    of_map : MapRecord
        The map.
    outlines : GeoSeries
        Outlines of the candidates, in WGS 84, by name.
    mines : GeoSeries
        See `draw_map_candidate`.
    processes : int
        Number of processes that draw, where there are enough pictures to make up for their
        start.

    Returns
    -------
    dict of str to dict
        Facts of the pictures by name, whose ``href`` is relative to the folder above. Those
        whose scenes cannot be read are left out.

    Raises
    ------
    RegionError
        If a process was ended from outside.
    """
    names = [str(name) for name in outlines.index]
    near = [_near(mines, outline) for outline in outlines]
    draw = partial(_keep, folder, of_map)
    missing = sum(not (folder / f"{name}.json").is_file() for name in names)
    if processes == 1 or missing < MIN_SHARED:
        drawn = [draw(*one) for one in zip(outlines, names, near, strict=True)]
    else:
        context = get_context(worker_processes.METHOD)
        try:
            with ProcessPoolExecutor(processes, context, _begin) as pool:
                drawn = list(pool.map(draw, outlines, names, near, chunksize=CHUNK))
        except BrokenProcessPool as error:
            raise RegionError(
                "a process that draws pictures was ended, perhaps for want of memory. Start "
                "the same command again with fewer --workers: what was drawn is kept."
            ) from error
    return {name: facts for name, facts in zip(names, drawn, strict=True) if facts}


def _begin() -> None:
    """Prepare a process that draws; of the scenes, those that mapped them have warned."""
    logging.disable(logging.WARNING)
    keep_open()


def _keep(
    folder: Path, of_map: MapRecord, outline: shapely.Geometry, name: str, near: gpd.GeoSeries
) -> Facts | None:
    """Draw one candidate into a folder, unless it was drawn already."""
    grid = _window(of_map, outline)
    # Tiles that were mapped since then may lie in the window.
    probability = _probability(of_map, grid)
    said = f"{of_map.made_from} {outline.wkb_hex}".encode() + probability.tobytes()
    drawn_by_hand = b"".join(shape.wkb for shape in near)
    digest = hashlib.sha256(said + drawn_by_hand).hexdigest()
    facts_path, image_path = folder / f"{name}.json", folder / f"{name}.webp"
    if facts_path.is_file() and image_path.is_file():
        kept = json.loads(facts_path.read_text(encoding="utf-8"))
        if kept.get("made_from") == digest:
            return dict(kept["facts"])
    drawn = _drawn(of_map, outline, name, (grid, probability), near)
    if drawn is None:
        return None
    facts = {"href": f"{folder.name}/{image_path.name}", **drawn.facts}
    with replacing(image_path) as temporary:
        temporary.write_bytes(drawn.image)
    write_text(facts_path, json.dumps({"made_from": digest, "facts": facts}))
    return facts


def _near(mines: gpd.GeoSeries, outline: shapely.Geometry) -> gpd.GeoSeries:
    """Return the mines beside a candidate."""
    box = shapely.box(*outline.bounds).buffer(NEAR_DEG, join_style="mitre")
    return mines.iloc[sorted(mines.sindex.query(box, predicate="intersects"))]


def _window(of_map: MapRecord, outline: shapely.Geometry) -> Grid:
    """Return a square around a candidate, on the lattice of the map."""
    crs = utm_crs(*centre(outline))
    local = projected(outline, crs)
    middle = local.centroid
    lattice = model_of(of_map.settings).card.lattice
    seed = Grid.around(crs, middle.x, middle.y, size_px=2, lattice=lattice)
    return window_around(local, seed)


def _probability(of_map: MapRecord, grid: Grid) -> F32:
    """Read the probability of the map, from its rasters of the zone where there are some."""
    rasters = [one for one in of_map.rasters if one.kind == "probability"]
    in_zone = [one for one in rasters if one.crs == grid.crs]
    found = np.full(grid.shape, np.nan, np.float32)
    for raster in in_zone or rasters:
        plane = read_band(raster.path, grid, resampling="nearest", fill=np.nan, number=1)
        found = np.where(np.isnan(found), plane.astype(np.float32), found)
    return found
