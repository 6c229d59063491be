"""Places of sites: coarse boxes, a bounded number of them, and which sites lie in them."""

import pytest

from minecover.core.grid import Grid
from minecover.core.places import CELL, REAL, Places, ground_name
from minecover.core.sites import Site


def site(name: str, *, x_m: float = 700_000, y_m: float = -200_000) -> Site:
    """A site of 3 km; a degree is about 111 km here."""
    return Site(name, "", Grid.around("EPSG:32635", x_m, y_m, size_px=100), 24)


def test_boxes_are_whole_cells_around_the_sites() -> None:
    places = Places.of([site("a")], REAL)

    ((west, south, east, north),) = places.boxes
    assert all(round(edge / CELL) * CELL == pytest.approx(edge) for edge in places.boxes[0])
    assert 0.02 < east - west < 0.06
    assert 0.02 < north - south < 0.06
    assert places.bounds == (west, south, east, north)


def test_ground_is_shared_where_a_site_reaches_into_a_box() -> None:
    places = Places.of([site("a")], REAL)
    tried = [site("same"), site("beside", x_m=702_500), site("far", x_m=710_000)]

    assert places.shared_with(tried, REAL) == ["same", "beside"]


def test_worlds_of_two_seeds_share_no_ground() -> None:
    seven, eight = (ground_name(is_simulated=True, seed=seed) for seed in (7, 8))
    places = Places.of([site("a")], seven)

    assert places.shared_with([site("a")], seven) == ["a"]
    assert places.shared_with([site("a")], eight) == []
    assert places.shared_with([site("a")], ground_name(is_simulated=False, seed=7)) == []


def test_places_are_written_and_read() -> None:
    places = Places.of([site("a"), site("b", x_m=800_000)], REAL)

    assert Places.from_dict(places.to_dict()) == places


def test_many_places_become_fewer_and_larger_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minecover.core.places.MOST_BOXES", 3)
    row = [site(f"s{k}", x_m=700_000 + 5_000 * k) for k in range(8)]

    places = Places.of(row, REAL)

    assert len(places.boxes) <= 3
    assert places.cell > CELL
    assert places.shared_with(row, REAL) == [one.site_id for one in row]


def test_a_site_across_the_antimeridian_has_two_boxes() -> None:
    grid = Grid.around("EPSG:32601", 166_021, 0, size_px=100)

    places = Places.of([Site("date line", "", grid, 0)], REAL)

    assert len(places.boxes) == 2
    assert {box[0] < 0 for box in places.boxes} == {True, False}
    assert places.shared_with([Site("again", "", grid, 0)], REAL) == ["again"]
