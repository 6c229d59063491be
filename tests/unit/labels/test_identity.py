"""Identity of labels: own ids, else places; parts that lie apart."""

import numpy as np
import pytest
import shapely

from minecover.labels.identity import label_ids, own_ids
from minecover.labels.parts import split_parts


def box(lon: float, lat: float = -2.5, half: float = 0.002) -> shapely.Polygon:
    return shapely.box(lon - half, lat - half, lon + half, lat + half)


def ids(own: list[str], *shapes: shapely.Geometry) -> list[str]:
    parts, row = split_parts(np.array(shapes, object))
    return label_ids([own[i] for i in row], row, parts)


@pytest.mark.parametrize(
    ("label_id", "name", "own"),
    [
        pytest.param(["7", "8"], ["a", "a"], ["7", "8"], id="ids before names"),
        pytest.param(["", ""], ["Rubaya 1", "São João"], ["Rubaya-1", "Sao-Joao"], id="names"),
        pytest.param(["", ""], ["a", "a"], ["a", "a"], id="of one name"),
        pytest.param(["", ""], ["", "鉱山"], ["", ""], id="no letters for a file name"),
        pytest.param([""], ["background 1"], ["mine-background-1"], id="a layout's name"),
    ],
)
def test_a_label_has_the_id_or_name_of_its_own_row(
    label_id: list[str], name: list[str], own: list[str]
) -> None:
    assert own_ids(label_id, name) == own


def test_labels_of_one_name_have_their_places_too() -> None:
    """Files ignore case."""
    assert ids(["pit", "PIT", "b"], box(28), box(28.2), box(29)) == [
        "pit-e028000s02500",
        "PIT-e028200s02500",
        "b",
    ]


def test_labels_of_one_name_and_place_are_numbered() -> None:
    assert ids(["pit", "Pit"], box(28), box(28, half=0.003)) in (
        ["pit-e028000s02500", "Pit-e028000s02500-2"],
        ["pit-e028000s02500-2", "Pit-e028000s02500"],
    )


def test_a_label_without_a_name_is_called_by_its_place() -> None:
    assert ids(["", "", "pit"], box(28), box(-44.2, 3), box(29)) == [
        "e028000s02500",
        "w044200n03000",
        "pit",
    ]


def test_labels_of_one_place_are_numbered_in_any_order_of_rows() -> None:
    small, large = box(28), box(28, half=0.003)

    assert ids(["", ""], small, large) == ids(["", ""], large, small)[::-1]
    assert len(set(ids(["", ""], small, large))) == 2


def test_parts_that_lie_apart_are_labels_of_their_own() -> None:
    shape = shapely.MultiPolygon([box(28), box(28.2)])

    shapes, row = split_parts(np.array([shape, box(30)], object))

    assert row.tolist() == [0, 0, 1]
    assert shapes[0].equals(box(28))
    assert ids(["all", "b"], shape, box(30)) == ["all-e028000s02500", "all-e028200s02500", "b"]


@pytest.mark.parametrize(
    "gap",
    [pytest.param(0.0, id="cut by a map sheet"), pytest.param(0.0002, id="22 m apart")],
)
def test_parts_within_a_pixel_are_one_label(gap: float) -> None:
    shape = shapely.MultiPolygon([box(28), box(28.004 + gap)])

    shapes, _ = split_parts(np.array([shape], object))

    assert shapes.tolist() == [shape]


def test_the_halves_of_a_mine_at_180_degrees_are_one_label() -> None:
    shape = shapely.MultiPolygon(
        [shapely.box(179.99, -17, 180, -16.99), shapely.box(-180, -17, -179.99, -16.99)]
    )

    shapes, _ = split_parts(np.array([shape], object))

    assert len(shapes) == 1
    assert ids([""], shape)[0].endswith("180000s16995")
