"""Stage `labels`: where mines were seen."""

import logging

from minecover.config import Params
from minecover.labels import Labels, label_table, write_labels
from minecover.stages import paths

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Read the labels and write them in the one form."""
    reader: Labels = params.build("labels.reader")
    table = label_table(reader())
    write_labels(paths.LABELS, table)
    counts = table["kind"].value_counts().sort_index()
    log.info("labels: %s", ", ".join(f"{n} {kind}" for kind, n in counts.items()))
