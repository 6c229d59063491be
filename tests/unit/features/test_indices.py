"""Indices on reflectance that can be checked by hand."""

import numpy as np
import pytest

from minecover.features.indices import INDICES, normalised_difference, ratio

FOREST = {
    "blue": 0.090,
    "green": 0.073,
    "red": 0.048,
    "nir08": 0.290,
    "swir16": 0.125,
    "swir22": 0.050,
}
MINE = {
    "blue": 0.158,
    "green": 0.171,
    "red": 0.201,
    "nir08": 0.309,
    "swir16": 0.375,
    "swir22": 0.277,
}


def index(name: str, reflectance: dict[str, float]) -> float:
    planes = {band: np.array([value], np.float32) for band, value in reflectance.items()}
    return float(INDICES[name](planes)[0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ndvi", (0.290 - 0.048) / 0.338),
        ("ndwi", (0.073 - 0.290) / 0.363),
        ("mndwi", (0.073 - 0.125) / 0.198),
        ("ndmi", (0.290 - 0.125) / 0.415),
        ("nbr", (0.290 - 0.050) / 0.340),
        ("ndti", (0.048 - 0.073) / 0.121),
        ("ndbi", (0.125 - 0.290) / 0.415),
        ("bsi", (0.125 + 0.048 - 0.290 - 0.090) / (0.125 + 0.048 + 0.290 + 0.090)),
        ("evi2", 2.5 * (0.290 - 0.048) / (0.290 + 2.4 * 0.048 + 1)),
        ("iron_oxide", 0.048 / 0.090),
        ("ferrous", 0.125 / 0.290),
        ("clay", 0.125 / 0.050),
    ],
)
def test_formula_on_forest(name: str, expected: float) -> None:
    assert index(name, FOREST) == pytest.approx(expected, rel=1e-5)


def test_every_index_is_tested_above() -> None:
    assert len(INDICES) == 12


@pytest.mark.parametrize("name", ["bsi", "ndti", "iron_oxide"])
def test_bare_mine_ground_is_above_forest(name: str) -> None:
    assert index(name, MINE) > index(name, FOREST)


def test_dark_pixels_have_no_index() -> None:
    dark = np.zeros(1, np.float32)

    assert np.isnan(normalised_difference(dark, dark)).all()
    assert np.isnan(ratio(dark, dark)).all()


def test_noise_over_dark_water_is_clipped() -> None:
    a, b = np.array([0.02], np.float32), np.array([-0.01], np.float32)

    assert normalised_difference(a, b).item() == 1.0
