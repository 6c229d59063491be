"""The day in the metadata of a product is one on which its satellite flew."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from products import SITE, DrawnProduct

from minecover.core.errors import SceneError
from minecover.core.sensors import BY_PLATFORM
from minecover.sources.product_day import LAUNCHED, product_day
from minecover.sources.product_folder import ProductFolder


def day(text: str, *, product: str = "renamed", platform: str = "landsat-8") -> date:
    return product_day(text, "DATE", name="MTL.txt", product=product, platform=platform)


def test_every_satellite_has_a_launch() -> None:
    assert set(LAUNCHED) == set(BY_PLATFORM)


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("1917-01-15", "landsat-8"),
        ("2013-02-10", "landsat-8"),
        ("2017-01-15", "landsat-9"),
        ("0017-01-15", "sentinel-2a"),
        ("1975-06-01", "landsat-5"),
    ],
)
def test_a_day_before_the_launch_is_refused(text: str, platform: str) -> None:
    with pytest.raises(SceneError, match=f"DATE is {text}, before {platform} was launched"):
        day(text, platform=platform)


@pytest.mark.parametrize("n_days", [2, 10_000])
def test_a_day_in_the_future_is_refused(n_days: int) -> None:
    with pytest.raises(SceneError, match="lies in the future"):
        day((date.today() + timedelta(days=n_days)).isoformat())


def test_today_is_a_day() -> None:
    assert day(date.today().isoformat()) == date.today()


@pytest.mark.parametrize(
    ("product", "platform"),
    [
        ("LC08_L1TP_173061_20170115_20200905_02_T1_MTL.txt", "landsat-8"),
        ("LC81730612017015LGN00_MTL.txt", "landsat-8"),
        ("S2A_MSIL2A_20170115T082611_N0500_R021_T35MQU_20210602T080000", "sentinel-2a"),
        ("LC08_MTL.txt", "landsat-8"),
        ("LC8_of_2018-03-04", "landsat-8"),
    ],
)
def test_a_day_agrees_with_the_name(product: str, platform: str) -> None:
    assert day("2017-01-15", product=product, platform=platform) == date(2017, 1, 15)


@pytest.mark.parametrize(
    ("product", "platform"),
    [
        ("LC08_L1TP_173061_20170115_20200905_02_T1_MTL.txt", "landsat-8"),
        ("LC81730612017015LGN00_MTL.txt", "landsat-8"),
        ("S2A_MSIL2A_20170115T082611_N0500_R021_T35MQU_20210602T080000", "sentinel-2a"),
    ],
)
def test_another_day_than_that_of_the_name_is_refused(product: str, platform: str) -> None:
    with pytest.raises(SceneError, match=r"2017-01-16, but the name .* says 2017-01-15"):
        day("2017-01-16", product=product, platform=platform)


@pytest.mark.parametrize("wrong", ["2047-01-15", "1917-01-15", "2017-01-51", "2017-10-15"])
def test_a_product_with_another_day_is_refused(tmp_path: Path, wrong: str) -> None:
    home = DrawnProduct().put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)
    (path,) = home.glob("*_MTL.json")
    content = json.loads(path.read_text())
    content["LANDSAT_METADATA_FILE"]["IMAGE_ATTRIBUTES"]["DATE_ACQUIRED"] = wrong
    path.write_text(json.dumps(content))

    with pytest.raises(SceneError, match="DATE_ACQUIRED"):
        ProductFolder(str(tmp_path), 1, ["red"]).scenes(SITE)
