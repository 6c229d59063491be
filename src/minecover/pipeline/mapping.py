"""Map a folder or the sites of the build, and write the candidates beside the maps."""

from __future__ import annotations

from pathlib import Path

from minecover.core.config import load_params
from minecover.pipeline.known_ground import KnownGround
from minecover.pipeline.map_candidates import write_folder_candidates, write_site_candidates
from minecover.pipeline.map_page import ENGLISH_PAGE, PageOptions
from minecover.prediction.map_files import FolderMap, MappedSite
from minecover.prediction.maps import predict_folder, predict_sites


def map_folder(
    model: str, folder: Path, out: Path, *, is_masked: bool, options: PageOptions = ENGLISH_PAGE
) -> list[Path]:
    """Map a folder of products, and find the candidates on its maps.

    Parameters
    ----------
    model, folder, out, is_masked
        See `minecover.prediction.maps.predict_folder`.
    options : PageOptions
        Language and number of pictures of the page.

    Returns
    -------
    list of Path
        The maps, then the page and the files of the candidates.
    """
    ground, maps = KnownGround.read(), list[FolderMap]()
    written = predict_folder(model, folder, out, is_masked=is_masked, on_map=maps.append)
    return [*written, *write_folder_candidates(out, maps, ground, folder, options)]


def map_sites(
    model: str, source: str, out: Path, *, is_masked: bool, options: PageOptions = ENGLISH_PAGE
) -> list[Path]:
    """Map the sites of the build, and find the candidates on their maps.

    Parameters
    ----------
    model, source, out, is_masked
        See `minecover.prediction.maps.predict_sites`.
    options : PageOptions
        Language and number of pictures of the page.

    Returns
    -------
    list of Path
        The maps, then the page and the files of the candidates; nothing if no site has a map.
    """
    maps = list[MappedSite]()
    written = predict_sites(model, source, out, is_masked=is_masked, on_map=maps.append)
    if not maps:
        return written
    return [*written, *write_site_candidates(out, maps, load_params(), source, options)]
