"""`minecover source`: check a source of scenes by fetching one site."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from minecover.cli import json_option

if TYPE_CHECKING:
    from minecover.core.config import Params
    from minecover.core.sites import Site

#: Longest wait for the scenes of the site [s].
TIMEOUT_S = 55
#: Side and halo of a site at coordinates given by --at [m]: the side as in conf/sites.
SIDE_M, HALO_M = 3000.0, 240.0
#: Longitude and latitude inside the UTM zones [degrees].
COORDINATES = (click.FloatRange(-180, 180), click.FloatRange(-80, 84))


@click.group(short_help="Check a source of scenes.")
def source() -> None:
    """Check a source of scenes before a build.

    \b
    minecover source check
    """


@source.command()
@click.option(
    "--source", "option", help="An option of conf/source [default: as in params.yaml]."
)
@click.option("--at", type=COORDINATES, metavar="LON LAT", help="Centre of the site [degrees].")
@json_option
@click.argument("overrides", nargs=-1)
def check(
    option: str | None,
    at: tuple[float, float] | None,
    as_json: bool,
    overrides: tuple[str, ...],
) -> None:
    """Fetch one site, and print what the source returned or what to fix, within a minute.

    By default the site is the first of data/sites.parquet or, before a build, the first that
    the configured layouts create. OVERRIDES are choices and values in Hydra's grammar.

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

    params = _compose(option, overrides)
    is_built = option is None and not overrides
    with ThreadPool(1) as pool:
        pending = pool.apply_async(_fetch, (params, at, is_built))
        try:
            found = pending.get(TIMEOUT_S)
        except TooLateError as error:
            raise SceneError(
                f"no scene within {TIMEOUT_S} s. If the source is a service, check the network "
                "and the proxy, or try a shorter period; otherwise choose a location with --at."
            ) from error
    click.echo(json.dumps(asdict(found)) if as_json else "\n".join(_format(found)))


@source.command()
@click.argument("sensor")
@click.argument("like")
@click.option("--folder", required=True, help="Folder of products of both satellites.")
@click.option("--area", required=True, help="A vector file, or west,south,east,north.")
@click.option(
    "--level", type=click.Choice(["1", "2"]), default="2", show_default=True, help="Of both."
)
@click.option(
    "--days",
    default=31,
    show_default=True,
    type=click.IntRange(min=0),
    help="Largest difference between two scenes.",
)
@json_option
def compare(sensor: str, like: str, *, as_json: bool, **asked: str) -> None:
    """Measure the line that turns the satellite SENSOR into LIKE, on ground that both saw.

    Each scene is compared with the nearest one of the other satellite; clouds and what changed
    are left out. Beside it stands what is published, if anything is.

    \b
    minecover source compare landsat-7 landsat-8 --folder products/ --area 27.9,-4.2,28.0,-4.1
    """
    import json

    from minecover.core.harmonisation import published
    from minecover.pipeline.compare_sensors import compare_folder

    level = int(asked["level"])
    found = compare_folder(
        asked["folder"], (sensor, like), asked["area"], level=level, days=int(asked["days"])
    )
    known = published(sensor, like, level)
    if as_json:
        click.echo(json.dumps({band: asdict(line) for band, line in found.items()}))
        return
    click.echo(f"{like} = slope * {sensor} + offset, level {level}")
    for at, (band, line) in enumerate(found.items()):
        beside = f"; published {known.slope[at]:.4f} {known.offset[at]:+.4f}" if known else ""
        click.echo(
            f"{band:8s} {line.slope:.4f} {line.offset:+.4f}, left {line.left:.4f}, "
            f"difference before {line.difference:+.4f}, {line.n} pixels{beside}"
        )
    if known:
        click.echo(f"published: {known.source}")


@dataclass(frozen=True, slots=True)
class FetchedSite:
    """Properties of the scenes that a source returned for one site."""

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


def _fetch(params: Params, at: tuple[float, float] | None, is_built: bool) -> FetchedSite:
    """Fetch one site as the build would."""
    import tempfile
    import time

    import numpy as np

    from minecover.core.antimeridian import centre
    from minecover.core.raster import write_cube
    from minecover.core.sites import square
    from minecover.features.validity import Profile, usable_profiles, valid
    from minecover.sources import Source

    profiles: dict[str, Profile] = params.build("masks")
    chosen = str(params.value("mask"))
    scenes: Source = params.build("source.scenes")
    site = _choose_site(params, at, is_built=is_built)
    begin = time.perf_counter()
    cube = scenes.scenes(site)
    seconds = time.perf_counter() - begin
    usable = cube.core(valid(cube, usable_profiles(cube, profiles, chosen)[chosen]))
    with tempfile.TemporaryDirectory() as folder:
        patch = Path(folder) / "patch.tif"
        write_cube(patch, cube)
        megabytes = patch.stat().st_size / 1e6
    left, _, _, top = cube.grid.bounds
    lon, lat = centre(square(site.grid))
    return FetchedSite(
        source=str(params.value("source.name")),
        site_id=site.site_id,
        longitude=round(lon, 6),
        latitude=round(lat, 6),
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


def _format(found: FetchedSite) -> list[str]:
    """Return the printed lines: source, dates, bands, grid, valid share, size."""
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


def _compose(option: str | None, overrides: tuple[str, ...]) -> Params:
    """Compose the chosen configuration; without a choice, read params.yaml."""
    from minecover.core.config import CONF, composed, load_params

    if option is None:
        return composed(overrides) if overrides else load_params()
    # Labels, context and sites of the same name belong to the source; others may not fit it.
    groups = [
        f"{group}={option}" if (CONF / group / f"{option}.yaml").is_file() else other
        for group, other in (("labels", "labels=files"), ("context", "context=none"))
    ]
    own_sites = [f"sites={option}"] if (CONF / "sites" / f"{option}.yaml").is_file() else []
    no_input = ["labels.input=none"] if "labels=files" in groups else []
    return composed([f"source={option}", *groups, *no_input, *own_sites, *overrides])


def _choose_site(params: Params, at: tuple[float, float] | None, *, is_built: bool) -> Site:
    """Return the site at the coordinates, or the first of the build or of the layouts."""
    from minecover.core import paths
    from minecover.core.errors import LabelError, SiteError
    from minecover.core.grid import Grid, project, utm_crs
    from minecover.core.lattice import Lattice
    from minecover.core.layouts import Layout
    from minecover.core.sites import Site, read_sites

    if at is not None:
        crs = utm_crs(*at)
        x_m, y_m = project(*at, crs)
        lattice: Lattice = params.build("lattice")
        size_px, halo_px = (round(length / lattice.pixel_m) for length in (SIDE_M, HALO_M))
        grid = Grid.around(crs, x_m, y_m, size_px=size_px, lattice=lattice)
        return Site("here", "", grid, halo_px)
    built = read_sites(paths.SITES) if paths.SITES.is_file() else []
    if built and is_built:
        return built[0]
    layouts: dict[str, Layout] = params.build("sites.layouts")
    try:
        labels = params.build("labels.reader")()
        created = [site for layout in layouts.values() for site in layout(labels)]
    except LabelError as error:
        if built:
            return built[0]
        raise SiteError(
            f"no site to fetch: {error} Or choose a location: --at LON LAT."
        ) from error
    return min(created, key=lambda site: site.site_id)
