"""Stage `context`: what lies round each site."""

import logging
from collections.abc import Mapping

import geopandas as gpd

from minecover.atomic import write_text
from minecover.config import Params
from minecover.context import Layer, distance_m
from minecover.raster import write_planes
from minecover.sites import Site
from minecover.stages import fetched_sites, over, paths

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Measure the distances to every layer, and keep the layers for the maps."""
    layers: dict[str, Layer] = params.build("context.layers")
    outlines: dict[str, Layer] = params.build("context.outlines")
    features = {name: layer() for name, layer in layers.items()}
    paths.CONTEXT.mkdir(parents=True, exist_ok=True)
    for name, frame in {**features, **{n: layer() for n, layer in outlines.items()}}.items():
        write_text(paths.CONTEXT / f"{name}.geojson", frame.to_json(drop_id=True) + "\n")
    sites = fetched_sites() if features else []
    over(sites, lambda site: surround(site, features), "context")
    log.info("context: %d layers, %d sites", len(features), len(sites))


def surround(site: Site, features: Mapping[str, gpd.GeoDataFrame]) -> None:
    """Write one site's distance planes, halo included."""
    planes = {
        f"distance_to_{name}": distance_m(frame, site.read_grid)
        for name, frame in features.items()
    }
    write_planes(paths.CONTEXT / f"{site.site_id}.tif", planes, site.read_grid)
