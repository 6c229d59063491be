"""A source that answers as it was told, and notes who asked: for faults on demand."""

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

BANDS = ("B2", "B3", "B4", "B5", "B6", "B7")
DATES = (date(2017, 1, 14), date(2017, 1, 30))
CLEAR = 21824
#: Long enough for whoever waits for others to finish before it [s].
SLOW_S = 20
REFUSALS = {
    "empty": NotCoveredError,
    "cloudy": CloudyError,
    "failed": SceneError,
    "denied": AccessError,
    "broken": ZeroDivisionError,
}


@dataclass(frozen=True, slots=True)
class Scripted:
    """Scenes made of noise, or what the script says instead.

    Parameters
    ----------
    script : mapping
        What a site's askings bring, one after the other, the last word for ever: "ok", "slow",
        which is "ok" after `SLOW_S`, or a key of `REFUSALS`. Sites that it does not name are
        "ok".
    notes : str
        Folder in which askings are noted: a file a site, a character an asking.
    pause_s : float
        Time that an answer takes.
    """

    script: Mapping[str, Sequence[str]]
    notes: str
    pause_s: float

    def scenes(self, site: Site) -> Cube:
        """Answer as told."""
        note = Path(self.notes) / site.site_id
        note.parent.mkdir(parents=True, exist_ok=True)
        with note.open("a") as sink:
            sink.write(".")
        words = self.script.get(site.site_id, ("ok",))
        word = words[min(self.askings(site.site_id), len(words)) - 1]
        time.sleep(SLOW_S if word == "slow" else self.pause_s)
        if word in REFUSALS:
            raise REFUSALS[word](f"{site.site_id} is {word} as told.")
        return noise(site)

    def askings(self, site_id: str) -> int:
        """Count how often a site was asked for."""
        note = Path(self.notes) / site_id
        return len(note.read_text()) if note.exists() else 0


def noise(site: Site) -> Cube:
    """Draw two clear scenes of a site, always the same."""
    rng = np.random.default_rng(zlib.crc32(site.site_id.encode()))
    grid, n_dates = site.read_grid, len(DATES)
    return Cube(
        dn=rng.integers(5500, 11000, (n_dates, len(BANDS), *grid.shape)).astype(np.uint16),
        scale=np.full((n_dates, len(BANDS)), 2e-5),
        offset=np.full((n_dates, len(BANDS)), -0.1),
        qa=np.full((n_dates, *grid.shape), CLEAR, np.uint16),
        radsat=np.zeros((n_dates, *grid.shape), np.uint16),
        qa_layout="c2",
        dates=DATES,
        bands=BANDS,
        grid=grid,
        halo_px=site.halo_px,
    )
