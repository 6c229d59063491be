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
from minecover.core.errors import CloudyError, NotCoveredError, SceneError
from minecover.core.grid import Grid
from minecover.core.raster import read_made_from, write_cog
from minecover.core.sites import Site, read_sites
from minecover.features.context import compute_context
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import BANDS, check_bands
from minecover.sources import Source
from minecover.sources.product_folder import LEVEL_BANDS, ProductFolder

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


def predict_folder(model: str, folder: Path, out: Path) -> list[Path]:
    """Write a map of the whole extent of a folder of Landsat products, one for each UTM zone.

    Parameters
    ----------
    model : str
        See `minecover.prediction.bundle.ModelBundle.find`.
    folder : Path
        Products as downloaded, of the processing level that the model was trained on.
    out : Path
        Folder for ``<folder>.tif``, a COG of `minecover.prediction.detector.BANDS`; with scenes
        of several zones ``<folder>-<zone>.tif``. A map of other scenes or of another model that
        has this name is kept, see `_path`.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    SceneError
        If the products of one zone lie too far apart for one map.
    """
    bundle = ModelBundle.find(model)
    card = bundle.card
    check_bands(card.bands, LEVEL_BANDS[card.level])
    source = ProductFolder(str(folder), card.level, card.bands)
    extents = source.extents()
    where = folder.resolve()
    name = where.stem if where.is_file() else where.name
    written = []
    for extent in extents:
        zone = f"-{extent.crs.replace(':', '')}" if len(extents) > 1 else ""
        made_from = _digest(bundle, extent, source.product_ids())
        path = _path(out, f"{name}{zone}", made_from)
        maps = _mapped(bundle, source, extent)
        write_cog(path, maps, extent, made_from=made_from)
        written.append(path)
    return written


def predict_sites(model: str, source_name: str, out: Path) -> list[Path]:
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

    Returns
    -------
    list of Path
        The files written, one for each site that a clear enough scene shows.
    """
    bundle = ModelBundle.find(model)
    detector, planes = bundle.detector(), bundle.context(service_settings())
    params = source_params(source_name)
    check_bands(bundle.card.bands, params.value("source.bands"))
    source: Source = params.build("source.scenes")
    scenes = json.dumps(params.complete("source.scenes"), sort_keys=True)
    written = []
    for site in read_sites(paths.SITES):
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
    return written


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
