"""Stage `predict`: the map of every site, from the final model."""

import logging

import numpy as np

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.outputs import fetched_sites, read_context
from minecover.core.parallel import parallel_map
from minecover.core.raster import DESCRIPTION, read_cube, write_cog
from minecover.core.sites import Site
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.raster_tags import band_meanings, raster_tags

log = logging.getLogger(__name__)

#: Note in every map of a site, for whoever opens the file alone.
IN_SAMPLE = (
    "In sample: the model was trained on this site, and the map looks better than it is. "
    "The scores come from data/out_of_fold.parquet."
)
SIMULATED = "SIMULATED data. "


def run(params: Params) -> None:
    """Write the maps of all sites. They are in-sample: the scores use those of `train`."""
    sites = fetched_sites()
    found = parallel_map(sites, predict, "predict")
    log.info("predict: %d sites, %d pixels at or above the threshold", len(sites), sum(found))


def predict(site: Site) -> int:
    """Write the map of one site as a cloud-optimized GeoTIFF.

    Parameters
    ----------
    site : Site
        A site that has imagery and context.

    Returns
    -------
    int
        Number of pixels whose probability is at or above the model's threshold.
    """
    bundle = ModelBundle.read(paths.MODEL)
    detector = bundle.detector()
    cube = read_cube(paths.SCENES / f"{site.site_id}.tif")
    maps = detector.maps(cube, read_context(site))
    note = (SIMULATED if bundle.card.value("is_simulated") else "") + IN_SAMPLE
    source = str(bundle.card.value("source"))
    tags = {DESCRIPTION: note, **raster_tags(bundle, source=source, dates=cube.dates)}
    path = paths.PREDICTIONS / f"{site.site_id}.tif"
    write_cog(path, maps, site.grid, tags=tags, meanings=band_meanings(bundle))
    return int(np.sum(maps["probability"] >= detector.threshold))
