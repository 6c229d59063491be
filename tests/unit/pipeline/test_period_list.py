"""The list of maps of several periods: what it holds, what joins it, and what is refused."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from drawn_models import write_model
from products import DrawnProduct

from minecover.core.errors import NotCoveredError, RegionError
from minecover.core.files import write_json
from minecover.core.language import IN_ENGLISH
from minecover.core.periods import Period
from minecover.pipeline.map_page import PageOptions
from minecover.pipeline.period_list import PERIODS, PeriodMaps, record
from minecover.pipeline.period_maps import MapRun, map_periods
from minecover.prediction.region.area import read_area
from minecover.prediction.region.cluster import Workers
from minecover.prediction.region.map_settings import map_settings
from minecover.prediction.region.run import RUN, ground_of
from minecover.prediction.region.tile_job import MapSettings

YEARS = ("2014", "2015", "2016")


def listed(folder: Path, *periods: str, is_mapped: bool = True, **changed: Any) -> PeriodMaps:
    """Return a list of some periods, as a run makes it."""
    found = PeriodMaps(folder, [], [], 0.4, 3, "digest", "model", False)
    chosen = [Period.parse(one) for one in periods]
    return replace(found, periods=chosen, mapped=[is_mapped] * len(chosen), **changed)


def test_the_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    maps = replace(listed(tmp_path, *YEARS), mapped=[True, False, True])

    maps.write()

    assert PeriodMaps.read(tmp_path) == maps


def test_a_list_that_was_edited_is_refused(tmp_path: Path) -> None:
    listed(tmp_path, *YEARS).write()
    content = json.loads((tmp_path / PERIODS).read_text())
    del content["threshold"]
    (tmp_path / PERIODS).write_text(json.dumps(content))

    with pytest.raises(RegionError, match="edited"):
        PeriodMaps.read(tmp_path)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param({"threshold": "0.4"}, id="text"),
        pytest.param({"threshold": 1.5}, id="threshold above one"),
        pytest.param({"min_px": 0}, id="no pixel"),
        pytest.param({"model_name": None}, id="no name"),
        pytest.param({"periods": [{"days": "2015-13", "mapped": True}]}, id="no day"),
        pytest.param({"periods": [{"days": "2015", "mapped": 1}]}, id="neither true nor false"),
        pytest.param({"periods": ["2015"]}, id="no period"),
        pytest.param({"other": 1}, id="another key"),
    ],
)
def test_an_edited_list_is_refused_with_how_to_restore_it(
    tmp_path: Path, edit: dict[str, object]
) -> None:
    listed(tmp_path, *YEARS).write()
    content = json.loads((tmp_path / PERIODS).read_text())
    (tmp_path / PERIODS).write_text(json.dumps(content | edit))

    with pytest.raises(RegionError, match=r"periods\.json .*Delete it"):
        PeriodMaps.read(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_a_list_that_is_cut_off_is_refused_with_how_to_restore_it(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / PERIODS).write_text(text)

    with pytest.raises(RegionError, match=r"periods\.json .*Delete it"):
        PeriodMaps.read(tmp_path)


def test_periods_are_in_the_order_of_time_however_they_are_listed(tmp_path: Path) -> None:
    maps = replace(listed(tmp_path, *YEARS), mapped=[True, False, True])
    content = json.loads(maps.write().read_text())
    content["periods"].reverse()
    (tmp_path / PERIODS).write_text(json.dumps(content))

    assert PeriodMaps.read(tmp_path) == maps


def test_two_runs_that_map_into_one_folder_list_the_maps_of_both(tmp_path: Path) -> None:
    one, other = listed(tmp_path, "2016"), listed(tmp_path, "2014", is_simulated=True)

    with ThreadPoolExecutor(8) as threads:
        years = [listed(tmp_path, str(year)) for year in range(2001, 2009)]
        list(threads.map(record, [one, other, *years]))

    found = PeriodMaps.read(tmp_path)
    assert [period.name for period in found.periods] == [
        *(str(year) for year in range(2001, 2009)), "2014", "2016",
    ]  # fmt: skip
    # One simulated map is enough for a page that must say so.
    assert found.is_simulated


def test_a_period_without_a_map_gives_way_to_one_that_overlaps_it(tmp_path: Path) -> None:
    record(listed(tmp_path, "2016-01-01/2016-03-31", "2018", is_mapped=False))

    record(listed(tmp_path, "2016"))

    states = PeriodMaps.read(tmp_path).states
    assert {period.name: state for period, state in states.items()} == {
        "2016": True,
        "2018": False,
    }


@pytest.mark.parametrize(
    ("change", "match"),
    [
        pytest.param({"model": "other"}, "another model", id="model"),
        pytest.param({"threshold": 0.5}, "another model", id="threshold"),
        pytest.param(
            {"periods": [Period.parse("2016-12-31/2017-05-01")]}, "overlap", id="days"
        ),
    ],
)
def test_maps_that_cannot_be_compared_are_not_listed_together(
    tmp_path: Path, change: dict[str, Any], match: str
) -> None:
    record(listed(tmp_path, "2016"))

    with pytest.raises(RegionError, match=match):
        record(replace(listed(tmp_path, "2018"), **change))


@pytest.mark.parametrize(
    ("area", "tile_px", "match"),
    [
        pytest.param("27,-1,28,0", 512, "another tile_px", id="tile"),
        pytest.param("27,-1,28.5,0", 256, "another area", id="area"),
    ],
)
def test_a_period_of_another_area_or_tile_is_refused_before_it_is_mapped(
    tmp_path: Path, area: str, tile_px: int, match: str
) -> None:
    record(listed(tmp_path, "2016"))
    write_json(tmp_path / "2016" / RUN, ground_of(read_area("27,-1,28,0"), 256))
    run = MapRun(area, Workers(None, 1, 1.0), tile_px, PageOptions(IN_ENGLISH, 0))

    with pytest.raises(RegionError, match=match):
        map_periods(run, [Period.parse("2018")], never, out=tmp_path)


def never(*, out: Path, period: Period) -> MapSettings:
    """Return nothing: a period of which no settings are asked for."""
    raise AssertionError(period)


def without_scenes(*, out: Path, period: Period) -> MapSettings:
    """Return nothing: a source without scenes of any period."""
    raise NotCoveredError(f"no scene of {period}. Add some.")


def test_a_map_is_kept_if_its_scenes_are_gone(tmp_path: Path) -> None:
    record(listed(tmp_path, "2016"))
    run = MapRun("27,-1,28,0", Workers(None, 1, 1.0), 256, PageOptions(IN_ENGLISH, 0))

    counts, _ = map_periods(
        run, [Period.parse("2016"), Period.parse("2018")], without_scenes, out=tmp_path
    )

    # No tile was tried, so none is corrupt or failed.
    assert counts == {"ok": 0, "empty": 0, "cloudy": 0, "corrupt": 0, "failed": 0}
    assert list(PeriodMaps.read(tmp_path).states.values()) == [True, False]


def test_periods_without_any_scene_are_refused_with_the_reason(tmp_path: Path) -> None:
    run = MapRun("27,-1,28,0", Workers(None, 1, 1.0), 256, PageOptions(IN_ENGLISH, 0))

    with pytest.raises(NotCoveredError, match=r"2018.*no scene of 2018-01-01/2018-12-31"):
        map_periods(run, [Period.parse("2018")], without_scenes, out=tmp_path)


def test_a_period_whose_scenes_lie_elsewhere_is_not_observed(tmp_path: Path) -> None:
    write_model(tmp_path / "model.pkl", slope=2.0)
    DrawnProduct(day="2016-03-01").put(tmp_path / "products", B4=10_000, QA_PIXEL=21_824)

    def settings_of(*, out: Path, period: Period) -> MapSettings:
        products = str(tmp_path / "products")
        return map_settings(str(tmp_path / "model.pkl"), products, out, period=period)

    sha256 = settings_of(out=tmp_path, period=Period.parse("2016")).sha256
    record(listed(tmp_path, "2014", model=sha256, threshold=0.5))
    run = MapRun("-60,-10,-59.9,-9.9", Workers(None, 1, 1.0), 256, PageOptions(IN_ENGLISH, 0))

    map_periods(run, [Period.parse("2016"), Period.parse("2018")], settings_of, out=tmp_path)

    assert list(PeriodMaps.read(tmp_path).states.values()) == [True, False, False]
