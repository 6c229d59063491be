"""How often the check of Sentinel-2's offset is right, on real images of the Amazon."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from minecover.sources.stac.offset_check import contradiction

U16 = NDArray[np.uint16]
Images = list[tuple[U16, U16, U16]]


@pytest.fixture(scope="module")
def images(real_data: Path) -> Images:
    """Red, near infrared and classes of chips of 480 m, whose numbers have no offset.

    They come without classes: vegetation is what has an NDVI above 0.4. Haze and cloud, which
    the real classes would leave out, are therefore among it.
    """
    found = []
    for path in sorted((real_data / "amazon_s2" / "images").glob("*.tif")):
        with rasterio.open(path) as file:
            red, nir = (np.maximum(file.read(n), 0).astype(np.float64) for n in (3, 4))
        ndvi = (nir - red) / np.maximum(nir + red, 1)
        classes = np.where(ndvi > 0.4, 4, 5).astype(np.uint16)
        found.append((red.astype(np.uint16), nir.astype(np.uint16), classes))
    return found


def raised(numbers: U16) -> U16:
    """Return numbers with an offset of 1000 in them; 0 remains fill."""
    return np.where(numbers > 0, numbers + 1000, 0).astype(np.uint16)


def count(images: Images, *, is_raised: bool, offset: int) -> int:
    """Return how many images contradict a declared offset."""
    change = raised if is_raised else np.asarray
    found = [contradiction(change(red), change(nir), c, offset) for red, nir, c in images]
    return sum(one is not None for one in found)


def test_the_true_offset_is_hardly_ever_contradicted(images: Images) -> None:
    # Two of 1,056, both under haze.
    assert len(images) > 1000
    assert count(images, is_raised=False, offset=0) <= 2
    assert count(images, is_raised=True, offset=-1000) == 0


@pytest.mark.parametrize(
    ("is_raised", "offset"),
    [
        pytest.param(True, 0, id="said to be out, and is in"),
        pytest.param(False, -1000, id="said to be in, and is out"),
    ],
)
def test_a_wrong_offset_is_found_in_most_images(
    images: Images, is_raised: bool, offset: int
) -> None:
    # The rest shows too little dense vegetation in its 480 m.
    assert count(images, is_raised=is_raised, offset=offset) > 0.85 * len(images)
