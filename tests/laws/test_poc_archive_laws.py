"""Properties of archive masks: rasterised outlines equal the mask."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minecover.labels.burning import label_cube
from minecover.sources.poc_archive import MASK, Archive, ArchiveArray
from minecover.sources.poc_archive_writer import write_arrays
from minecover.sources.poc_ground import ArchiveLabels

pytest.importorskip("bcolz", reason="the extra `archive` has no wheel for this Python")

PIXEL = 0.0002694934


@settings(max_examples=30)
@given(
    cells=st.lists(st.booleans(), min_size=16, max_size=16).filter(any),
    left=st.floats(12, 31),
    top=st.floats(-13, 5),
)
def test_rasterised_outlines_equal_any_mask(
    tmp_path_factory: pytest.TempPathFactory, cells: list[bool], left: float, top: float
) -> None:
    mask = np.array(cells, np.uint8).reshape(4, 4)
    folder = tmp_path_factory.mktemp("archive")
    about = {
        "top_left": [left, top],
        "bottom_right": [left + 4 * PIXEL, top - 4 * PIXEL],
        "pixel_size": [PIXEL, -PIXEL],
    }
    stored = ArchiveArray("cod1", MASK, about)
    write_arrays(folder, [(stored, mask)])

    labels = ArchiveLabels(Archive(str(folder)))()

    burned, _ = label_cube(labels, stored.grid(), [date(2017, 1, 1)], ignore_ring_m=0)
    np.testing.assert_array_equal(burned[0], mask)
