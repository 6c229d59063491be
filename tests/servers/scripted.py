"""A source that returns scenes or raises errors as scripted, and counts its requests."""

import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from minecover.core.cube import Cube
from minecover.core.errors import AccessError, CloudyError, NotCoveredError, SceneError
from minecover.core.sites import Site

BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22")
DATES = (date(2017, 1, 14), date(2017, 1, 30))
CLEAR = 21824
#: Duration of a slow response, long enough for all others to finish before [s].
SLOW_S = 20
REFUSALS = {
    "empty": NotCoveredError,
    "cloudy": CloudyError,
    "failed": SceneError,
    "denied": AccessError,
    "broken": ZeroDivisionError,
}


@dataclass(frozen=True, slots=True)
class ScriptedSource:
    """Source of scenes of noise, or of scripted errors.

    Parameters
    ----------
    script : mapping
        Responses by site id, one per request, the last one repeated: "ok", "slow" ("ok" after
        `SLOW_S`) or a key of `REFUSALS`. Sites that are not in the script are "ok".
    notes : str
        Folder in which requests are counted: a file per site, a character per request.
    pause_s : float
        Duration of a response [s].
    """

    script: Mapping[str, Sequence[str]]
    notes: str
    pause_s: float

    def scenes(self, site: Site) -> Cube:
        """Return scenes or raise an error, as scripted."""
        note = Path(self.notes) / site.site_id
        note.parent.mkdir(parents=True, exist_ok=True)
        with note.open("a") as sink:
            sink.write(".")
        words = self.script.get(site.site_id, ("ok",))
        word = words[min(self.request_count(site.site_id), len(words)) - 1]
        time.sleep(SLOW_S if word == "slow" else self.pause_s)
        if word in REFUSALS:
            raise REFUSALS[word](f"{site.site_id} is {word} as scripted.")
        return noise(site)

    def request_count(self, site_id: str) -> int:
        """Return how often a site was requested."""
        note = Path(self.notes) / site_id
        return len(note.read_text()) if note.exists() else 0


def noise(site: Site) -> Cube:
    """Return two clear scenes of noise, always the same for a site."""
    rng = np.random.default_rng(zlib.crc32(site.site_id.encode()))
    grid, n_dates = site.read_grid, len(DATES)
    return Cube(
        dn=rng.integers(5500, 11000, (n_dates, len(BANDS), *grid.shape)).astype(np.uint16),
        scale=np.full((n_dates, len(BANDS)), 2e-5),
        offset=np.full((n_dates, len(BANDS)), -0.1),
        qa=np.full((n_dates, *grid.shape), CLEAR, np.uint16),
        saturated=np.zeros((n_dates, *grid.shape), np.bool_),
        qa_layout="c2",
        dates=DATES,
        bands=BANDS,
        grid=grid,
        halo_px=site.halo_px,
    )
