"""Write the candidates of a map in every format, with styles and a project for QGIS."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np

from minecover.core.config import service_settings
from minecover.core.damaged import read_json, reading_parquet
from minecover.core.errors import RegionError
from minecover.core.files import replacing_together, write_json, write_text
from minecover.core.raster import read_grid
from minecover.prediction.region.tile_job import MapSettings, model_of
from minecover.prediction.true_colour import TRUE_COLOUR
from minecover.reporting.candidates import (
    Balloons,
    write_candidates,
    write_geopackage,
    write_kmz,
)
from minecover.reporting.qgis import RasterLayer, candidate_style, write_project, write_styles

log = logging.getLogger(__name__)

#: Name of the files of candidates; the one with JSON says which map they are of.
CANDIDATES = "candidates"
#: Name of their page.
PAGE = "index"
#: Settings that are not kept: they depend on where a map is looked at.
LOCAL = ("services", "out")
#: Hexadecimal digits of a digest in the name of files.
DIGITS = 8
#: Margin around the candidates that a project shows at first [m].
MARGIN_M = 1000.0


@dataclass(frozen=True, slots=True)
class MapRecord:
    """A map that candidates are of.

    Parameters
    ----------
    made_from : str
        Digest of all that the map was made from.
    rasters : sequence of RasterLayer
        Its rasters.
    settings : MapSettings
        Model and source, with which the scenes of a candidate are read again.
    is_simulated : bool
        Whether its scenes are known to be simulated.
    true_colour : sequence of Path
        Files of `minecover.prediction.true_colour`.
    locations, seen : int
        Number of pixels of the map, and of those observed.
    """

    made_from: str
    rasters: Sequence[RasterLayer]
    settings: MapSettings
    is_simulated: bool
    true_colour: Sequence[Path] = ()
    locations: int = 0
    seen: int = 0


def write_map_candidates(
    folder: Path, name: str, found: gpd.GeoDataFrame, of_map: MapRecord, balloons: Balloons
) -> list[Path]:
    """Write candidates in every format, styles of the rasters, and a project for QGIS.

    Parameters
    ----------
    folder : Path
        Folder of the map.
    name : str
        Name of the files without suffix, see `free_name`.
    found : GeoDataFrame
        The candidates, described.
    of_map : MapRecord
        The map that they are of.
    balloons : Balloons
        Language and pictures of the KMZ.

    Returns
    -------
    list of Path
        The files for people: GeoPackage, GeoJSON, CSV, KMZ and the project.
    """
    threshold = float(model_of(of_map.settings).card.value("threshold"))
    known = int(found["known"].sum())
    record = {
        "made_from": of_map.made_from,
        "candidates": len(found),
        "known": known,
        "simulated": of_map.is_simulated,
        "locations": of_map.locations,
        "seen": of_map.seen,
        "rasters": [
            {"path": one.path.name, "kind": one.kind, "crs": one.crs} for one in of_map.rasters
        ],
        "settings": {
            key: value for key, value in asdict(of_map.settings).items() if key not in LOCAL
        },
    }
    write_styles(of_map.rasters, threshold)
    # The record is there last: with it, all files of the candidates are.
    with replacing_together(folder, last=f"{name}.json") as new:
        write_candidates(new, found, name=name)
        write_geopackage(new / f"{name}.gpkg", found)
        write_kmz(new / f"{name}.kmz", found, balloons, simulated=of_map.is_simulated)
        write_text(new / f"{name}.qml", candidate_style())
        write_project(
            new / f"{name}.gpkg",
            [replace(one, path=new / one.path.relative_to(folder)) for one in of_map.rasters],
            threshold=threshold,
            bounds=_bounds(found, of_map.rasters[0]),
            crs=of_map.rasters[0].crs,
            title=f"{folder.resolve().name}: candidate mines",
        )
        write_json(new / f"{name}.json", record)
    log.info("candidates: %d, %d of them known mines", len(found), known)
    return [folder / f"{name}.{suffix}" for suffix in ("gpkg", "geojson", "csv", "kmz", "qgs")]


def read_record(folder: Path, name: str = CANDIDATES) -> MapRecord:
    """Read the record of a map's candidates.

    Parameters
    ----------
    folder : Path
        Folder of the map.
    name : str
        Name of the files of its candidates, without suffix.

    Raises
    ------
    RegionError
        If there is none.
    """
    path = folder / f"{name}.json"
    ledger = folder / "ledger.csv"
    if not path.is_file() and ledger.is_file():
        raise RegionError(
            f"no {path}: no tile of this map was observed, or its candidates were deleted. "
            f"{ledger} says what became of each tile. Add products of other dates, or write "
            "the map again with the command that made it."
        )
    if not path.is_file():
        raise RegionError(
            f"no {path}, so no candidates of a map. Name the folder that `minecover map` or "
            "`minecover predict` wrote (--out there); maps of earlier versions are written "
            "again by the same command."
        )
    found = read_json(path)
    try:
        rasters = [
            RasterLayer(folder / one["path"], one["kind"], one["crs"])
            for one in found["rasters"]
        ]
        local = {"services": json.dumps(service_settings()), "out": str(folder.resolve())}
        settings = MapSettings(**{**found["settings"], **local})
        return MapRecord(
            found["made_from"],
            rasters,
            settings,
            found["simulated"],
            true_colour=true_colour_files(folder, rasters),
            locations=found.get("locations", 0),
            seen=found.get("seen", 0),
        )
    except (KeyError, TypeError) as error:
        raise RegionError(
            f"{path} is damaged, or was edited ({error!r}). Write it again with the command "
            "that made the map."
        ) from error


def true_colour_files(folder: Path, rasters: Sequence[RasterLayer]) -> list[Path]:
    """Return the files of true colour of a map.

    Parameters
    ----------
    folder : Path
        Folder of the map. A region has its own; maps of folders of products may share one.
    rasters : sequence of RasterLayer
        Its rasters: mosaics of a region, or one file each for a folder or a site.
    """
    files = sorted((folder / TRUE_COLOUR).glob("*.tif"))
    if any(one.path.suffix == ".vrt" for one in rasters):
        return files
    # Of a site, and of the windows of a folder.
    stems = "|".join(re.escape(one.path.stem) for one in rasters)
    own = re.compile(rf"({stems})(-\d+-\d+)?")
    return [path for path in files if own.fullmatch(path.stem)]


def read_candidates(path: Path) -> gpd.GeoDataFrame:
    """Read the candidates that a build or a map wrote as Parquet.

    Raises
    ------
    RegionError
        If there is no such file.
    """
    if not path.is_file():
        raise RegionError(
            f"no {path}: it was deleted, or never written. Write it again with the command "
            "that made the map (`minecover map` or `predict`), or the build with `dvc repro`."
        )
    with reading_parquet(path):
        return gpd.read_parquet(path)


def free_name(folder: Path, made_from: str) -> str:
    """Return the name of a map's candidates, with a digest if another map has the plain one.

    Parameters
    ----------
    folder : Path
        Folder of the map. Candidates of another map that lie there are kept.
    made_from : str
        Digest of all that the map was made from.
    """
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


def _bounds(found: gpd.GeoDataFrame, raster: RasterLayer) -> tuple[float, ...]:
    """Return the bounds of candidates in the CRS of a raster, with a margin.

    Of none, and of those that all lie in other zones, they are the bounds of the raster.
    """
    left, bottom, right, top = read_grid(raster.path).bounds
    local = found.to_crs(raster.crs).cx[left:right, bottom:top]
    if local.empty:
        return (left, bottom, right, top)
    margin = np.array([-MARGIN_M, -MARGIN_M, MARGIN_M, MARGIN_M])
    return tuple(float(edge) for edge in (local.total_bounds + margin).round(1))
