"""Serve a registered model: maps of any product folder, or of the configured sites."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import uvicorn

from minecover.config import composed, load_params
from minecover.context import Plane, drawn
from minecover.errors import CloudyError, NotCoveredError, ServingError
from minecover.grid import Grid
from minecover.models.compiled import compiled
from minecover.predict import BANDS, Detector, blocks, check_bands
from minecover.raster import write_cog
from minecover.scoring import Scorer, answer_with
from minecover.sites import Site, read_sites
from minecover.source import Source
from minecover.source.product_folder import LEVEL_BANDS, ProductFolder
from minecover.stages import paths
from minecover.stages.predict import open_detector, read_card
from minecover.tracking import scoring_app
from minecover.tracking.nouns import CARD, Tracking
from minecover.tracking.registry import resolve

log = logging.getLogger(__name__)

#: Side of the squares in which a large area is read and scored [pixels].
BLOCK_PX = 512
#: Connections that may wait for a server.
BACKLOG = 128


def locate(model: str) -> tuple[Path, Path]:
    """Find a model's pickle and its card.

    Parameters
    ----------
    model : str
        ``models:/name@alias``, ``models:/name/version``, or the path of a pickle that lies
        beside its ``model.json``.

    Raises
    ------
    RegistryError, ModelError
        If there is no such model, or its bytes are not the recorded ones.
    """
    if not model.startswith("models:"):
        return Path(model), Path(model).with_suffix(".json")
    tracking: Tracking = load_params().build("tracking")
    found = resolve(tracking, model)
    return found.model, found.folder / CARD


def predict_folder(model: str, folder: Path, out: Path) -> list[Path]:
    """Map all that a folder of Landsat products shows, block by block.

    Parameters
    ----------
    model : str
        See `locate`.
    folder : Path
        Product folders as downloaded, of the level that the model was trained on.
    out : Path
        Where ``<folder>.tif`` is written: a COG of `minecover.predict.BANDS`.

    Returns
    -------
    list of Path
        The file written.
    """
    pickle, card_path = locate(model)
    card, detector = read_card(card_path), open_detector(pickle, card_path)
    level, bands = int(card.value("level")), tuple(card.value("bands"))
    check_bands(bands, LEVEL_BANDS[level])
    source = ProductFolder(str(folder), level, bands)
    extent = source.extent()
    path = out / f"{folder.resolve().name}.tif"
    planes: dict[str, Plane] = card.build("context")
    maps = _mapped(detector, source, planes, extent, int(card.value("halo_px")))
    write_cog(path, maps, extent)
    return [path]


def predict_sites(model: str, source_name: str, out: Path) -> list[Path]:
    """Map the sites of data/sites.parquet with scenes of a configured source.

    Parameters
    ----------
    model : str
        See `locate`.
    source_name : str
        An option of conf/source.
    out : Path
        Where ``<site>.tif`` are written.

    Returns
    -------
    list of Path
        The files written; a site that no scene shows, or none clearly enough, has none.
    """
    pickle, card_path = locate(model)
    detector = open_detector(pickle, card_path)
    # Labels and layers are not looked at: they must only not point into another source.
    params = composed(
        [f"source={source_name}", "labels=files", "labels.input=none", "context=none"]
    )
    check_bands(read_card(card_path).value("bands"), params.value("source.bands"))
    source: Source = params.build("source.scenes")
    planes: dict[str, Plane] = read_card(card_path).build("context")
    written = []
    for site in read_sites(paths.SITES):
        path = out / f"{site.site_id}.tif"
        try:
            cube = source.scenes(site)
        except (NotCoveredError, CloudyError) as error:
            log.warning("predict: no map of %s: %s", site.site_id, error)
            continue
        maps = detector.maps(cube, drawn(planes, site.read_grid))
        write_cog(path, maps, site.grid)
        written.append(path)
    return written


def serve(model: str, *, port: int, ready: Callable[[str], None]) -> None:
    """Answer questions about single locations on this machine, until the process ends.

    It is MLflow's scoring server (``/ping``, ``/version``, ``/invocations``), with a reader of
    questions that says what is wrong with a bad one.

    Parameters
    ----------
    model : str
        ``models:/name@alias`` or ``models:/name/version``; its bytes are checked before it is
        opened, and nothing is installed for it.
    port : int
        0 takes any free one.
    ready : callable
        Gets the address, once nobody else can have it.

    Raises
    ------
    RegistryError, ModelError
        See `locate`.
    ServingError
        If the port is taken.
    """
    tracking: Tracking = load_params().build("tracking")
    found = resolve(tracking, model)
    app, pipeline = scoring_app(found.folder)
    # The same answers in a sixth of the time.
    quick = compiled(pipeline)
    scorer = Scorer(quick, tuple(read_card(found.folder / CARD).value("features")))
    answer_with(app, scorer)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        # Who reads the address may ask at once, and waits until the server is up.
        listener.listen(BACKLOG)
    except OSError as error:
        raise ServingError(
            f"port {port} of this machine is taken ({error.strerror}). Choose another: --port, "
            "or --port 0 for any."
        ) from error
    ready(f"http://127.0.0.1:{listener.getsockname()[1]}")
    config = uvicorn.Config(app, log_level="warning", lifespan="off")
    uvicorn.Server(config).run(sockets=[listener])


def _mapped(
    detector: Detector,
    source: Source,
    planes: Mapping[str, Plane],
    extent: Grid,
    halo_px: int,
) -> dict[str, np.ndarray]:
    """Map an extent in blocks; what no scene shows is not observed."""
    maps = {name: np.full(extent.shape, np.nan, np.float32) for name in BANDS}
    maps["valid_dates"][:] = 0
    for rows, cols, grid in blocks(extent, size_px=BLOCK_PX):
        try:
            cube = source.scenes(Site(f"{rows.start}-{cols.start}", "", grid, halo_px))
        except NotCoveredError:
            continue
        for name, plane in detector.maps(cube, drawn(planes, cube.grid)).items():
            maps[name][rows, cols] = plane
    return maps
