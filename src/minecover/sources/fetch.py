"""Fetch every site once: keep what a source delivered or said, and note every asking."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import time
from collections import Counter
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
from minecover.core.files import replacing, write_json, write_text
from minecover.core.raster import write_cube
from minecover.core.sites import Site
from minecover.sources import Source

#: Raise it when sources deliver something else for the same configuration: what lies in stores
#: is then left alone, and everything is fetched anew.
REVISION = 1
#: Hexadecimal digits of a digest that name a folder of the store.
DIGITS = 16

OK, EMPTY, CLOUDY, FAILED = "ok", "empty", "cloudy", "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one site.

    Parameters
    ----------
    site_id : str
        The site.
    status : str
        ``"ok"``; ``"empty"``, no scene shows it; ``"cloudy"``, none is clear enough;
        ``"failed"``, nobody knows. Only the first three are answers.
    dates : str
        Dates of its scenes, ISO, parted by blanks.
    bytes, sha256
        Size and digest of its patch.
    message : str
        Why there is none.
    """

    site_id: str
    status: str
    dates: str
    bytes: int
    sha256: str
    message: str


def request_digest(scenes: Mapping[str, object], site: Site) -> str:
    """SHA-256 of what is asked for: scenes of a configuration, on the ground of a site.

    Parameters
    ----------
    scenes : mapping
        The node `source.scenes`, period included. Its `client` does not count: who asks
        changes nothing of what is delivered.
    site : Site
        The site, with its halo.
    """
    asked = {
        "revision": REVISION,
        "scenes": {key: node for key, node in scenes.items() if key != "client"},
        "site_id": site.site_id,
        "crs": site.grid.crs,
        "transform": list(site.grid.transform)[:6],
        "shape": site.grid.shape,
        "halo_px": site.halo_px,
    }
    text = json.dumps(asked, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every asking of a site, a line each, across runs: how a service behaved over time.

    Lines are appended as sites end, so that the history outlives whatever ends a run.
    """

    path: Path

    #: Of the file. A try is an asking of the same site for the same scenes.
    COLUMNS = ("ended", "site_id", "digest", "status", "tries", "seconds", "message")

    def opened(self) -> Counter[str]:
        """Make the file if there is none, and count its askings by digest."""
        header = ",".join(self.COLUMNS)
        text = self.path.read_text(encoding="utf-8") if self.path.is_file() else ""
        if text.partition("\n")[0] != header:
            write_text(self.path, header + "\n")
            return Counter()
        if not text.endswith("\n"):
            # The last run was ended in the middle of a line.
            self._append("\n")
        return Counter(line["digest"] for line in csv.DictReader(text.splitlines()))

    def add(self, digest: str, outcome: Outcome, tries: int, seconds: float) -> None:
        """Append the line of one asking, in one piece."""
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        message = " ".join(outcome.message.split())
        cells = (outcome.site_id, digest, outcome.status, tries, f"{seconds:.2f}", message)
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow((ended, *cells))
        self._append(line.getvalue())

    def _append(self, text: str) -> None:
        # One unbuffered write to a file opened for appending: those of other processes and
        # threads come before or after it, never within.
        with self.path.open("ab", buffering=0) as sink:
            sink.write(text.encode())


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Bring one site's patch into a folder, from the store or else from the source.

    Parameters
    ----------
    source : Source
        Whom to ask.
    scenes : mapping
        Its configuration, the resolved node `source.scenes`.
    store : Path or None
        Folder that keeps what was fetched from a service, so that a restart goes on. None for
        sources on this disk: DVC notices a changed folder, a store would not.
    folder : Path
        Where ``<site>.tif`` is wanted.
    ledger : Ledger
        Notes every asking.
    asked : mapping
        Earlier askings by digest.
    """

    source: Source
    scenes: Mapping[str, object]
    store: Path | None
    folder: Path
    ledger: Ledger
    asked: Mapping[str, int]

    def __call__(self, site: Site) -> Outcome:
        """Fetch a site.

        Raises
        ------
        AccessError
            If the source refuses all we ask. Any other error of the user's kind is an outcome.
        """
        digest = request_digest(self.scenes, site)
        wanted = self.folder / f"{site.site_id}.tif"
        if self.store is None:
            return self._ask(site, wanted, digest, is_kept=False)
        stored = self.store / digest / wanted.name
        outcome = recalled(stored)
        if outcome is None:
            for leftover in stored.parent.glob(".*"):
                leftover.unlink()
            outcome = self._ask(site, stored, digest, is_kept=True)
        if outcome.status == OK:
            # Not a link: whoever edits a scene would edit the store.
            with replacing(wanted) as temporary:
                shutil.copyfile(stored, temporary)
        return outcome

    def _ask(self, site: Site, path: Path, digest: str, *, is_kept: bool) -> Outcome:
        begin = time.perf_counter()
        outcome = fetched(self.source, site, path)
        if is_kept and outcome.status != FAILED:
            # After the patch: one without its record is not finished. Before the ledger: what
            # that calls fetched is never asked for again.
            write_json(_record(path), asdict(outcome))
        tries = self.asked.get(digest, 0) + 1
        self.ledger.add(digest, outcome, tries, time.perf_counter() - begin)
        return outcome


def fetched(source: Source, site: Site, path: Path) -> Outcome:
    """Ask a source for a site and write its patch; what it says instead is an outcome too.

    Raises
    ------
    AccessError
        If the source refuses all we ask.
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


def recalled(path: Path) -> Outcome | None:
    """Give what a store knows of a site.

    Parameters
    ----------
    path : Path
        Where its patch lies, if it has one; the record lies beside it.

    Returns
    -------
    Outcome or None
        None if the site is not finished, or its patch is not what was written.
    """
    try:
        outcome = Outcome(**json.loads(_record(path).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        # No record, or a damaged one.
        return None
    is_whole = outcome.status != OK or (path.is_file() and _sha256(path) == outcome.sha256)
    return outcome if is_whole else None


def _record(path: Path) -> Path:
    """Name the file that says what became of a site."""
    return path.with_name(f"{path.stem}.json")


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
