"""Write maps of a product folder, or of the sites of the build, with a trained model."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from minecover.core import paths
from minecover.core.config import composed, service_settings
from minecover.core.cube import F32
from minecover.core.errors import CloudyError, NotCoveredError
from minecover.core.grid import Grid
from minecover.core.raster import write_cog
from minecover.core.sites import Site, read_sites
from minecover.features.context import compute_context
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import BANDS, check_bands
from minecover.sources import Source
from minecover.sources.product_folder import LEVEL_BANDS, ProductFolder

log = logging.getLogger(__name__)

#: Side of the windows in which a large area is read and scored [px].
WINDOW_PX = 512


def predict_folder(model: str, folder: Path, out: Path) -> list[Path]:
    """Write a map of the whole extent of a folder of Landsat products.

    Parameters
    ----------
    model : str
        See `minecover.prediction.bundle.ModelBundle.find`.
    folder : Path
        Product folders as downloaded, of the processing level that the model was trained on.
    out : Path
        Folder for ``<folder>.tif``, a COG of `minecover.prediction.detector.BANDS`.

    Returns
    -------
    list of Path
        The one file written.
    """
    bundle = ModelBundle.find(model)
    card = bundle.card
    check_bands(card.bands, LEVEL_BANDS[card.level])
    source = ProductFolder(str(folder), card.level, card.bands)
    extent = source.extent()
    path = out / f"{folder.resolve().name}.tif"
    maps = _mapped(bundle, source, extent)
    write_cog(path, maps, extent)
    return [path]


def predict_sites(model: str, source_name: str, out: Path) -> list[Path]:
    """Write maps of the sites in data/sites.parquet, with scenes of a configured source.

    Parameters
    ----------
    model : str
        See `minecover.prediction.bundle.ModelBundle.find`.
    source_name : str
        Name of a file in conf/source.
    out : Path
        Folder for the ``<site>.tif``.

    Returns
    -------
    list of Path
        The files written, one for each site that a clear enough scene shows.
    """
    bundle = ModelBundle.find(model)
    detector, planes = bundle.detector(), bundle.context(service_settings())
    # Labels and context layers are not read here, but must not refer to another source.
    params = composed(
        [f"source={source_name}", "labels=files", "labels.input=none", "context=none"]
    )
    check_bands(bundle.card.bands, params.value("source.bands"))
    source: Source = params.build("source.scenes")
    written = []
    for site in read_sites(paths.SITES):
        path = out / f"{site.site_id}.tif"
        try:
            cube = source.scenes(site)
        except (NotCoveredError, CloudyError) as error:
            log.warning("predict: no map of %s: %s", site.site_id, error)
            continue
        maps = detector.maps(cube, compute_context(planes, site.read_grid))
        write_cog(path, maps, site.grid)
        written.append(path)
    return written


def _mapped(bundle: ModelBundle, source: Source, extent: Grid) -> dict[str, F32]:
    """Map an extent window by window; ground that no scene shows is not observed."""
    detector, planes = bundle.detector(), bundle.context(service_settings())
    maps = {name: np.full(extent.shape, np.nan, np.float32) for name in BANDS}
    maps["valid_dates"][:] = 0
    for rows, cols, grid in extent.windows(WINDOW_PX):
        site = Site(f"{rows.start}-{cols.start}", "", grid, bundle.card.halo_px)
        try:
            cube = source.scenes(site)
        except NotCoveredError:
            continue
        for name, plane in detector.maps(cube, compute_context(planes, cube.grid)).items():
            maps[name][rows, cols] = plane
    return maps
