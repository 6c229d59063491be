"""Mines that were followed over periods: tables, files with time, alerts."""

from minecover.reporting.changes.alerts import alerts
from minecover.reporting.changes.change_files import CHANGES, write_alerts, write_changes
from minecover.reporting.changes.change_table import FollowedPixels, by_period, change_table

__all__ = [
    "CHANGES",
    "FollowedPixels",
    "alerts",
    "by_period",
    "change_table",
    "write_alerts",
    "write_changes",
]
