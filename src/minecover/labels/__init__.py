"""Labels: mine outlines, mine points, visits and review verdicts, in one table with dates."""

from minecover.labels.ipis import IpisLabels
from minecover.labels.quality import Quality, quality, quality_lines
from minecover.labels.reading import (
    LATITUDE,
    LONGITUDE,
    csv_format,
    read_features,
    read_provinces,
)
from minecover.labels.reviewed import read_reviewed
from minecover.labels.table import (
    COLUMNS,
    KINDS,
    MINES,
    Labels,
    label_table,
    read_labels,
    write_labels,
)
from minecover.labels.vector_files import LabelFiles, check_labels, repair_geometry
from minecover.labels.verdicts import (
    LOOK_ALIKES,
    VERDICTS,
    Merge,
    as_labels,
    merge_verdicts,
    read_verdicts,
    write_verdicts,
)

__all__ = [
    "COLUMNS",
    "KINDS",
    "LATITUDE",
    "LONGITUDE",
    "LOOK_ALIKES",
    "MINES",
    "VERDICTS",
    "IpisLabels",
    "LabelFiles",
    "Labels",
    "Merge",
    "Quality",
    "as_labels",
    "check_labels",
    "csv_format",
    "label_table",
    "merge_verdicts",
    "quality",
    "quality_lines",
    "read_features",
    "read_labels",
    "read_provinces",
    "read_reviewed",
    "read_verdicts",
    "repair_geometry",
    "write_labels",
    "write_verdicts",
]
