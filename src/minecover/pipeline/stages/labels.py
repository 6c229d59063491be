"""Stage `labels`: outlines and points of mines, and the verdicts of reviewers, as one table."""

import logging
from dataclasses import asdict
from pathlib import Path

import geopandas as gpd
import pandas as pd

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.files import write_json
from minecover.core.watched import check_watched, paths_below
from minecover.labels import (
    Labels,
    as_labels,
    label_table,
    quality,
    read_verdicts,
    write_labels,
)
from minecover.labels.ground_names import read_world, world_name, world_path

log = logging.getLogger(__name__)

#: The quality report of the labels. DVC does not version it.
QUALITY = Path("logs/labels.json")
#: The folder of verdicts that DVC watches.
VERDICTS = "labels"


def run(params: Params) -> None:
    """Read the labels and the verdicts, write them as one table, and report their quality."""
    check_files(params)
    table = all_labels(params)
    write_labels(paths.LABELS, table)
    drawn, points = (table[table["kind"] == kind] for kind in ("mine", "point"))
    found = quality(drawn, points=None if points.empty else points, provinces=None)
    write_json(QUALITY, asdict(found))
    counts = table["kind"].value_counts().sort_index()
    log.info(
        "labels: %s; %d pairs of outlines overlap",
        ", ".join(f"{n} {kind}" for kind, n in counts.items()),
        found.overlaps,
    )


def all_labels(params: Params) -> gpd.GeoDataFrame:
    """Return the labels and the verdicts of a configuration as one table.

    Parameters
    ----------
    params : Params
        Of it, `labels` and `world` are read.

    Returns
    -------
    GeoDataFrame
        See `minecover.labels.label_table`.
    """
    reader: Labels = params.build("labels.reader")
    verdicts = verdicts_of_world(params)
    return label_table(pd.concat([reader(), as_labels(verdicts)], ignore_index=True))


def check_files(params: Params) -> None:
    """Refuse label files and verdicts that DVC does not watch.

    Parameters
    ----------
    params : Params
        Of it, `labels` is read.
    """
    check_watched(
        paths_below(params.value("labels.reader"), "labels.reader"),
        watched=str(params.value("labels.input")),
        fix="Put the files into one folder and set labels.input to it.",
    )
    check_watched(
        {"labels.verdicts": str(params.value("labels.verdicts"))},
        watched=VERDICTS,
        fix="Set labels.verdicts to a file in it.",
    )


def verdicts_of_world(params: Params) -> gpd.GeoDataFrame:
    """Return the verdicts that are about the ground of this configuration.

    Parameters
    ----------
    params : Params
        Of it, `labels` and `world` are read.

    Returns
    -------
    GeoDataFrame
        See `minecover.labels.read_verdicts`. No rows if they were given in another simulated
        world, which is logged with their number.
    """
    path, world = Path(params.value("labels.verdicts")), world_name(params)
    verdicts = read_verdicts(path, params.value("labels.date_format"))
    theirs = read_world(world_path(path))
    if theirs in (None, world):
        return verdicts
    log.warning(
        "labels: left out the %d verdicts of %s: they are about the %s, this is the %s",
        len(verdicts),
        path,
        theirs,
        world,
    )
    return verdicts[:0]
