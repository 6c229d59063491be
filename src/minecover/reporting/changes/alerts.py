"""Alerts: mines that are new, or have grown by more than a stated area, since a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import geopandas as gpd
import numpy as np

from minecover.core.errors import RegionError
from minecover.core.periods import Period
from minecover.reporting.changes.change_table import AREA

#: Columns of alerts, in order.
COLUMNS = (
    "change_id", "lat", "lon", "kind", "since", "area_before_ha", "area_ha", "grown_ha",
    "confidence", "applicable", "first_seen", "geometry",
)  # fmt: skip


def alerts(
    table: gpd.GeoDataFrame, periods: Sequence[Period], *, since: date, least_ha: float
) -> gpd.GeoDataFrame:
    """Return the mines that are new or have grown since a day, the largest growth first.

    Parameters
    ----------
    table : GeoDataFrame
        From `minecover.reporting.changes.change_table`.
    periods : sequence of Period
        Its periods, in the order of time.
    since : date
        The last period that ended before this day is compared with the last one of all. A mine
        that either did not observe is compared in the nearest one before it that did.
    least_ha : float
        Least growth [ha].

    Returns
    -------
    GeoDataFrame
        The columns `COLUMNS`; `kind` is ``new`` or ``grown``. A mine whose ground was not
        observed before that day is no alert: it is not known to have changed.

    Raises
    ------
    RegionError
        If no period ended before the day, or none after it.
    """
    before = [period for period in periods if period.last_day < since]
    after = [period for period in periods if period.last_day >= since]
    if not before or not after:
        days = ", ".join(str(period) for period in periods)
        raise RegionError(
            f"alerts since {since} need a period that ended before that day and one that ended "
            f"later, found {days}. Choose another day with --since."
        )
    old = table[[f"{AREA}{period.name}" for period in before]].ffill(axis=1).iloc[:, -1]
    new = table[[f"{AREA}{period.name}" for period in after]].ffill(axis=1).iloc[:, -1]
    grown = (new - old).round(2)
    is_alert = (grown >= least_ha) & (grown > 0)
    found = table[is_alert].assign(
        kind=np.where(old[is_alert] == 0, "new", "grown"),
        since=since.isoformat(),
        area_before_ha=old[is_alert],
        area_ha=new[is_alert],
        grown_ha=grown[is_alert],
    )
    found = found.sort_values(["grown_ha", "change_id"], ascending=[False, True])
    return found[list(COLUMNS)].reset_index(drop=True)
