"""Maps by a registered model, of any product folder or of the configured sites."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from minecover.config import composed
from minecover.context import Plane, drawn
from minecover.errors import CloudyError, NotCoveredError
from minecover.grid import Grid
from minecover.predict import BANDS, Detector, blocks, check_bands
from minecover.raster import write_cog
from minecover.serving.models import locate
from minecover.sites import Site, read_sites
from minecover.source import Source
from minecover.source.product_folder import LEVEL_BANDS, ProductFolder
from minecover.stages import paths
from minecover.stages.predict import open_detector, read_card

log = logging.getLogger(__name__)

#: Side of the squares in which a large area is read and scored [pixels].
BLOCK_PX = 512


def predict_folder(model: str, folder: Path, out: Path) -> list[Path]:
    """Map all that a folder of Landsat products shows, block by block.

    Parameters
    ----------
    model : str
        See `minecover.serving.models.locate`.
    folder : Path
        Product folders as downloaded, of the level that the model was trained on.
    out : Path
        Where ``<folder>.tif`` is written: a COG of `minecover.predict.BANDS`.

    Returns
    -------
    list of Path
        The file written.
    """
    pickle, card_path = locate(model)
    card, detector = read_card(card_path), open_detector(pickle, card_path)
    level, bands = int(card.value("level")), tuple(card.value("bands"))
    check_bands(bands, LEVEL_BANDS[level])
    source = ProductFolder(str(folder), level, bands)
    extent = source.extent()
    path = out / f"{folder.resolve().name}.tif"
    planes: dict[str, Plane] = card.build("context")
    maps = _mapped(detector, source, planes, extent, int(card.value("halo_px")))
    write_cog(path, maps, extent)
    return [path]


def predict_sites(model: str, source_name: str, out: Path) -> list[Path]:
    """Map the sites of data/sites.parquet with scenes of a configured source.

    Parameters
    ----------
    model : str
        See `minecover.serving.models.locate`.
    source_name : str
        An option of conf/source.
    out : Path
        Where ``<site>.tif`` are written.

    Returns
    -------
    list of Path
        The files written; a site that no scene shows, or none clearly enough, has none.
    """
    pickle, card_path = locate(model)
    detector = open_detector(pickle, card_path)
    # Labels and layers are not looked at: they must only not point into another source.
    params = composed(
        [f"source={source_name}", "labels=files", "labels.input=none", "context=none"]
    )
    check_bands(read_card(card_path).value("bands"), params.value("source.bands"))
    source: Source = params.build("source.scenes")
    planes: dict[str, Plane] = read_card(card_path).build("context")
    written = []
    for site in read_sites(paths.SITES):
        path = out / f"{site.site_id}.tif"
        try:
            cube = source.scenes(site)
        except (NotCoveredError, CloudyError) as error:
            log.warning("predict: no map of %s: %s", site.site_id, error)
            continue
        maps = detector.maps(cube, drawn(planes, site.read_grid))
        write_cog(path, maps, site.grid)
        written.append(path)
    return written


def _mapped(
    detector: Detector,
    source: Source,
    planes: Mapping[str, Plane],
    extent: Grid,
    halo_px: int,
) -> dict[str, np.ndarray]:
    """Map an extent in blocks; what no scene shows is not observed."""
    maps = {name: np.full(extent.shape, np.nan, np.float32) for name in BANDS}
    maps["valid_dates"][:] = 0
    for rows, cols, grid in blocks(extent, size_px=BLOCK_PX):
        try:
            cube = source.scenes(Site(f"{rows.start}-{cols.start}", "", grid, halo_px))
        except NotCoveredError:
            continue
        for name, plane in detector.maps(cube, drawn(planes, cube.grid)).items():
            maps[name][rows, cols] = plane
    return maps
