"""Labels burned onto a grid: pixels, dates, the ignored ring, verdicts."""

from datetime import date

import geopandas as gpd
import numpy as np
import pytest
import shapely

from minecover.core.grid import Grid
from minecover.labels.burning import (
    ground_kinds,
    kind_plane,
    label_cube,
    label_plane,
    labels_of_site,
)

GRID = Grid.around("EPSG:32635", 700_000, -200_000, size_px=6)
DAY = date(2017, 1, 15)


def rectangle(rows: tuple[int, int], cols: tuple[int, int]) -> shapely.Polygon:
    """Ground of whole pixels, a metre inside their outer edges."""
    left, _, _, top = GRID.bounds
    return shapely.box(
        left + 30 * cols[0] + 1, top - 30 * rows[1] + 1,
        left + 30 * cols[1] - 1, top - 30 * rows[0] - 1,
    )  # fmt: skip


def table(*rows: tuple[str, str, str, shapely.Polygon]) -> gpd.GeoDataFrame:
    kind, seen_from, seen_to, geometry = zip(*rows, strict=True)
    columns = {"kind": kind, "seen_from": seen_from, "seen_to": seen_to}
    return gpd.GeoDataFrame(columns, geometry=list(geometry), crs=GRID.crs)


def as_text(labels: gpd.GeoDataFrame, *, day: date = DAY, ring: int = 0) -> list[str]:
    """The label plane as text: # mine, . not labelled, ? ignore."""
    plane = label_plane(labels, GRID, day=day, ignore_ring_m=30 * ring)
    assert plane.dtype == np.int8
    return ["".join({1: "#", 0: ".", -1: "?"}[v] for v in row) for row in plane.tolist()]


MINE = rectangle((2, 4), (1, 3))


def test_every_pixel_that_a_mine_touches_is_labelled() -> None:
    grown = shapely.box(*MINE.bounds).buffer(2, join_style="mitre")

    assert as_text(table(("mine", "", "", MINE))) == [
        "......",
        "......",
        ".##...",
        ".##...",
        "......",
        "......",
    ]
    assert as_text(table(("mine", "", "", grown))) == [
        "......",
        "####..",
        "####..",
        "####..",
        "####..",
        "......",
    ]


def test_the_ring_lies_outside_and_turns_corners() -> None:
    assert as_text(table(("mine", "", "", MINE)), ring=1) == [
        "......",
        "????..",
        "?##?..",
        "?##?..",
        "????..",
        "......",
    ]


def test_a_mine_beyond_the_edge_has_its_ring_inside() -> None:
    beyond = rectangle((2, 4), (6, 8))

    assert as_text(table(("mine", "", "", beyond)), ring=1) == [
        "......",
        ".....?",
        ".....?",
        ".....?",
        ".....?",
        "......",
    ]


def test_ignored_ground_overrides_mines() -> None:
    unsure = rectangle((3, 6), (0, 2))

    assert as_text(table(("ignore", "", "", unsure), ("mine", "", "", MINE))) == [
        "......",
        "......",
        ".##...",
        "??#...",
        "??....",
        "??....",
    ]


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        pytest.param("confirmed", "?###?.", id="a mine on ignored ground"),
        pytest.param("rejected", "?#....", id="no mine where one was annotated"),
        pytest.param("unsure", "?#??..", id="neither"),
    ],
)
def test_a_verdict_overrides_annotations(kind: str, row: str) -> None:
    plane = as_text(
        table(
            ("mine", "", "", rectangle((2, 3), (1, 3))),
            ("ignore", "", "", rectangle((2, 3), (3, 4))),
            (kind, "", "", rectangle((2, 3), (2, 4))),
        ),
        ring=1,
    )

    assert plane[2] == row


@pytest.mark.parametrize("kind", ["rejected", "look_alike"])
def test_ground_of_one_kind_is_marked_and_is_no_mine(kind: str) -> None:
    labels = table(("mine", "", "", MINE), (kind, "", "", rectangle((0, 1), (4, 6))))

    plane = kind_plane(labels.to_crs("EPSG:4326"), GRID, kind)

    assert np.argwhere(plane == 1).tolist() == [[0, 4], [0, 5]]
    assert as_text(labels)[0] == "......"


def test_the_mask_of_another_chip_does_not_count() -> None:
    labels = table(("mine", "", "", MINE), ("mine", "", "", MINE), ("rejected", "", "", MINE))

    chosen = labels_of_site(labels.assign(site_id=["a", "b", ""]), "a")

    assert chosen["site_id"].tolist() == ["a", ""]
    assert labels_of_site(labels, "a") is labels


@pytest.mark.parametrize(
    ("seen_from", "seen_to", "is_seen"),
    [
        pytest.param("", "", True, id="always"),
        pytest.param("2017-01-15", "", True, id="from this day on"),
        pytest.param("2017-01-16", "", False, id="from the next day on"),
        pytest.param("", "2017-01-15", True, id="up to this day"),
        pytest.param("", "2017-01-14", False, id="up to the day before"),
        pytest.param("2016-12-01", "2017-02-01", True, id="meanwhile"),
    ],
)
def test_a_mine_counts_on_the_days_it_was_seen(
    seen_from: str, seen_to: str, is_seen: bool
) -> None:
    plane = label_plane(
        table(("mine", seen_from, seen_to, MINE)), GRID, day=DAY, ignore_ring_m=30
    )

    assert plane.any() == is_seen
    assert (plane == 1).sum() == 4 * is_seen


def test_points_and_truth_label_nothing() -> None:
    labels = table(("truth", "", "", MINE), ("point", "", "", MINE))

    assert not label_plane(labels, GRID, day=DAY, ignore_ring_m=30).any()


def test_a_site_has_one_plane_per_date_and_the_truth() -> None:
    new = table(("mine", "2017-01-20", "", MINE), ("truth", "", "", rectangle((0, 1), (0, 6))))
    dates = (date(2017, 1, 15), date(2017, 1, 31))

    label, truth = label_cube(new.to_crs("EPSG:4326"), GRID, dates, ignore_ring_m=0)

    assert label.sum(axis=(1, 2)).tolist() == [0, 4]
    assert [label.dtype, truth.dtype] == [np.dtype(np.int8)] * 2
    assert truth.sum(axis=1).tolist() == [6, 0, 0, 0, 0, 0]


def test_without_labels_of_truth_it_is_unknown_everywhere() -> None:
    labels = table(("mine", "", "", MINE)).to_crs("EPSG:4326")

    _, truth = label_cube(labels, GRID, (DAY,), ignore_ring_m=0)

    assert np.unique(truth).tolist() == [-1]


def test_far_labels_label_nothing() -> None:
    far = gpd.GeoDataFrame(
        {"kind": ["mine"], "seen_from": [""], "seen_to": [""]},
        geometry=[shapely.box(-44.2, -20.2, -44.1, -20.1)],
        crs="EPSG:4326",
    )

    label, _ = label_cube(far, GRID, (DAY,), ignore_ring_m=60)

    assert not label.any()


def test_look_alikes_and_ignored_chips_say_what_the_ground_is() -> None:
    labels = table(
        ("look_alike", "", "", rectangle((0, 2), (0, 3))),
        ("look_alike", "", "", rectangle((4, 6), (0, 3))),
        ("ignore", "", "", rectangle((0, 6), (5, 6))),
        ("ignore", "", "", rectangle((0, 6), (4, 5))),
        ("mine", "", "", rectangle((3, 4), (0, 3))),
    ).assign(name=["river bar", "", "industrial", "a pit", "a mine"])
    of_chip = labels.assign(site_id=["", "", "chip", "", ""]).to_crs("EPSG:4326")

    found = ground_kinds(of_chip, GRID)

    assert found is not None
    assert found.names == ("industrial", "river bar")
    assert found.code.tolist() == [[1, 1, 1, -1, -1, 0]] * 2 + [[-1] * 5 + [0]] * 4
    # Outlines that a user ignores by name are mines, whatever they are called.
    no_chip = ground_kinds(labels.to_crs("EPSG:4326"), GRID)
    assert no_chip is not None
    assert no_chip.names == ("river bar",)
