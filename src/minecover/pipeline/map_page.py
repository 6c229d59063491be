"""The page of a map: its candidates with pictures, its layers, its summary."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import shapely

from minecover.core.config import PARAMS, load_params
from minecover.core.files import replacing, write_text
from minecover.core.language import IN_ENGLISH, Language
from minecover.labels.review import candidate_questions
from minecover.pipeline.candidate_files import CANDIDATES, PAGE, MapRecord
from minecover.pipeline.known_ground import ground_name
from minecover.pipeline.map_pictures import keep_map_candidates
from minecover.pipeline.map_summary import MapSummary
from minecover.prediction.region.tile_job import model_of
from minecover.reporting.candidates import Balloons
from minecover.reporting.page import (
    Image,
    Overlay,
    PageContent,
    balloon_of,
    draw_probability,
    draw_true_colour,
    render_page,
)

log = logging.getLogger(__name__)

#: Candidates with pictures, if nothing else is said.
N_PICTURES = 100
#: Name of the folder of the pictures.
PICTURES = "pictures"


@dataclass(frozen=True, slots=True)
class PageOptions:
    """Language of a map's page, and number of its candidates with pictures.

    Parameters
    ----------
    language : Language
        Language of the page.
    n_pictures : int
        Number of candidates with pictures, by rank.
    processes : int
        Number of processes that draw them.
    """

    language: Language
    n_pictures: int = N_PICTURES
    processes: int = 1


ENGLISH_PAGE = PageOptions(IN_ENGLISH)


def write_map_page(
    folder: Path,
    name: str,
    found: gpd.GeoDataFrame,
    of_map: MapRecord,
    options: PageOptions,
    mines: gpd.GeoSeries,
) -> tuple[Path, Balloons]:
    """Write the page of a map's candidates, and the pictures beside it.

    Parameters
    ----------
    folder : Path
        Folder of the map.
    name : str
        Name of the files of its candidates, without suffix.
    found : GeoDataFrame
        The candidates, described.
    of_map : MapRecord
        The map.
    options : PageOptions
        Language, and number of candidates with pictures, by rank. Pictures that are there are
        not drawn again.
    mines : GeoSeries
        Outlines of known mines, in WGS 84.

    Returns
    -------
    page : Path
        The page.
    balloons : Balloons
        What a KMZ shows of them.
    """
    params = load_params() if PARAMS.is_file() else None
    language, say = options.language, options.language.text
    pictures_folder = folder / name.replace(CANDIDATES, PICTURES)
    outlined = _with_outlines(found)
    pictures = keep_map_candidates(
        pictures_folder,
        of_map,
        outlined.head(options.n_pictures).set_index("candidate_id").geometry,
        mines,
        processes=options.processes,
    )
    if missing := min(len(outlined), options.n_pictures) - len(pictures):
        log.warning("page: no pictures of %d candidates: their scenes end there", missing)
    card = model_of(of_map.settings).card
    summary, overlays = MapSummary.of(found, of_map), _overlays(pictures_folder, of_map)
    title = f"{say('Candidate mines')} · {folder.resolve().name}"
    if of_map.is_simulated:
        title += ", " + say("simulated data")
    content = PageContent(
        title=title,
        language=language,
        candidates=outlined,
        pictures=pictures,
        threshold=float(card.value("threshold")),
        pixel_m=card.lattice.pixel_m,
        world=ground_name(params, is_simulated=of_map.is_simulated),
        made=say("Model {model}, SHA-256 {digest}; scenes of {source}.",
                  model=of_map.settings.model_name, digest=of_map.settings.sha256[:16],
                  source=of_map.settings.source_name),
        overlays=overlays,
        lines=_known_mines(mines, overlays),
        warnings=summary.warnings(language),
        summary=summary.sentences(language),
        files=_files(name, language),
        is_map=True,
    )  # fmt: skip
    page = folder / f"{name.replace(CANDIDATES, PAGE)}.html"
    write_text(page, render_page(content))
    log.info("page: %s, %d candidates with pictures", page, len(pictures))
    drawn = {
        name: balloon_of((folder / str(facts["href"])).read_bytes(), facts)
        for name, facts in pictures.items()
    }
    return page, Balloons(language, drawn)


def overlay_path(folder: Path, name: str) -> Path:
    """Return the path of a layer of a map by its name, in the folder of its pictures."""
    return folder / f"{name.replace(' ', '_')}.webp"


def _with_outlines(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return candidates by rank, with the outlines that their verdicts are saved with."""
    by_rank = found.sort_values("rank", ignore_index=True)
    if by_rank.empty:
        return by_rank
    return by_rank.set_geometry(candidate_questions(by_rank).geometry)


def draw_overlays(of_map: MapRecord) -> list[Overlay]:
    """Draw the layers of a map, true colour and probability, as far as it has them."""
    rasters = [one.path for one in of_map.rasters if one.kind == "probability"]
    drawn = (draw_true_colour(of_map.true_colour), draw_probability(rasters))
    return [one for one in drawn if one is not None]


def _overlays(folder: Path, of_map: MapRecord) -> list[Image]:
    """Draw the layers of the map into a folder."""
    images = []
    for overlay in draw_overlays(of_map):
        path = overlay_path(folder, overlay.name)
        with replacing(path) as temporary:
            temporary.write_bytes(overlay.image)
        images.append(Image(overlay.name, f"{folder.name}/{path.name}", overlay.bounds))
    return images


def _known_mines(
    mines: gpd.GeoSeries, overlays: Sequence[Image]
) -> dict[str, gpd.GeoDataFrame]:
    """Return the known mines of a map as a layer of lines; nothing if there are none."""
    boxes = [shapely.box(*one.bounds) for one in overlays]
    near = mines[mines.intersects(shapely.union_all(boxes))]
    return {"known mines": gpd.GeoDataFrame(geometry=near)} if len(near) else {}


def _files(name: str, language: Language) -> Mapping[str, str]:
    """Return what the files beside the page are for."""
    say = language.text
    return {
        f"{name}.csv": say("a table for a spreadsheet"),
        f"{name}.gpkg": say("candidates for QGIS, with their style"),
        f"{name}.qgs": say("a project that opens all layers in QGIS"),
        f"{name}.kmz": say("candidates with pictures for Google Earth"),
        f"{name}.geojson": say("candidates for other programs"),
    }
