"""Maps of several periods, and what changed: from products to alerts."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import pandas as pd
import pytest
from drawn_pages import page_json
from simulated_folders import write_simulated

from minecover.core.errors import NotCoveredError, RegionError
from minecover.core.language import IN_ENGLISH
from minecover.core.periods import Period
from minecover.core.raster import read_planes
from minecover.core.sites import square
from minecover.evaluation.change import ChangeRule
from minecover.pipeline.change import write_change
from minecover.pipeline.map_page import PageOptions
from minecover.pipeline.period_list import PeriodMaps
from minecover.pipeline.period_maps import MapRun, map_periods
from minecover.prediction.region.cluster import Workers
from minecover.prediction.region.map_settings import map_settings
from minecover.prediction.region.tile_job import MapSettings
from minecover.sources.product_folder import ProductFolder


class Checkout(Protocol):
    root: Path


ONE = Workers(None, 1, 2.0)
#: The area has scenes of four days from October 2016 on, 16 days apart.
EARLY, LATE = Period.parse("2016-10-15/2016-11-20"), Period.parse("2016-11-21/2017-01-31")
EMPTY = Period.parse("2018")
RULE = ChangeRule(1, 0.02, 0.05, 3.0, 5.0, 0.95, 0.2, 1.0)


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write product folders: four dates of 130 x 150 simulated pixels with many mines."""
    folder = tmp_path_factory.mktemp("periods") / "products"
    return write_simulated(folder, rows=130, cols=150, dates=4)


@pytest.fixture(scope="module")
def model(small_world: Checkout) -> str:
    return str(small_world.root / "models/model.pkl")


@pytest.fixture(scope="module")
def box(products: Path) -> str:
    extent = ProductFolder(str(products), 1, ("red",)).extent()
    return ",".join(f"{edge:.6f}" for edge in square(extent).bounds)


class Mapper(Protocol):
    def __call__(self, out: Path, *periods: Period, min_dates: int = 1) -> PeriodMaps: ...


@pytest.fixture(scope="module")
def mapper(products: Path, model: str, box: str) -> Mapper:
    def run(out: Path, *periods: Period, min_dates: int = 1) -> PeriodMaps:
        def settings_of(out: Path, period: Period) -> MapSettings:
            found = map_settings(model, str(products), out, period=period)
            return replace(found, min_dates=min_dates)

        run = MapRun(box, ONE, 100, PageOptions(IN_ENGLISH, n_pictures=1))
        map_periods(run, periods, settings_of, out=out)
        return PeriodMaps.read(out)

    return run


@pytest.fixture(scope="module")
def mapped(mapper: Mapper, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("mapped")
    mapper(out, LATE, EARLY, EMPTY)
    write_change(out, RULE, since=LATE.first_day)
    return out


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files that do not tell how long a run took, or which process ran."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in {"ledger.csv", ".lock", ".lock_holder"}:
            yield str(path.relative_to(folder)), path.read_bytes()


def test_each_period_has_a_map_of_its_own_dates(mapped: Path) -> None:
    maps = PeriodMaps.read(mapped)

    assert maps.periods == [EARLY, LATE, EMPTY]
    assert maps.mapped == [True, True, False]
    days = {
        name: set(pd.read_csv(mapped / name / "ledger.csv")["days"].dropna())
        for name in (EARLY.name, LATE.name)
    }
    (early,), (late,) = days.values()
    assert (Period.parse(early) < EARLY, Period.parse(early).last_day in EARLY) == (False, True)
    assert Period.parse(late).first_day in LATE


def test_maps_of_an_interrupted_run_are_the_same(
    mapper: Mapper, mapped: Path, tmp_path: Path
) -> None:
    mapper(tmp_path, EARLY)
    tile = sorted((tmp_path / EARLY.name / "probability").glob("*.tif"))[0]
    tile.unlink()
    shutil.rmtree(tmp_path / EARLY.name / "mine_pixels")

    mapper(tmp_path, EARLY, LATE, EMPTY)
    write_change(tmp_path, RULE, since=LATE.first_day)

    assert dict(contents(tmp_path)) == dict(contents(mapped))


def test_change_follows_the_mines_of_both_maps(mapped: Path) -> None:
    table = pd.read_csv(mapped / "changes.csv")
    candidates = pd.concat(
        pd.read_csv(mapped / name / "candidates.csv") for name in (EARLY.name, LATE.name)
    )

    assert len(table) >= 3
    assert table[f"area_ha_{EMPTY.name}"].isna().all()
    assert set(table[f"state_{EMPTY.name}"]) == {"hidden"}
    both = table[[f"area_ha_{EARLY.name}", f"area_ha_{LATE.name}"]].max(axis=1)
    assert both.min() >= 0.27
    assert both.sum() < 1.5 * candidates["area_ha"].sum()


def test_the_page_of_change_shows_the_true_colour_of_each_map(mapped: Path) -> None:
    data = page_json((mapped / "changes.html").read_text())

    early, late, empty = cast("list[dict[str, dict[str, str]]]", data["periods"])
    images = [early["image"], late["image"]]
    assert [(mapped / image["href"]).is_file() for image in images] == [True, True]
    assert images[0]["bounds"] == images[1]["bounds"]
    assert not empty["is_mapped"]
    assert not empty["image"]


def test_few_dates_are_not_observed_rather_than_no_mine(
    mapper: Mapper, mapped: Path, tmp_path: Path
) -> None:
    mapper(tmp_path, EARLY, min_dates=2)
    (few,), (all_,) = (
        {
            path.name: np.isnan(read_planes(path)["probability"]).mean()
            for path in sorted((folder / EARLY.name / "probability").glob("*.tif"))[:1]
        }.items()
        for folder in (tmp_path, mapped)
    )

    assert few[0] == all_[0]
    assert few[1] > all_[1]


def test_periods_that_overlap_those_of_the_folder_are_refused(
    mapper: Mapper, mapped: Path
) -> None:
    with pytest.raises(RegionError, match="overlap"):
        mapper(mapped, Period.parse("2016"))


def test_periods_without_any_scene_are_refused(mapper: Mapper, tmp_path: Path) -> None:
    with pytest.raises(NotCoveredError, match="2018"):
        mapper(tmp_path, EMPTY)


def test_one_period_is_too_few_for_change(mapper: Mapper, tmp_path: Path) -> None:
    mapper(tmp_path, EARLY)

    with pytest.raises(RegionError, match="needs two"):
        write_change(tmp_path, RULE, since=None)


def test_a_folder_of_one_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegionError, match="minecover map"):
        write_change(tmp_path, RULE, since=None)
