"""Pictures of the candidates of a map, drawn from its scenes, each once."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from minecover.core.antimeridian import centre
from minecover.core.cube import F32
from minecover.core.errors import SceneError, SiteError
from minecover.core.files import replacing, write_text
from minecover.core.grid import LON_LAT, Grid, utm_crs
from minecover.core.raster import read_band
from minecover.core.sites import Site
from minecover.features.bare_ground import BANDS, bare_ground
from minecover.features.validity import valid
from minecover.pipeline.candidate_files import MapRecord
from minecover.prediction.region.tile_job import model_of, source_of
from minecover.reporting.figures.date_pictures import Ground
from minecover.reporting.page import CandidatePictures, draw_candidate, window_around

log = logging.getLogger(__name__)

#: Distance from a candidate within which known mines are drawn with it [degrees]: some 5 km.
NEAR_DEG = 0.05
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
    card = model_of(of_map.settings).card
    try:
        cube = source_of(of_map.settings).scenes(Site(name, "", grid, card.halo_px))
    except (SceneError, SiteError) as error:  # of a simulated world: it ends around its sites
        log.info("page: no pictures of %s: %s", name, error)
        return None
    usable = cube.core(valid(cube, card.build("mask")))
    # In the observation design a date is judged by the model, whose planes are not at hand.
    can_tell = card.value("design") == "location" and set(BANDS) <= set(cube.bands)
    looks_mined = bare_ground(cube) if can_tell else None
    ground = Ground.of_cube(cube, usable, looks_mined, _probability(of_map, grid))
    near = _near(mines, outline)
    return draw_candidate(ground, outline, {"label": near} if len(near) else {})


def keep_map_candidate(
    folder: Path, of_map: MapRecord, outline: shapely.Geometry, name: str, mines: gpd.GeoSeries
) -> dict[str, object] | None:
    """Draw a candidate into a folder, unless it was drawn already.

    Parameters
    ----------
    folder : Path
        Folder for ``<name>.webp`` and, with what the page must know of it, ``<name>.json``.
    of_map, outline, name, mines
        See `draw_map_candidate`.

    Returns
    -------
    dict or None
        Facts of the pictures, whose ``href`` is relative to the folder above; None if there
        are none.
    """
    # Tiles that were mapped since then may lie in the window.
    probability = _probability(of_map, _window(of_map, outline)).tobytes()
    said = f"{of_map.made_from} {outline.wkb_hex}".encode()
    drawn_by_hand = b"".join(shape.wkb for shape in _near(mines, outline))
    digest = hashlib.sha256(said + probability + drawn_by_hand).hexdigest()
    facts_path, image_path = folder / f"{name}.json", folder / f"{name}.webp"
    if facts_path.is_file() and image_path.is_file():
        kept = json.loads(facts_path.read_text(encoding="utf-8"))
        if kept.get("made_from") == digest:
            return dict(kept["facts"])
    drawn = draw_map_candidate(of_map, outline, name, mines)
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
    local = gpd.GeoSeries([outline], crs=LON_LAT).to_crs(crs).iloc[0]
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
