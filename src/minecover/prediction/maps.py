"""Write maps of a product folder, or of the sites of the build, with a trained model."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from minecover.core import paths
from minecover.core.config import CONF, Params, composed, service_settings
from minecover.core.cube import F32
from minecover.core.errors import CloudyError, ModelError, NotCoveredError, SceneError
from minecover.core.grid import Grid
from minecover.core.raster import read_made_from, write_cog
from minecover.core.sites import Site, read_sites
from minecover.features.context import compute_context
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import BANDS, check_bands
from minecover.prediction.other_sensors import folder_source, for_platforms
from minecover.sources import Source

log = logging.getLogger(__name__)

#: Side of the windows in which a large area is read and scored [px].
WINDOW_PX = 512
#: Hexadecimal digits of a digest in the name of a map.
DIGITS = 8


def is_folder(source: str) -> bool:
    """Return whether a source is a folder of products, rather than an option of conf/source.

    Parameters
    ----------
    source : str
        As given with ``--source``.

    Raises
    ------
    SceneError
        If it is neither.
    """
    if Path(source).exists():
        return True
    options = sorted(path.stem for path in (CONF / "source").glob("*.yaml"))
    if source not in options:
        raise SceneError(
            f"there is no folder {source}, and no option of that name in conf/source (found: "
            f"{', '.join(options) or 'none'}). Name a folder of products, or one of these with "
            "--source."
        )
    return False


def source_params(source: str) -> Params:
    """Compose the configuration of a source alone.

    Parameters
    ----------
    source : str
        An option of conf/source.
    """
    # Labels and context layers are not read, but must not refer to another source.
    return composed([f"source={source}", "labels=files", "labels.input=none", "context=none"])


def predict_folder(
    model: str, folder: Path, out: Path, *, is_masked: bool = True
) -> list[Path]:
    """Write a map of the whole extent of a folder of products, one for each UTM zone.

    Parameters
    ----------
    model : str
        See `minecover.prediction.bundle.ModelBundle.find`.
    folder : Path
        Products as downloaded, of the processing level that the model was trained on. Those of
        its sensors are read; without any, those of others that have its bands.
    out : Path
        Folder for ``<folder>.tif``, a COG of `minecover.prediction.detector.BANDS`; with scenes
        of several zones ``<folder>-<zone>.tif``. A map of other scenes or of another model that
        has this name is kept, see `_path`.
    is_masked : bool
        See `minecover.prediction.bundle.ModelBundle.find`.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    SceneError
        If the products of one zone lie too far apart for one map, or one cannot be read. Maps
        of zones that were finished before stay.
    """
    bundle = ModelBundle.find(model, is_masked=is_masked)
    source = folder_source(str(folder), bundle.card)
    bundle = for_platforms(bundle, source.platforms)
    extents = source.extents()
    where = folder.resolve()
    name = where.stem if where.is_file() else where.name
    written, seen = [], []
    for extent in extents:
        zone = f"-{extent.crs.replace(':', '')}" if len(extents) > 1 else ""
        made_from = _digest(bundle, extent, source.product_ids())
        path = _path(out, f"{name}{zone}", made_from)
        maps = _mapped(bundle, source, extent)
        write_cog(path, maps, extent, made_from=made_from)
        written.append(path)
        seen.append(maps["valid_dates"])
    _warn_of_few_dates(bundle, seen)
    return written


def predict_sites(
    model: str, source_name: str, out: Path, *, is_masked: bool = True
) -> list[Path]:
    """Write maps of the sites in data/sites.parquet, with scenes of a configured source.

    Parameters
    ----------
    model : str
        See `minecover.prediction.bundle.ModelBundle.find`.
    source_name : str
        Name of a file in conf/source.
    out : Path
        Folder for the ``<site>.tif``. A map of other scenes or of another model that has this
        name is kept, see `_path`.
    is_masked : bool
        See `minecover.prediction.bundle.ModelBundle.find`.

    Returns
    -------
    list of Path
        The files written, one for each site that a clear enough scene shows.
    """
    params = source_params(source_name)
    bundle = ModelBundle.find(model, is_masked=is_masked)
    check_bands(bundle.card.bands, params.value("source.bands"))
    bundle = for_platforms(bundle, params.value("source.platforms"))
    detector, planes = bundle.detector(), bundle.context(service_settings())
    source: Source = params.build("source.scenes")
    scenes = json.dumps(params.complete("source.scenes"), sort_keys=True)
    written, seen = [], []
    for site in read_sites(paths.SITES):
        check_pixels(bundle, site)
        try:
            cube = source.scenes(site)
        except (NotCoveredError, CloudyError) as error:
            log.warning("predict: no map of %s: %s", site.site_id, error)
            continue
        maps = detector.maps(cube, compute_context(planes, site.read_grid))
        made_from = _digest(bundle, site.grid, [scenes, *map(str, cube.dates)])
        path = _path(out, site.site_id, made_from)
        write_cog(path, maps, site.grid, made_from=made_from)
        written.append(path)
        seen.append(maps["valid_dates"])
    _warn_of_few_dates(bundle, seen)
    return written


def _warn_of_few_dates(bundle: ModelBundle, seen: Sequence[F32]) -> None:
    """Warn if observed locations have fewer valid dates than the model knows."""
    known = bundle.card.dates
    n_observed = sum(int(np.count_nonzero(n_dates)) for n_dates in seen)
    n_few = sum(
        int(np.count_nonzero((n_dates > 0) & (n_dates < known.fewest))) for n_dates in seen
    )
    if warning := known.warning(n_few, n_observed, "observed locations"):
        log.warning("predict: %s", warning)


def check_pixels(bundle: ModelBundle, site: Site) -> None:
    """Refuse sites with pixels of another size than the model was trained with.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    site : Site
        One of the sites.

    Raises
    ------
    ModelError
        Naming both sizes.
    """
    pixel_m = bundle.card.lattice.pixel_m
    # Pixels of archives in degrees are nearly as wide.
    if abs(site.grid.side_m - pixel_m) > pixel_m / 4:
        raise ModelError(
            f"the sites have pixels of {site.grid.side_m:g} m, and the model was trained with "
            f"{pixel_m:g} m. Build sites with lattice.pixel_m={pixel_m:g}, or use another "
            "model."
        )


def _digest(bundle: ModelBundle, grid: Grid, scenes: Sequence[str]) -> str:
    """Return a digest of all that a map is made from: model, ground and scenes."""
    ground = [grid.crs, list(grid.transform)[:6], grid.shape]
    identity = json.dumps([bundle.sha256, bundle.card_sha256, ground, list(scenes)])
    return hashlib.sha256(identity.encode()).hexdigest()


def _path(out: Path, name: str, made_from: str) -> Path:
    """Return the file of a map; its name ends in a digest if another map has the plain name."""
    plain = out / f"{name}.tif"
    if not plain.exists() or _made_from(plain) == made_from:
        return plain
    path = out / f"{name}-{made_from[:DIGITS]}.tif"
    log.warning(
        "predict: %s is a map of other scenes or of another model and is kept; the new map is "
        "%s.",
        plain,
        path.name,
    )
    return path


def _made_from(path: Path) -> str:
    """Return the digest of what a map was made from; empty for any other file."""
    try:
        return read_made_from(path)
    except SceneError:
        return ""


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
