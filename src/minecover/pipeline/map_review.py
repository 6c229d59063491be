"""Export the candidates of a map as questions to reviewers, with pictures from its scenes."""

from __future__ import annotations

import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from minecover.core.antimeridian import centre
from minecover.core.config import Params
from minecover.core.cube import F32
from minecover.core.errors import LabelError
from minecover.core.grid import Grid, utm_crs
from minecover.core.raster import burn, read_band
from minecover.core.sites import Site
from minecover.features.validity import valid
from minecover.labels.review import Pictures, candidate_questions
from minecover.pipeline.candidate_files import CANDIDATES, MapRecord, read_record
from minecover.pipeline.review import (
    MARGIN_M,
    read_candidates,
    without_verdict,
)
from minecover.pipeline.review_files import write_export
from minecover.pipeline.stages.labels import REAL, verdicts_of_world, world_name
from minecover.prediction.region.tile_job import model_of, source_of
from minecover.reporting.figures import clearest_date_index, site_pictures

#: Least side of the pictures of a candidate, and the ground shown around it at least [m].
LEAST_M, AROUND_M = 2400.0, 600.0


def export_map_questions(
    params: Params, folder: Path, *, top: int, out: Path
) -> tuple[int, list[Path]]:
    """Write the first candidates of a map that touch no known mine and have no verdict.

    Parameters
    ----------
    params : Params
        The parameters of the build that verdicts are imported into.
    folder : Path
        Folder of the map.
    top : int
        Largest number of questions.
    out : Path
        Folder for the files.

    Returns
    -------
    n_questions : int
        Number of questions written.
    files : list of Path
        See `minecover.pipeline.review.export_questions`.

    Raises
    ------
    RegionError
        If the folder holds no candidates.
    LabelError
        If no candidate is left to review.
    """
    of_map = read_record(folder)
    candidates = read_candidates(folder / f"{CANDIDATES}.parquet")
    found = candidate_questions(candidates[~candidates["known"]])
    questions = without_verdict(found, verdicts_of_world(params)).head(top)
    if questions.empty:
        raise LabelError(
            f"nothing is left to review in {folder}: every one of its {len(candidates)} "
            "candidates touches a known mine or has a verdict."
        )
    # Each candidate has pictures of its own: a tile is far larger than a screen.
    questions = questions.assign(site_id=questions["candidate_id"])
    pictures = {
        str(row.candidate_id): _draw(of_map, str(row.candidate_id), row.geometry)
        for row in questions.itertuples()
    }
    world = world_name(params) if of_map.is_simulated else REAL
    files = write_export(out, questions, pictures, simulated=of_map.is_simulated, world=world)
    return len(questions), files


def _draw(of_map: MapRecord, name: str, outline: shapely.Geometry) -> Pictures:
    """Draw a candidate on the date on which its ground is clearest, and its probability."""
    settings, grid = of_map.settings, _window(of_map, outline)
    card = model_of(settings).card
    cube = source_of(settings).scenes(Site(name, "", grid, card.halo_px))
    usable = cube.core(valid(cube, card.build("mask")))
    ground = gpd.GeoSeries([outline], crs="EPSG:4326").to_crs(grid.crs).buffer(MARGIN_M)
    time = clearest_date_index(usable & burn(ground, grid, all_touched=True))
    png = site_pictures(cube, time, usable[time], _probability(of_map, grid))
    return Pictures(grid, png, {name: list(png)})


def _window(of_map: MapRecord, outline: shapely.Geometry) -> Grid:
    """Return a square around a candidate, on the lattice of the map."""
    lattice = model_of(of_map.settings).card.lattice
    lon, lat = centre(outline)
    crs = utm_crs(lon, lat)
    left, bottom, right, top = (
        gpd.GeoSeries([outline], crs="EPSG:4326").to_crs(crs).total_bounds.tolist()
    )
    side_m = max(right - left + 2 * AROUND_M, top - bottom + 2 * AROUND_M, LEAST_M)
    size_px = 2 * math.ceil(side_m / lattice.pixel_m / 2)
    middle = ((left + right) / 2, (bottom + top) / 2)
    return Grid.around(crs, *middle, size_px=size_px, lattice=lattice)


def _probability(of_map: MapRecord, grid: Grid) -> F32:
    """Read the probability of the map, from its rasters of the zone where there are some."""
    rasters = [one for one in of_map.rasters if one.kind == "probability"]
    in_zone = [one for one in rasters if one.crs == grid.crs]
    found = np.full(grid.shape, np.nan, np.float32)
    for raster in in_zone or rasters:
        plane = read_band(raster.path, grid, resampling="nearest", fill=np.nan, number=1)
        found = np.where(np.isnan(found), plane.astype(np.float32), found)
    return found
