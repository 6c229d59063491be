"""Landsat 4, 5 and 7 from Earth Engine: native names, one series with other satellites."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pytest
from servers.ee_drawing import SITE, TOA, DrawnScene, LocalService, collections_of

from minecover.core.errors import ConfigError


@dataclass(frozen=True)
class OldScene(DrawnScene):
    """A scene of Landsat 4, 5 or 7."""

    satellite: int = 5

    @property
    def about(self) -> dict[str, float | str]:
        """Properties that differ from those of Landsat 8."""
        sensor = "ETM" if self.satellite == 7 else "TM"
        return {"SENSOR_ID": sensor, "SPACECRAFT_ID": f"LANDSAT_{self.satellite}"}


BITS = {"QA_PIXEL": 5440.0, "QA_RADSAT": 0.0}
COMMON = ("blue", "green", "red", "nir08", "swir16", "swir22")


@pytest.mark.parametrize(
    ("satellite", "thermal"),
    [
        pytest.param(4, "B6", id="Landsat 4"),
        pytest.param(5, "B6", id="Landsat 5"),
        pytest.param(7, "B6_VCID_1", id="Landsat 7, low gain"),
    ],
)
def test_bands_are_read_by_their_native_names(
    service: LocalService, satellite: int, thermal: str
) -> None:
    scene = OldScene(satellite=satellite)
    planes = {"B1": 0.1, "B3": 0.3, "B4": 0.4, "B5": 0.5, "B7": 0.7, thermal: 300.0} | BITS
    name = f"landsat-{satellite}"
    service.server.catalogue = collections_of(
        scene.asset(scene.about, **planes), collection=TOA[name]
    )
    bands = ("blue", "red", "nir08", "swir16", "swir22", "lwir")

    cube = service.source(bands=bands, platforms=(name,)).scenes(SITE)

    assert cube.dn[0, :, 0, 0].tolist() == pytest.approx([0.1, 0.3, 0.4, 0.5, 0.7, 300.0])
    assert cube.qa_layout == "c2"


def test_digital_numbers_have_the_scaling_of_their_own_bands(service: LocalService) -> None:
    scene = OldScene(satellite=7)
    scaling: dict[str, float | str] = {
        "REFLECTANCE_MULT_BAND_3": 1.6e-3,
        "REFLECTANCE_ADD_BAND_3": -0.01,
        "RADIANCE_MULT_BAND_6_VCID_1": 0.067087,
        "RADIANCE_ADD_BAND_6_VCID_1": -0.06709,
        "K1_CONSTANT_BAND_6_VCID_1": 666.09,
        "K2_CONSTANT_BAND_6_VCID_1": 1282.71,
    }
    name = TOA["landsat-7"].removesuffix("_TOA")
    service.server.catalogue = collections_of(
        scene.asset(
            scene.about | scaling, B3=100.0, B6_VCID_1=140.0, QA_PIXEL=5440.0, QA_RADSAT=0.0
        ),
        collection=name,
    )

    cube = service.counts("red", "lwir", platforms=("landsat-7",)).scenes(SITE)

    radiance = 0.067087 * 140 - 0.06709
    up = np.sin(np.radians(59.49769))
    expected = [(0.16 - 0.01) / up, 1282.71 / np.log(666.09 / radiance + 1)]
    assert cube.values()[0, :, 0, 0] == pytest.approx(expected, rel=2e-5)


def test_two_generations_form_one_series(service: LocalService) -> None:
    old = OldScene(day="2017-01-07", satellite=7)
    new = DrawnScene().asset(B4=0.25, **BITS)
    catalogue = collections_of(new, collection=TOA["landsat-8"])
    service.server.catalogue = replace(
        catalogue,
        collections={
            **catalogue.collections,
            TOA["landsat-7"]: (old.asset(old.about, B3=0.5, **BITS),),
        },
    )

    cube = service.source(platforms=("landsat-7", "landsat-8")).scenes(SITE)

    assert cube.dates == (date(2017, 1, 7), date(2017, 1, 15))
    assert cube.dn[:, 0, 0, 0].tolist() == [0.5, 0.25]


@pytest.mark.parametrize(
    ("platforms", "band"),
    [
        pytest.param(("landsat-5", "landsat-8"), "coastal", id="band of one generation"),
        pytest.param(("landsat-5",), "pan", id="Landsat 5 has no pan"),
    ],
)
def test_bands_that_a_satellite_lacks_are_refused(
    service: LocalService, platforms: tuple[str, ...], band: str
) -> None:
    with pytest.raises(ConfigError, match=f"found {band}. Fix source.bands"):
        service.source(bands=(band,), platforms=platforms)


def test_dropped_pixels_are_saturated(service: LocalService) -> None:
    scene = OldScene()
    planes = {"B3": 0.3, "QA_PIXEL": 5440.0, "QA_RADSAT": float(1 << 9)}
    service.server.catalogue = collections_of(
        scene.asset(scene.about, **planes), collection=TOA["landsat-5"]
    )

    cube = service.source(platforms=("landsat-5",)).scenes(SITE)

    assert cube.saturated.all()
