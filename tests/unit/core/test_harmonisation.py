"""Published lines between sensors, as the papers have them."""

from minecover.core.harmonisation import BANDS, PUBLISHED, published
from minecover.core.sensors import SENSORS


def test_the_line_of_landsat_7_is_that_of_roy_2016() -> None:
    line = published("landsat-7", "landsat-8", 2)

    assert line is not None
    assert dict(zip(BANDS, line.slope, strict=True))["nir08"] == 0.8462
    assert dict(zip(BANDS, line.offset, strict=True))["nir08"] == 0.0412
    assert "Roy et al. (2016)" in line.source


def test_nothing_is_published_for_the_top_of_the_atmosphere_or_back() -> None:
    assert published("landsat-7", "landsat-8", 1) is None
    assert published("landsat-8", "landsat-7", 2) is None
    assert published("landsat-8", "landsat-9", 2) is None


def test_every_line_is_of_sensors_that_have_its_bands() -> None:
    sensors = {sensor.name: sensor for sensor in SENSORS}

    for line in PUBLISHED:
        assert set(BANDS) <= set(sensors[line.sensor].surface)
        assert len(line.slope) == len(line.offset) == len(BANDS)
        assert line.source
