"""Stage `imagery`: every site's scenes, as raw patches."""

import hashlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from minecover.atomic import replacing
from minecover.config import Params
from minecover.errors import MinecoverError, NotCoveredError, SceneError
from minecover.raster import write_cube
from minecover.sites import Site, read_sites
from minecover.source import Source
from minecover.stages import over, paths

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one site: a line of the index and of the ledger."""

    site_id: str
    status: str
    dates: str
    bytes: int
    sha256: str
    seconds: float
    message: str


def run(params: Params) -> None:
    """Fetch all sites; stop if more are lost than the configuration allows."""
    source: Source = params.build("source.scenes")
    sites = read_sites(paths.SITES)
    fetched = over(sites, lambda site: fetch(source, site), "imagery")
    frame = pd.DataFrame(fetched)
    _write(frame[["site_id", "status", "dates", "bytes", "sha256"]], paths.SCENE_INDEX)
    _write(frame[["site_id", "status", "seconds", "message"]], paths.LEDGER)
    lost = [one for one in fetched if one.status != "ok"]
    allowed = float(params.value("source.max_failed_fraction"))
    if len(lost) > allowed * len(sites):
        raise SceneError(
            f"{len(lost)} of {len(sites)} sites have no imagery, more than "
            f"source.max_failed_fraction={allowed:g} allows. "
            f"{lost[0].site_id}: {lost[0].message}"
        )
    scenes = sum(len(one.dates.split()) for one in fetched)
    size = sum(one.bytes for one in fetched) / 1e6
    log.info("imagery: %d sites, %d scenes, %.0f MB", len(sites) - len(lost), scenes, size)


def fetch(source: Source, site: Site) -> Fetched:
    """Read one site's scenes and write its patch; a failure is a status, not the end."""
    begin = time.perf_counter()
    path = paths.SCENES / f"{site.site_id}.tif"
    try:
        cube = source.scenes(site)
    except MinecoverError as error:
        status = "empty" if isinstance(error, NotCoveredError) else "failed"
        seconds = round(time.perf_counter() - begin, 2)
        return Fetched(site.site_id, status, "", 0, "", seconds, str(error))
    write_cube(path, cube)
    content = path.read_bytes()
    return Fetched(
        site.site_id,
        "ok",
        " ".join(day.isoformat() for day in cube.dates),
        len(content),
        hashlib.sha256(content).hexdigest(),
        round(time.perf_counter() - begin, 2),
        "",
    )


def _write(frame: pd.DataFrame, path: Path) -> None:
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")
