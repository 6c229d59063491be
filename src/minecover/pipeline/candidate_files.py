"""Write the candidates of a map in every format, with styles and a project for QGIS."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np

from minecover.core.damaged import read_json
from minecover.core.files import write_json, write_text
from minecover.reporting.candidates import write_candidates, write_geopackage, write_kmz
from minecover.reporting.qgis import RasterLayer, candidate_style, write_project, write_styles

log = logging.getLogger(__name__)

#: Name of the files of candidates; the one with JSON says which map they are of.
CANDIDATES = "candidates"
#: Hexadecimal digits of a digest in the name of files.
DIGITS = 8
#: Margin around the candidates that a project shows at first [degrees].
MARGIN_DEG = 0.01


@dataclass(frozen=True, slots=True)
class MapRecord:
    """A map that candidates are of.

    Parameters
    ----------
    made_from : str
        Digest of all that the map was made from.
    rasters : sequence of RasterLayer
        Its rasters.
    threshold : float
        Probability from which a location is a mine.
    is_simulated : bool
        Whether its scenes are known to be simulated.
    """

    made_from: str
    rasters: Sequence[RasterLayer]
    threshold: float
    is_simulated: bool


def write_map_candidates(
    folder: Path, found: gpd.GeoDataFrame, of_map: MapRecord
) -> list[Path]:
    """Write candidates in every format, styles of the rasters, and a project for QGIS.

    Parameters
    ----------
    folder : Path
        Folder of the map. Candidates of another map that lie there are kept: these then have
        the name of their map's digest.
    found : GeoDataFrame
        The candidates, described.
    of_map : MapRecord
        The map that they are of.

    Returns
    -------
    list of Path
        The files for people: GeoPackage, GeoJSON, CSV, KMZ and the project.
    """
    name = _free_name(folder, of_map.made_from)
    write_candidates(folder, found, name=name)
    write_geopackage(folder / f"{name}.gpkg", found)
    write_kmz(folder / f"{name}.kmz", found, simulated=of_map.is_simulated)
    write_text(folder / f"{name}.qml", candidate_style())
    write_styles(of_map.rasters, of_map.threshold)
    write_project(
        folder / f"{name}.gpkg",
        of_map.rasters,
        threshold=of_map.threshold,
        bounds=_bounds(found),
        title=f"{folder.resolve().name}: candidate mines",
    )
    known = int(found["known"].sum())
    # Written last: with it, all files of the candidates are there.
    write_json(
        folder / f"{name}.json",
        {
            "made_from": of_map.made_from,
            "candidates": len(found),
            "known": known,
            "simulated": of_map.is_simulated,
        },
    )
    log.info("candidates: %d, %d of them known mines", len(found), known)
    return [folder / f"{name}.{suffix}" for suffix in ("gpkg", "geojson", "csv", "kmz", "qgs")]


def _free_name(folder: Path, made_from: str) -> str:
    """Return the name of a map's candidates, with a digest if another map has the plain one."""
    record = folder / f"{CANDIDATES}.json"
    if not record.is_file() or read_json(record)["made_from"] == made_from:
        return CANDIDATES
    name = f"{CANDIDATES}-{made_from[:DIGITS]}"
    log.warning(
        "candidates: those in %s are of another map and are kept; the new ones are %s",
        folder,
        name,
    )
    return name


def _bounds(found: gpd.GeoDataFrame) -> tuple[float, ...]:
    """Return the bounds of candidates with a margin, of none those of the earth [degrees]."""
    if found.empty:
        return (-180.0, -90.0, 180.0, 90.0)
    margin = np.array([-MARGIN_DEG, -MARGIN_DEG, MARGIN_DEG, MARGIN_DEG])
    return tuple(float(edge) for edge in (found.total_bounds + margin).round(6))
