"""Stage `context`: distances and terrain of each site, its province, and map outlines."""

import logging
from collections.abc import Mapping, Sequence

import geopandas as gpd
import pandas as pd
import shapely

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.files import replacing, write_json, write_text
from minecover.core.outputs import fetched_sites
from minecover.core.parallel import parallel_map
from minecover.core.raster import write_planes
from minecover.core.sites import Site, read_sites, square
from minecover.core.watched import check_watched, paths_below, sidecars
from minecover.features.context import (
    Layer,
    Plane,
    Provinces,
    clip_layers,
    compute_context,
    load_layers,
    naming_key,
)

log = logging.getLogger(__name__)

#: Margin around all sites within which outlines are kept for maps [degrees].
MAP_MARGIN = 0.5


def run(params: Params) -> None:
    """Write the planes of every site that has imagery, and the provinces of all sites."""
    check_files(params)
    planes: dict[str, Plane] = load_layers(params.build("context.planes"))
    outlines: dict[str, Layer] = params.build("context.outlines")
    provinces: Provinces | None = params.build("context.provinces")
    sites = read_sites(paths.SITES)
    nodes = {
        # How services are asked is left out: it changes no plane.
        name: params.complete(f"context.planes.{name}", shared=["world"])
        for name in planes
    }
    write_json(paths.CONTEXT_PLANES, nodes)
    write_outlines(outlines, sites)
    names = write_provinces(provinces, sites)
    fetched = fetched_sites() if planes else []
    work = [(site, clip_layers(planes, site.read_grid)) for site in fetched]
    parallel_map(work, lambda one: write_context(*one), "context")
    log.info(
        "context: %d planes on %d sites, %d sites in %d provinces",
        len(planes),
        len(fetched),
        sum(name != "" for name in names),
        len(set(names) - {""}),
    )


def check_files(params: Params) -> None:
    """Refuse files of layers that DVC does not watch.

    Parameters
    ----------
    params : Params
        Of it, `context` is read.
    """
    watched, fix = str(params.value("context.input")), "set context.input to it."
    check_watched(
        paths_below(params.value("context"), "context"),
        watched=watched,
        fix=f"Put the files into one folder and {fix}",
    )
    if beside := [path for path in sidecars(watched) if path != watched]:
        check_watched(
            {"context.input": beside[0]},
            watched=watched,
            fix=f"Put {watched} and what lies beside it into one folder and {fix}",
        )


def write_context(site: Site, planes: Mapping[str, Plane]) -> None:
    """Write the context planes of one site, halo included.

    Parameters
    ----------
    site : Site
        The planes lie on its `read_grid`.
    planes : mapping of str to Plane
        What computes each plane, by its name.
    """
    grid = site.read_grid
    write_planes(paths.CONTEXT / f"{site.site_id}.tif", compute_context(planes, grid), grid)


def write_outlines(outlines: Mapping[str, Layer], sites: Sequence[Site]) -> None:
    """Write the lines and areas that maps of the sites show, as GeoJSON in degrees.

    Parameters
    ----------
    outlines : mapping of str to Layer
        Layers by the stem of their file.
    sites : sequence of Site
        All sites; shapes further from them than `MAP_MARGIN` are left out.
    """
    paths.CONTEXT.mkdir(parents=True, exist_ok=True)
    west, south, east, north = shapely.total_bounds([square(site.grid) for site in sites])
    box = shapely.box(west, south, east, north).buffer(MAP_MARGIN)
    for name, layer in outlines.items():
        with naming_key(f"context.outlines.{name}"):
            shown: gpd.GeoDataFrame = layer().to_crs("EPSG:4326")
        shown = shown[shown.intersects(box)].select_dtypes(exclude="datetime")
        write_text(paths.CONTEXT / f"{name}.geojson", shown.to_json(drop_id=True) + "\n")


def write_provinces(provinces: Provinces | None, sites: Sequence[Site]) -> list[str]:
    """Write the province of every site.

    Parameters
    ----------
    provinces : Provinces or None
        What finds the provinces; None leaves all names empty.
    sites : sequence of Site
        All sites.

    Returns
    -------
    list of str
        One name per site, empty where it is unknown.
    """
    with naming_key("context.provinces"):
        names = provinces(sites) if provinces else [""] * len(sites)
    table = pd.DataFrame({"site_id": [site.site_id for site in sites], "province": names})
    with replacing(paths.CONTEXT / "sites.csv") as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    return names
