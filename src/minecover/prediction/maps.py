"""Write maps of a product folder, or of the sites of the build, with a trained model."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from minecover.core import paths
from minecover.core.config import CONF, Params, composed, service_settings
from minecover.core.cube import F32
from minecover.core.errors import CloudyError, ModelError, NotCoveredError, SceneError
from minecover.core.sites import Site, read_sites
from minecover.features.context import compute_context
from minecover.prediction.around import surroundings_of
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import check_bands
from minecover.prediction.map_files import (
    FolderMap,
    MappedSite,
    Origin,
    map_digest,
    map_path,
    write_map,
)
from minecover.prediction.map_windows import map_windows, window_tiles
from minecover.prediction.other_sensors import folder_source, for_platforms
from minecover.prediction.true_colour import write_true_colour
from minecover.sources import Source

log = logging.getLogger(__name__)


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
    model: str,
    folder: Path,
    out: Path,
    *,
    is_masked: bool = True,
    on_map: Callable[[FolderMap], None] | None = None,
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
        has this name is kept, see `minecover.prediction.map_files.map_path`.
    is_masked : bool
        See `minecover.prediction.bundle.ModelBundle.find`.
    on_map : callable or None
        Is given each map once it is written.

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
        made_from = map_digest(bundle, extent, source.product_ids())
        path = map_path(out, f"{name}{zone}", made_from)
        maps, windows = map_windows(bundle, source, extent, path)
        dates = sorted({day for window in windows for day in window.dates})
        write_map(path, maps, extent, bundle, Origin(made_from, name, dates))
        written.append(path)
        seen.append(maps)
        if on_map:
            tiles = window_tiles(maps["probability"], windows)
            on_map(FolderMap(path, made_from, bundle, extent.crs, tiles))
    _warn(bundle, seen)
    return written


def predict_sites(
    model: str,
    source_name: str,
    out: Path,
    *,
    is_masked: bool = True,
    on_map: Callable[[MappedSite], None] | None = None,
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
        name is kept, see `minecover.prediction.map_files.map_path`.
    is_masked : bool
        See `minecover.prediction.bundle.ModelBundle.find`.
    on_map : callable or None
        Is given each map once it is written.

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
        context = compute_context(planes, site.read_grid)
        maps = detector.maps(cube, context)
        made_from = map_digest(bundle, site.grid, [scenes, *map(str, cube.dates)])
        path = map_path(out, site.site_id, made_from)
        origin = Origin(made_from, source_name, cube.dates)
        write_map(path, maps, site.grid, bundle, origin)
        write_true_colour(out, path.stem, cube, detector.profile)
        written.append(path)
        seen.append(maps)
        if on_map:
            probability = maps["probability"]
            around = surroundings_of(
                bundle,
                cube,
                context,
                applicable=maps["applicable"],
                mined=probability >= detector.threshold,
            )
            on_map(MappedSite(path, made_from, bundle, site.site_id, probability, around))
    _warn(bundle, seen)
    return written


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


def _warn(bundle: ModelBundle, seen: Sequence[Mapping[str, F32]]) -> None:
    """Warn of observed locations of too few dates, and if the model says little of them."""
    known = bundle.card.dates
    dates = [maps["valid_dates"] for maps in seen]
    n_observed = sum(int(np.count_nonzero(n_dates)) for n_dates in dates)
    n_few = sum(
        int(np.count_nonzero((n_dates > 0) & (n_dates < known.fewest))) for n_dates in dates
    )
    warnings = [
        known.warning(n_few, n_observed, "observed locations"),
        bundle.detector().unknown.warning(seen),
    ]
    for warning in filter(None, warnings):
        log.warning("predict: %s", warning)
