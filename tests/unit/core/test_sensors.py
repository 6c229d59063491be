"""Bands by common name and by the agency's."""

import pytest

from minecover.core.sensors import common_names


@pytest.mark.parametrize(
    ("platforms", "bands", "found"),
    [
        (["landsat-8", "landsat-9"], ["B4", "nir08"], ("red", "nir08")),
        (["landsat-5"], ["B4"], ("nir08",)),
        (["sentinel-2a"], ["B8A", "B08"], ("nir08", "nir")),
        # Red on one of them and near infrared on the other: no guess.
        (["landsat-5", "landsat-8"], ["B4"], ("B4",)),
        (["landsat-8"], ["B12"], ("B12",)),
    ],
)
def test_names_of_agencies_are_replaced_where_they_mean_one_band(
    platforms: list[str], bands: list[str], found: tuple[str, ...]
) -> None:
    assert common_names(platforms, bands) == found
