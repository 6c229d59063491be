"""`minecover source`: whether scenes can be had, before a build asks for all of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from minecover.cli import for_scripts

if TYPE_CHECKING:
    from minecover.core.config import Params
    from minecover.core.sites import Site

#: The answer, or what to fix, comes within this time [s].
LIMIT_S = 55
#: A site at a given place, as conf/sites lays them: 3 km, and the margin that masks look into.
SIZE_PX, HALO_PX = 100, 8
#: Longitude and latitude where UTM zones are [degrees].
PLACE = (click.FloatRange(-180, 180), click.FloatRange(-80, 84))


@click.group()
def source() -> None:
    """Look at where scenes come from.

    \b
    minecover source check
    """


@source.command()
@click.option("--source", "option", help="An option of conf/source [default: params.yaml's].")
@click.option("--at", type=PLACE, metavar="LON LAT", help="Look there [degrees].")
@for_scripts
@click.argument("overrides", nargs=-1)
def check(
    option: str | None,
    at: tuple[float, float] | None,
    as_json: bool,
    overrides: tuple[str, ...],
) -> None:
    """Ask for one site, and print what came, or what to fix, in under a minute.

    The site is the first of data/sites.parquet, or the first that the chosen layouts would lay.

    \b
    minecover source check
    minecover source check --source earth_engine --at 28.84 -2.51
    minecover source check --source product_folder --at -44.12 -20.12 \\
        source.input=LC08_products
    minecover source check experiment=brumadinho --json
    """
    import json
    from multiprocessing import TimeoutError as TooLateError
    from multiprocessing.pool import ThreadPool

    from minecover.core.errors import SceneError

    params = _params(option, overrides)
    is_built = option is None and not overrides
    with ThreadPool(1) as pool:
        answer = pool.apply_async(_checked, (params, at, is_built))
        try:
            found = answer.get(LIMIT_S)
        except TooLateError as error:
            raise SceneError(
                f"no scene within {LIMIT_S} s. If a service was asked, look at the network and "
                "the proxy, or try a shorter period; otherwise name a place with --at."
            ) from error
    click.echo(json.dumps(asdict(found)) if as_json else "\n".join(_lines(found)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source gave for one site."""

    source: str
    site_id: str
    longitude: float
    latitude: float
    dates: list[str]
    bands: list[str]
    qa_layout: str
    crs: str
    shape: tuple[int, int]  # rows and columns, with the halo
    pixel_m: float
    corner_m: tuple[float, float]  # left, top
    halo_px: int
    mask: str
    valid_share: float  # of the observations in the core
    observations: int
    megabytes: float
    seconds: float


def _checked(params: Params, at: tuple[float, float] | None, is_built: bool) -> Answer:
    """Fetch one site as the build would; say what came."""
    import tempfile
    import time

    import numpy as np

    from minecover.core.raster import write_cube
    from minecover.core.sites import square
    from minecover.features.validity import Profile, applicable, valid
    from minecover.sources import Source

    profiles: dict[str, Profile] = params.build("masks")
    chosen = str(params.value("mask"))
    scenes: Source = params.build("source.scenes")
    site = _site(params, at, is_built=is_built)
    begin = time.perf_counter()
    cube = scenes.scenes(site)
    seconds = time.perf_counter() - begin
    usable = cube.core(valid(cube, applicable(cube, profiles, chosen)[chosen]))
    with tempfile.TemporaryDirectory() as folder:
        patch = Path(folder) / "patch.tif"
        write_cube(patch, cube)
        megabytes = patch.stat().st_size / 1e6
    left, _, _, top = cube.grid.bounds
    middle = square(site.grid).centroid
    return Answer(
        source=str(params.value("source.name")),
        site_id=site.site_id,
        longitude=round(middle.x, 6),
        latitude=round(middle.y, 6),
        dates=[day.isoformat() for day in cube.dates],
        bands=list(cube.bands),
        qa_layout=cube.qa_layout,
        crs=cube.grid.crs,
        shape=cube.grid.shape,
        pixel_m=cube.grid.transform.a,
        corner_m=(left, top),
        halo_px=cube.halo_px,
        mask=chosen,
        valid_share=float(np.mean(usable)),
        observations=usable.size,
        megabytes=megabytes,
        seconds=seconds,
    )


def _lines(found: Answer) -> list[str]:
    """Say what came, a line an axis."""
    (rows, cols), (left, top) = found.shape, found.corner_m
    return [
        f"{found.source}: site {found.site_id}, longitude {found.longitude:.3f}, "
        f"latitude {found.latitude:.3f}",
        f"  dates  {len(found.dates)}: {' '.join(found.dates)}",
        f"  bands  {len(found.bands)}: {' '.join(found.bands)}; "
        f"quality bits: {found.qa_layout}",
        f"  grid   {found.crs}, {rows} x {cols} pixels of {found.pixel_m:g}, "
        f"corner {left:.9g}, {top:.9g}, halo {found.halo_px}",
        f"  valid  {100 * found.valid_share:.1f} % of {found.observations:,} observations "
        f"(mask={found.mask})",
        f"  patch  {found.megabytes:.2f} MB, fetched in {found.seconds:.1f} s",
    ]


def _params(option: str | None, overrides: tuple[str, ...]) -> Params:
    """Compose what was asked for; without any wish, read params.yaml as the build does."""
    from minecover.core.config import CONF, composed, load_params

    if option is None:
        return composed(overrides) if overrides else load_params()
    # Labels and layouts of the source's own name go with it, those of another may not.
    fitting = [
        f"{group}={option}" if (CONF / group / f"{option}.yaml").is_file() else other
        for group, other in (("labels", "labels=files"), ("context", "context=none"))
    ]
    own_sites = [f"sites={option}"] if (CONF / "sites" / f"{option}.yaml").is_file() else []
    unnamed = ["labels.input=none"] if "labels=files" in fitting else []
    return composed([f"source={option}", *fitting, *unnamed, *own_sites, *overrides])


def _site(params: Params, at: tuple[float, float] | None, *, is_built: bool) -> Site:
    """Choose the place: the one named, the first that was built, or the first laid."""
    from minecover.core import paths
    from minecover.core.errors import LabelError, SiteError
    from minecover.core.grid import Grid, project, utm_crs
    from minecover.core.layouts import Layout
    from minecover.core.sites import Site, read_sites

    if at is not None:
        crs = utm_crs(*at)
        x_m, y_m = project(*at, crs)
        return Site("here", "", Grid.around(crs, x_m, y_m, size_px=SIZE_PX), HALO_PX)
    built = read_sites(paths.SITES) if paths.SITES.is_file() else []
    if built and is_built:
        return built[0]
    layouts: dict[str, Layout] = params.build("sites.layouts")
    try:
        labels = params.build("labels.reader")()
        laid = [site for layout in layouts.values() for site in layout(labels)]
    except LabelError as error:
        if built:
            return built[0]
        raise SiteError(
            f"no site to ask for: {error} Or name a place: --at LON LAT."
        ) from error
    return min(laid, key=lambda site: site.site_id)
