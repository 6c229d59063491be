"""Where mines were seen: polygons, points and visits from files, in one table with dates."""

from minecover.labels.ipis import IpisLabels
from minecover.labels.quality import Quality, lines, quality
from minecover.labels.reading import LATITUDE, LONGITUDE, read_features, read_provinces
from minecover.labels.table import (
    COLUMNS,
    KINDS,
    MINES,
    Labels,
    label_table,
    read_labels,
    write_labels,
)
from minecover.labels.vector_files import LabelFiles
from minecover.labels.verdicts import (
    VERDICTS,
    Merge,
    as_labels,
    merged,
    read_verdicts,
    received,
    write_verdicts,
)

__all__ = [
    "COLUMNS",
    "KINDS",
    "LATITUDE",
    "LONGITUDE",
    "MINES",
    "VERDICTS",
    "IpisLabels",
    "LabelFiles",
    "Labels",
    "Merge",
    "Quality",
    "as_labels",
    "label_table",
    "lines",
    "merged",
    "quality",
    "read_features",
    "read_labels",
    "read_provinces",
    "read_verdicts",
    "received",
    "write_labels",
    "write_verdicts",
]
