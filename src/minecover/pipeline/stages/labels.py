"""Stage `labels`: outlines and points of mines, and the verdicts of reviewers, as one table."""

import logging
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.files import write_json
from minecover.labels import (
    Labels,
    as_labels,
    label_table,
    quality,
    read_verdicts,
    write_labels,
)

log = logging.getLogger(__name__)

#: The quality report of the labels. DVC does not version it.
QUALITY = Path("logs/labels.json")


def run(params: Params) -> None:
    """Read the labels and the verdicts, write them as one table, and report their quality."""
    reader: Labels = params.build("labels.reader")
    verdicts = read_verdicts(Path(params.value("labels.verdicts")))
    table = label_table(pd.concat([reader(), as_labels(verdicts)], ignore_index=True))
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
