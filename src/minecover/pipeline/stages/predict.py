"""Stage `predict`: a map of every site from the final model."""

import logging

import numpy as np

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.outputs import fetched_sites, read_context
from minecover.core.parallel import parallel_map
from minecover.core.raster import read_cube, write_cog
from minecover.core.sites import Site
from minecover.prediction.bundle import ModelBundle

log = logging.getLogger(__name__)

#: Stands in every map of a site, for those who open it without reading on.
IN_SAMPLE = (
    "In sample: the model has learned from this site, and the map flatters it. "
    "What is scored lies in data/out_of_fold.parquet."
)
SIMULATED = "SIMULATED data. "


def run(params: Params) -> None:
    """Map all sites. They are in-sample here: what is scored comes from `train`."""
    sites = fetched_sites()
    found = parallel_map(sites, predict, "predict")
    log.info("predict: %d sites, %d pixels at or above the threshold", len(sites), sum(found))


def predict(site: Site) -> int:
    """Write one site's map; return the number of pixels at or above the threshold."""
    bundle = ModelBundle.read(paths.MODEL)
    detector = bundle.detector()
    cube = read_cube(paths.SCENES / f"{site.site_id}.tif")
    maps = detector.maps(cube, read_context(site))
    note = (SIMULATED if bundle.card.value("is_simulated") else "") + IN_SAMPLE
    write_cog(paths.PREDICTIONS / f"{site.site_id}.tif", maps, site.grid, note=note)
    return int(np.sum(maps["probability"] >= detector.threshold))
