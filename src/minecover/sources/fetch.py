"""Fetch the scenes of sites: store what a source delivered, and log every request."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from minecover.core.errors import (
    AccessError,
    CloudyError,
    MinecoverError,
    NotCoveredError,
)
from minecover.core.files import replacing, write_json
from minecover.core.ledger import Ledger
from minecover.core.raster import write_cube
from minecover.core.sites import Site
from minecover.sources import Source

#: Increase it when sources deliver something else for the same configuration: stored files are
#: then ignored, and everything is fetched again.
REVISION = 1
#: Hexadecimal digits of a digest that name a folder of the store.
DIGITS = 16

#: Columns of the ledger. `tries` counts the requests of a site for the same scenes.
COLUMNS = ("ended", "site_id", "digest", "status", "tries", "seconds", "message")

OK, EMPTY, CLOUDY, FAILED = "ok", "empty", "cloudy", "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of fetching one site.

    Parameters
    ----------
    site_id : str
        The site.
    status : str
        ``"ok"``; ``"empty"`` if no scene covers the site; ``"cloudy"`` if none is clear enough;
        ``"failed"`` if the request failed, so that nothing is known about the site.
    dates : str
        ISO dates of the scenes, separated by blanks.
    bytes : int
        Size of the file with the scenes; 0 if there is none.
    sha256 : str
        SHA-256 of that file; empty if there is none.
    message : str
        Why there is no file; empty if there is one.
    """

    site_id: str
    status: str
    dates: str
    bytes: int
    sha256: str
    message: str


def request_digest(scenes: Mapping[str, object], site: Site) -> str:
    """Return a digest of a request: the configuration of the scenes, and the ground of a site.

    Parameters
    ----------
    scenes : mapping
        The node `source.scenes`, period included. Its `client` is ignored, because account and
        address do not change what is delivered.
    site : Site
        The site, with its halo.

    Returns
    -------
    str
        `DIGITS` hexadecimal digits of a SHA-256.
    """
    request = {
        "revision": REVISION,
        "scenes": {key: node for key, node in scenes.items() if key != "client"},
        "site_id": site.site_id,
        "crs": site.grid.crs,
        "transform": list(site.grid.transform)[:6],
        "shape": site.grid.shape,
        "halo_px": site.halo_px,
    }
    text = json.dumps(request, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Callable that copies the scenes of a site into a folder, from the store or the source.

    Parameters
    ----------
    source : Source
        The source.
    scenes : mapping
        Configuration of the source, the resolved node `source.scenes`.
    store : Path or None
        Folder that keeps what a service delivered, so that an interrupted run can be resumed.
        None for sources on this disk, whose changes DVC detects and a store would hide.
    folder : Path
        Folder of the result, ``<site>.tif``.
    ledger : Ledger
        One line a request, with the columns `COLUMNS`.
    earlier_requests : mapping
        Number of earlier requests by digest.
    """

    source: Source
    scenes: Mapping[str, object]
    store: Path | None
    folder: Path
    ledger: Ledger
    earlier_requests: Mapping[str, int]

    def __call__(self, site: Site) -> Outcome:
        """Fetch a site and return the outcome.

        Raises
        ------
        AccessError
            If the source refuses all requests. Any other `MinecoverError` becomes an outcome.
        """
        digest = request_digest(self.scenes, site)
        result = self.folder / f"{site.site_id}.tif"
        if self.store is None:
            return self._request(site, result, digest, is_stored=False)
        stored = self.store / digest / result.name
        outcome = read_stored(stored)
        if outcome is None:
            for leftover in stored.parent.glob(".*"):
                leftover.unlink()
            outcome = self._request(site, stored, digest, is_stored=True)
        if outcome.status == OK:
            # Copied instead of linked, so that editing a scene does not edit the store.
            with replacing(result) as temporary:
                shutil.copyfile(stored, temporary)
        return outcome

    def _request(self, site: Site, path: Path, digest: str, *, is_stored: bool) -> Outcome:
        begin = time.perf_counter()
        outcome = fetch_site(self.source, site, path)
        if is_stored and outcome.status != FAILED:
            # Written after the scenes, because scenes without a record are incomplete, and
            # before the ledger, because what it calls fetched must never be fetched again.
            write_json(_record_path(path), asdict(outcome))
        tries = self.earlier_requests.get(digest, 0) + 1
        self.ledger.append(
            {
                "ended": datetime.now(UTC).isoformat(timespec="seconds"),
                "site_id": outcome.site_id,
                "digest": digest,
                "status": outcome.status,
                "tries": tries,
                "seconds": f"{time.perf_counter() - begin:.2f}",
                "message": outcome.message,
            }
        )
        return outcome


def fetch_site(source: Source, site: Site, path: Path) -> Outcome:
    """Request the scenes of a site and write them to a file.

    Parameters
    ----------
    source : Source
        The source.
    site : Site
        The site.
    path : Path
        The file, written only if there are scenes.

    Returns
    -------
    Outcome
        Its status says whether there are scenes, and its message why not.

    Raises
    ------
    AccessError
        If the source refuses all requests.
    """
    try:
        cube = source.scenes(site)
    except AccessError:
        raise
    except NotCoveredError as error:
        return Outcome(site.site_id, EMPTY, "", 0, "", str(error))
    except CloudyError as error:
        return Outcome(site.site_id, CLOUDY, "", 0, "", str(error))
    except MinecoverError as error:
        return Outcome(site.site_id, FAILED, "", 0, "", str(error))
    write_cube(path, cube)
    dates = " ".join(day.isoformat() for day in cube.dates)
    return Outcome(site.site_id, OK, dates, path.stat().st_size, _sha256(path), "")


def read_stored(path: Path) -> Outcome | None:
    """Return the stored outcome of a site.

    Parameters
    ----------
    path : Path
        File of its scenes in the store, which need not exist; the record lies beside it.

    Returns
    -------
    Outcome or None
        None if there is no complete record, or the file is not the one that was written.
    """
    try:
        outcome = Outcome(**json.loads(_record_path(path).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        # The record is missing or damaged.
        return None
    is_whole = outcome.status != OK or (path.is_file() and _sha256(path) == outcome.sha256)
    return outcome if is_whole else None


def _record_path(path: Path) -> Path:
    """Return the path of the record that belongs to a file of scenes."""
    return path.with_name(f"{path.stem}.json")


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
