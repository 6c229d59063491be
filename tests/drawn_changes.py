"""Mines that were drawn over four periods, and a page of them."""

from __future__ import annotations

from datetime import date

import numpy as np

from minecover.core.grid import Grid
from minecover.core.language import Language
from minecover.core.periods import Period
from minecover.evaluation.change import follow
from minecover.reporting.changes import FollowedPixels, alerts, by_period, change_table
from minecover.reporting.page import Image, MinesInTime, data_url

__all__ = ["LATTICE", "PERIODS", "ZONE", "drawn", "drawn_mines"]

PERIODS = [Period.parse(str(year)) for year in (2014, 2015, 2016, 2018)]
LATTICE = Grid.from_corner("EPSG:32635", 555_015.0, -255_015.0, 1, 1)


def drawn(*drawings: str) -> FollowedPixels:
    """Draw a map for each period: ``#`` is mined, ``?`` not observed, ``/`` ends a row."""
    planes = np.array([[list(row) for row in one.split("/")] for one in drawings])
    mined, observed = planes == "#", planes != "?"
    row, col = np.nonzero(mined.any(axis=0))
    mined, observed = mined[:, row, col], observed[:, row, col]
    tracks = follow(row, col, mined, observed, min_px=2, separate_px=0)
    certainty = np.full(len(row), 0.9, np.float32)
    applicable = np.linspace(1.0, 0.0, len(row))
    return FollowedPixels(LATTICE, row, col, mined, mined, certainty, applicable, tracks)


#: A mine that opens and grows, two that never change, one that is left, one that is hidden.
ZONE = drawn(
    ".............../.............../##...##...##.##",
    "###............/.............../##...##...##.##",
    "####.........../.............../##...##...??.##",
    "######........./.............../##...##......??",
)


def drawn_mines(lang: str = "en") -> MinesInTime:
    """Return the content of a page of the mines of `ZONE`; the third period has no picture."""
    table = change_table([ZONE], PERIODS, level=0.95)
    since = date(2016, 1, 1)
    west, south, east, north = table.total_bounds.tolist()
    images = [
        Image(
            "true colour", data_url(f"picture of {period}".encode()), (west, south, east, north)
        )
        for period in PERIODS
    ]
    return MinesInTime(
        title="Mines <b>drawn</b>",
        language=Language(lang),
        periods=PERIODS,
        mapped=[True] * len(PERIODS),
        images=[None if at == 2 else image for at, image in enumerate(images)],
        table=table,
        in_time=by_period([ZONE], table, PERIODS),
        alerts=alerts(table, PERIODS, since=since, least_ha=0.1),
        since=since,
        alert_ha=0.1,
        level=0.95,
        threshold=0.5,
        made="Drawn.",
        warnings=["These data are drawn."],
        summary=["5 mines."],
        files={"changes.csv": "a table", "changes.kmz": "for Google Earth"},
    )
