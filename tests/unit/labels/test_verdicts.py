"""Verdicts: checked when they are read, merged by day, turned into labels."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from minecover.core.errors import LabelError
from minecover.labels import (
    as_labels,
    merge_verdicts,
    read_reviewed,
    read_verdicts,
    write_verdicts,
)

FIELDS = (
    "candidate_id", "site_id", "verdict", "what", "who", "when", "why", "seen_from", "seen_to"
)  # fmt: skip
BLANKS = {"who": "", "when": "", "why": ""}
#: Some 300 m of ground near the equator [degrees].
SIDE = 0.003


def square(column: int, *, width: int = 1) -> shapely.Polygon:
    return shapely.box(28 + SIDE * column, -2.0, 28 + SIDE * (column + width), -2.0 + SIDE)


def row(
    candidate_id: str = "a", *, verdict: str | None = "mine", column: int = 0, width: int = 1,
    **others: str | None,
) -> dict[str, object]:  # fmt: skip
    """One reviewed candidate."""
    return {
        "candidate_id": candidate_id,
        "site_id": "s0",
        "verdict": verdict,
        "who": "ada",
        "when": "2026-03-01",
        "why": "pits",
        "geometry": square(column, width=width),
        **others,
    }


def reviewed(path: Path, *rows: dict[str, object]) -> Path:
    gpd.GeoDataFrame(list(rows), crs="EPSG:4326").to_file(path)
    return path


def verdicts(tmp_path: Path, *rows: dict[str, object]) -> gpd.GeoDataFrame:
    return read_reviewed(reviewed(tmp_path / "in.geojson", *rows), blanks=BLANKS)[0]


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson"])
def test_rows_with_a_verdict_are_read_and_the_rest_is_counted(
    tmp_path: Path, suffix: str
) -> None:
    path = reviewed(
        tmp_path / f"in{suffix}",
        row("b", verdict=" Not  Mine ", column=1),
        row("a"),
        row("c", verdict=None, column=2),
    )

    found, n_open = read_reviewed(path, blanks=BLANKS)

    assert n_open == 1
    assert found["candidate_id"].tolist() == ["a", "b"]
    assert found["verdict"].tolist() == ["mine", "not mine"]
    assert found["when"].tolist() == ["2026-03-01"] * 2


def test_blanks_are_filled_with_the_value_for_all(tmp_path: Path) -> None:
    path = reviewed(tmp_path / "in.gpkg", row(who=None, when=None), row("b", column=1))

    found, _ = read_reviewed(path, blanks={"who": "eva", "when": "2026-04-01", "why": ""})

    assert found["who"].tolist() == ["eva", "ada"]
    assert found["when"].tolist() == ["2026-04-01", "2026-03-01"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param({"verdict": "perhaps"}, "'perhaps'. Write 'mine', 'not mine'", id="word"),
        pytest.param({"verdict": None}, "1 candidates and no verdict", id="none"),
        pytest.param(
            {"verdict": "not mine", "what": "lake"},
            "row 1: what of a is 'lake'. Write 'river bar', 'slide', .* or 'other'",
            id="unknown look-alike",
        ),
        pytest.param({"what": "road"}, "Only ground that is 'not mine'", id="mine and road"),
        pytest.param({"who": None}, "has no reviewer.*--who", id="who"),
        pytest.param({"when": None}, "the date .* is missing.*--when", id="when"),
        pytest.param({"when": "2999-01-01"}, "when is .2999-01-01", id="future"),
        pytest.param({"when": "soon"}, "should be a date", id="no date"),
        pytest.param({"candidate_id": ""}, "no candidate_id", id="candidate"),
        pytest.param({"geometry": shapely.Point(28, -2)}, "polygons.*found Point", id="point"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(
    tmp_path: Path, wrong: dict[str, str | None], message: str
) -> None:
    with pytest.raises(LabelError, match=message):
        verdicts(tmp_path, {**row(), **wrong})


def test_one_candidate_has_one_verdict(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="two verdicts on a"):
        verdicts(tmp_path, row(), row(verdict="unsure"))


@pytest.mark.parametrize("name", [" a", "A", "a "])
def test_one_candidate_is_one_however_it_is_typed(tmp_path: Path, name: str) -> None:
    with pytest.raises(LabelError, match="holds two verdicts on"):
        verdicts(tmp_path, row("a"), row(name, column=3))


def test_a_shapefile_of_verdicts_keeps_ten_letters_of_a_name(tmp_path: Path) -> None:
    path = reviewed(tmp_path / "in.geojson", row("a"))
    frame = gpd.read_file(path).rename(columns={"candidate_id": "candidate_"})
    frame.assign(when="2026-03-01").to_file(tmp_path / "in.shp")

    found, _ = read_reviewed(tmp_path / "in.shp", blanks=BLANKS)

    assert found["candidate_id"].tolist() == ["a"]


def test_a_file_without_the_columns_of_verdicts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.geojson"
    gpd.GeoDataFrame({"name": ["x"]}, geometry=[square(0)], crs="EPSG:4326").to_file(path)

    with pytest.raises(LabelError, match="no column candidate_id, verdict"):
        read_reviewed(path, blanks=BLANKS)


def test_the_later_verdict_is_used(tmp_path: Path) -> None:
    known = verdicts(tmp_path, row("a"), row("b", column=1), row("c", column=2))
    new = verdicts(
        tmp_path,
        row("a", verdict="unsure", when="2026-03-02"),
        row("b", verdict="unsure", when="2026-02-28", column=1),
        row("c", column=2),
        row("d", column=3),
    )

    merge = merge_verdicts(known, new)

    assert merge.counts == {"added": 1, "replaced": 1, "unchanged": 1, "outdated": 1}
    assert merge.verdicts["candidate_id"].tolist() == ["a", "b", "c", "d"]
    assert merge.verdicts["verdict"].tolist() == ["unsure", "mine", "mine", "mine"]


def test_written_verdicts_are_read_and_importing_again_changes_no_byte(tmp_path: Path) -> None:
    path, again = tmp_path / "verdicts.geojson", tmp_path / "again.geojson"
    new = verdicts(tmp_path, row("a"), row("b", column=1, why='a "road"\nby é'))
    write_verdicts(path, merge_verdicts(read_verdicts(path), new).verdicts)

    write_verdicts(again, merge_verdicts(read_verdicts(path), new).verdicts)

    assert path.read_bytes() == again.read_bytes()
    assert read_verdicts(path)["why"].tolist() == ["pits", 'a "road"\nby é']
    assert len(json.loads(path.read_text())["features"]) == 2


@pytest.mark.parametrize(
    "geometry", [None, {"coordinates": []}, {"type": "Polygon", "coordinates": [[[0, 0]]]}]
)
def test_a_verdict_without_a_shape_is_refused(
    tmp_path: Path, geometry: dict[str, object] | None
) -> None:
    path = tmp_path / "verdicts.geojson"
    properties = dict.fromkeys(FIELDS, "") | {"verdict": "mine", "when": "2026-03-01"}
    content = {"features": [{"properties": properties, "geometry": geometry}]}
    path.write_text(json.dumps(content))

    with pytest.raises(LabelError, match="not a file of verdicts"):
        read_verdicts(path)


def test_a_broken_file_of_verdicts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.geojson"
    path.write_text('{"type": "FeatureCollection"}')

    with pytest.raises(LabelError, match="not a file of verdicts"):
        read_verdicts(path)


def test_verdicts_become_labels(tmp_path: Path) -> None:
    labels = as_labels(
        verdicts(
            tmp_path,
            row("a", seen_from="2017-01-01"),
            row("b", verdict="not mine", column=2),
            row("c", verdict="unsure", column=4),
        )
    ).set_index("label_id")

    assert labels["kind"].to_dict() == {"a": "confirmed", "b": "rejected", "c": "unsure"}
    assert labels.loc["a", "seen_from"] == "2017-01-01"


def test_ground_that_is_no_mine_is_a_look_alike_of_the_kind_that_was_said(
    tmp_path: Path,
) -> None:
    labels = as_labels(
        verdicts(
            tmp_path,
            row("a", verdict="not mine", what=" River  Bar "),
            row("b", verdict="not mine", column=2),
        )
    )

    found = labels[["label_id", "kind", "name"]].to_numpy().tolist()
    assert found == [
        ["b", "rejected", ""],
        ["a", "rejected", "river bar"],
        ["a", "look_alike", "river bar"],
    ]
    assert labels.geometry.iloc[1].equals(labels.geometry.iloc[2])


def test_what_the_ground_is_is_kept_in_the_file_of_verdicts(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.geojson"

    write_verdicts(path, verdicts(tmp_path, row(verdict="not mine", what="slide")))

    assert read_verdicts(path)["what"].tolist() == ["slide"]


def test_verdicts_of_before_the_field_are_read_without_it(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.geojson"
    write_verdicts(path, verdicts(tmp_path, row(verdict="not mine")))
    content = json.loads(path.read_text())
    del content["features"][0]["properties"]["what"]
    path.write_text(json.dumps(content))

    found = read_verdicts(path)

    assert found["what"].tolist() == [""]
    assert as_labels(found)["kind"].tolist() == ["rejected"]


def test_an_unknown_look_alike_in_the_file_of_verdicts_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.geojson"
    write_verdicts(path, verdicts(tmp_path, row(verdict="not mine", what="slide")))
    path.write_text(path.read_text().replace('"slide"', '"landslip"'))

    with pytest.raises(LabelError, match="what of a is 'landslip'. Write 'river bar'"):
        read_verdicts(path)


def test_no_verdicts_are_no_labels(tmp_path: Path) -> None:
    assert as_labels(read_verdicts(tmp_path / "none.geojson")).empty


def test_of_two_verdicts_on_the_same_ground_the_later_counts(tmp_path: Path) -> None:
    labels = as_labels(
        verdicts(
            tmp_path,
            row("wide", when="2026-03-01", width=3),
            row("middle", verdict="not mine", when="2026-03-02", column=1),
            row("covered", verdict="unsure", when="2026-02-01", column=1),
        )
    ).set_index("label_id")

    assert sorted(labels.index) == ["middle", "wide"]
    assert labels.geometry["middle"].equals(square(1))
    assert not labels.geometry["wide"].intersects(square(1))
    assert labels.geometry["wide"].area == pytest.approx(2 * SIDE**2, rel=0.02)


def test_a_verdict_of_tomorrow_is_taken_where_it_is_tomorrow(tmp_path: Path) -> None:
    there = datetime.now(timezone(timedelta(hours=14))).date().isoformat()

    assert verdicts(tmp_path, row(when=there))["when"].tolist() == [there]


def test_columns_of_verdicts_are_found_in_any_case(tmp_path: Path) -> None:
    upper = {name.upper(): value for name, value in row().items() if name != "geometry"}

    found = verdicts(tmp_path, {**upper, "geometry": square(0)})

    assert found["candidate_id"].tolist() == ["a"]
    assert found["when"].tolist() == ["2026-03-01"]


def test_a_verdict_day_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="row 2: when should be a date.*'03/04/2026'"):
        verdicts(tmp_path, row(), row("b", column=1, when="03/04/2026"))


def test_an_unknown_format_of_a_verdict_names_the_key_and_what_would_read_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(LabelError, match=r"set labels\.date_format.*'%d\.%m\.%Y' would"):
        verdicts(tmp_path, row(when="25.3.2026"))


def test_verdicts_have_iso_days_and_those_of_the_configured_format(tmp_path: Path) -> None:
    rows = (
        row("a", when="25.03.2026", seen_from="01.02.2019", seen_to="28.02.2019"),
        row("b", column=1, when="2026-03-25"),
    )
    path = reviewed(tmp_path / "in.geojson", *rows)

    found, _ = read_reviewed(path, blanks=BLANKS, date_format="%d.%m.%Y")

    assert found["when"].tolist() == ["2026-03-25"] * 2
    assert found["seen_from"].tolist() == ["2019-02-01", ""]
    assert found["seen_to"].tolist() == ["2019-02-28", ""]


def test_a_year_in_which_a_verdict_holds_ends_in_december(tmp_path: Path) -> None:
    path = reviewed(tmp_path / "in.geojson", row(seen_from="2018", seen_to="2019"))

    found, _ = read_reviewed(path, blanks=BLANKS, date_format="%Y")

    assert (found["seen_from"][0], found["seen_to"][0]) == ("2018-01-01", "2019-12-31")


def test_the_file_of_verdicts_is_read_in_the_configured_format(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.geojson"
    write_verdicts(path, verdicts(tmp_path, row(), row("b", column=1)))
    path.write_text(path.read_text().replace("2026-03-01", "1.3.2026", 1))

    assert read_verdicts(path, "%d.%m.%Y")["when"].tolist() == ["2026-03-01"] * 2


def test_the_day_for_all_is_not_guessed(tmp_path: Path) -> None:
    path = reviewed(tmp_path / "in.geojson", row(when=None))

    with pytest.raises(LabelError, match="--when: '01/03/2026' is not a date"):
        read_reviewed(path, blanks={**BLANKS, "when": "01/03/2026"})


def test_a_verdict_whose_period_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="row 1: seen_to lies before seen_from"):
        verdicts(tmp_path, row(seen_from="2019-12-31", seen_to="2019-01-01"))


def test_dates_of_a_row_without_a_verdict_are_checked(tmp_path: Path) -> None:
    swapped = row("b", verdict="", seen_from="2019-12-31", seen_to="2019-01-01")

    with pytest.raises(LabelError, match="row 2: seen_to lies before seen_from"):
        verdicts(tmp_path, row("a"), swapped)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            '"2026-03-01"', '"1.3.2026"', r"row 1: when .*labels\.date_format", id="day"
        ),
        pytest.param(
            '"verdict": "mine"', '"verdict": "Mine?"', "not a file of verdicts", id="word"
        ),
    ],
)
def test_verdicts_edited_by_hand_are_checked(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "verdicts.geojson"
    write_verdicts(path, verdicts(tmp_path, row()))
    path.write_text(path.read_text().replace(old, new))

    with pytest.raises(LabelError, match=message):
        read_verdicts(path)


@pytest.mark.parametrize("name", ["candidates.csv", "reviewed.XLSX"])
def test_a_table_of_a_spreadsheet_is_told_what_it_lacks(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes("\ufefflat;lon;candidate_id;verdict\n1;2;map-N35-E1-S1;mine\n".encode())

    with pytest.raises(LabelError, match=r"without the outlines .* review.gpkg"):
        read_reviewed(path, blanks={"who": "Ada", "when": "2026-03-01", "why": ""})
