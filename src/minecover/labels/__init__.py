"""Where mines were seen: polygons, points and visits from files, in one table with dates."""

from minecover.labels.files import LabelFiles
from minecover.labels.ipis import IpisLabels
from minecover.labels.quality import Quality, lines, quality
from minecover.labels.reading import LATITUDE, LONGITUDE, read_features, read_provinces
from minecover.labels.table import (
    COLUMNS,
    KINDS,
    Labels,
    label_table,
    read_labels,
    write_labels,
)

__all__ = [
    "COLUMNS",
    "KINDS",
    "LATITUDE",
    "LONGITUDE",
    "IpisLabels",
    "LabelFiles",
    "Labels",
    "Quality",
    "label_table",
    "lines",
    "quality",
    "read_features",
    "read_labels",
    "read_provinces",
    "write_labels",
]
