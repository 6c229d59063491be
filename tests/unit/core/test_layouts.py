"""Layouts of sites, and their grouping."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from minecover.core.errors import SiteError
from minecover.core.grid import project
from minecover.core.lattice import LANDSAT
from minecover.core.layouts import Background, Centred, Tiled
from minecover.core.sites import Site, grouped, square
from minecover.labels import label_table


def labels(*lonlat: tuple[float, float], half_deg: float = 0.001) -> gpd.GeoDataFrame:
    return label_table(
        gpd.GeoDataFrame(
            {
                "label_id": [f"mine{i}" for i in range(len(lonlat))],
                "kind": "mine",
                "name": "",
                "seen_from": "",
                "seen_to": "",
            },
            geometry=[
                shapely.box(x - half_deg, y - half_deg, x + half_deg, y + half_deg)
                for x, y in lonlat
            ],
            crs="EPSG:4326",
        )
    )


def centred(jitter_m: float = 1500, seed: int = 7) -> Centred:
    return Centred(around="mine", size_m=3000, halo_m=240, jitter_m=jitter_m, seed=seed)


def offset(site: Site, lon: float, lat: float) -> tuple[int, int]:
    """Return row and column of a point relative to the centre of the site."""
    row, col = site.grid.rowcol(*project(lon, lat, site.grid.crs))
    return row - 50, col - 50


def test_without_jitter_the_mine_is_centred() -> None:
    (site,) = centred(jitter_m=0)(labels((28.5, -2.0)))

    assert max(map(abs, offset(site, 28.5, -2.0))) <= 1
    assert site.grid.is_on(LANDSAT)
    assert site.read_grid.shape == (116, 116)


def test_jitter_spreads_the_mines_over_the_site() -> None:
    places = [(28.0 + 0.1 * i, -2.0) for i in range(40)]

    sites = centred()(labels(*places))

    rows, cols = np.array([offset(s, *p) for s, p in zip(sites, places, strict=True)]).T
    assert rows.min() < -35
    assert rows.max() > 35
    assert cols.min() < -35
    assert cols.max() > 35


def test_a_jittered_site_still_contains_its_mine() -> None:
    table = labels(*[(28.0 + 0.1 * i, 1.0) for i in range(40)])

    sites = centred()(table)

    assert all(
        square(site.grid).intersects(mine)
        for site, mine in zip(sites, table.geometry, strict=True)
    )


def test_jitter_does_not_depend_on_the_other_labels() -> None:
    alone = centred()(labels((28.5, -2.0)))
    together = centred()(labels((28.5, -2.0), (29.5, -2.0)))

    assert together[0] == alone[0]


def test_a_moved_vertex_moves_no_site() -> None:
    before = labels((28.5, -2.0), half_deg=0.002)
    after = before.copy()
    ring = [(28.4981, -2.002), (28.502, -2.002), (28.502, -1.998), (28.498, -1.998)]
    after.geometry = [shapely.Polygon(ring)]

    assert centred()(after) == centred()(before)


def test_an_outline_at_180_degrees_has_its_site_there() -> None:
    table = labels((0, -17))
    table.geometry = [
        shapely.MultiPolygon(
            [shapely.box(179.99, -17, 180, -16.98), shapely.box(-180, -17, -179.99, -16.98)]
        )
    ]

    (site,) = centred()(table)

    assert site.grid.crs in ("EPSG:32601", "EPSG:32660")
    assert square(site.grid).intersects(table.geometry.iloc[0])


def test_a_crescent_has_its_site_on_its_ground() -> None:
    table = labels((28.5, -2.0))
    table.geometry = [shapely.Point(28.5, -2.0).buffer(0.1).difference(
        shapely.Point(28.52, -2.0).buffer(0.099))]  # fmt: skip

    (site,) = centred(jitter_m=0)(table)

    assert square(site.grid).intersects(table.geometry.iloc[0])


def test_squares_that_never_meet_their_label_are_an_error() -> None:
    with pytest.raises(SiteError, match=r"Lower sites\.layouts\.\*\.jitter_m"):
        centred(jitter_m=1e7)(labels((28.5, -2.0)))


def test_a_layout_without_labels_of_its_kind_is_an_error() -> None:
    layout = Centred(around="point", size_m=3000, halo_m=240, jitter_m=0, seed=7)

    with pytest.raises(SiteError, match="no label of kind 'point'.*found: mine"):
        layout(labels((28.5, -2.0)))


def test_tiles_cover_the_area_without_overlap() -> None:
    layout = Tiled(area=[28.50, -2.05, 28.60, -2.00], size_m=3000, halo_m=240, block_tiles=2)

    sites = layout(labels())

    outlines = [shapely.box(*site.grid.bounds) for site in sites]
    together = shapely.union_all(outlines)
    assert together.area == pytest.approx(sum(shape.area for shape in outlines))
    ground = gpd.GeoSeries([shapely.box(28.50, -2.05, 28.60, -2.00)], crs="EPSG:4326")
    assert together.contains(ground.to_crs(sites[0].grid.crs).iloc[0])
    assert all(site.grid.is_on(LANDSAT) for site in sites)


def test_a_tile_does_not_depend_on_the_requested_area() -> None:
    def tiles(area: list[float]) -> dict[str, Site]:
        layout = Tiled(area=area, size_m=3000, halo_m=240, block_tiles=2)
        return {site.site_id: site for site in layout(labels())}

    large, small = tiles([28.5, -2.1, 28.7, -2.0]), tiles([28.55, -2.05, 28.6, -2.02])

    assert small
    assert all(large[name] == site for name, site in small.items())


def test_tiles_cover_an_area_at_180_degrees(tmp_path: Path) -> None:
    parts = [shapely.box(179.98, -17, 180, -16.98), shapely.box(-180, -17, -179.98, -16.98)]
    path = tmp_path / "area.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.MultiPolygon(parts)], crs="EPSG:4326").to_file(path)

    sites = Tiled(area=str(path), size_m=3000, halo_m=240, block_tiles=2)(labels())

    assert 4 <= len(sites) <= 9


@pytest.mark.parametrize(
    ("area", "message"),
    [
        pytest.param([10, -2, 40, -1], "its UTM zone", id="five zones"),
        pytest.param([592000, -2227000, 593000, -2226000], "in degrees", id="metres"),
        pytest.param([179, -2, 181, -1], "RFC 7946", id="beyond 180"),
        pytest.param([28, -2, 29], "in degrees", id="three numbers"),
    ],
)
def test_an_area_that_cannot_be_tiled_is_refused(area: list[float], message: str) -> None:
    with pytest.raises(SiteError, match=message):
        Tiled(area=area, size_m=3000, halo_m=240, block_tiles=2)(labels())


def test_an_area_is_all_layers_of_a_file_or_one(tmp_path: Path) -> None:
    path = tmp_path / "area.gpkg"
    for name, lon in (("west", 28.50), ("east", 28.60)):
        ground = shapely.box(lon, -2.05, lon + 0.05, -2.0)
        gpd.GeoDataFrame(geometry=[ground], crs="EPSG:4326").to_file(path, layer=name)
    layout = Tiled(area=str(path), size_m=3000, halo_m=240, block_tiles=2)

    both, west, east = (
        {site.site_id for site in replace(layout, layer=layer)(labels())}
        for layer in (None, "west", "east")
    )

    assert both == west | east
    assert not west & east


@pytest.mark.parametrize("name", ["missing.gpkg", "x.txt", "naive.gpkg"])
@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_file_that_is_no_area_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.txt").write_text("hello")
    gpd.GeoDataFrame(geometry=[shapely.box(28, -2, 29, -1)]).to_file(tmp_path / "naive.gpkg")

    with pytest.raises(SiteError, match=name):
        Tiled(area=str(tmp_path / name), size_m=3000, halo_m=240, block_tiles=2)(labels())


def test_background_at_180_degrees_lies_there(tmp_path: Path) -> None:
    parts = [shapely.box(179.8, -17, 180, -16.6), shapely.box(-180, -17, -179.8, -16.6)]
    path = tmp_path / "area.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.MultiPolygon(parts)], crs="EPSG:4326").to_file(path)
    layout = Background(area=str(path), n=4, size_m=3000, halo_m=240, distance_m=3000, seed=7)

    sites = layout(labels((179.9, -16.8)))

    assert {site.grid.crs for site in sites} <= {"EPSG:32601", "EPSG:32660"}


def test_background_sites_avoid_mines_and_each_other() -> None:
    table = labels((28.5, -2.0), (28.7, -2.1))
    layout = Background(
        area=[28.3, -2.3, 28.9, -1.8], n=6, size_m=3000, halo_m=240, distance_m=3000, seed=7
    )

    sites = layout(table)

    assert len(sites) == 6
    mines = table.to_crs("EPSG:32635").union_all()
    boxes = [shapely.box(*site.grid.bounds) for site in sites]
    assert min(box.distance(mines) for box in boxes) > 2900
    assert shapely.union_all(boxes).area == pytest.approx(6 * 9e6)


def background(
    table: gpd.GeoDataFrame, area: Sequence[float] = (28.3, -3, 28.9, -2.4), n: int = 12
) -> dict[str, Site]:
    layout = Background(area=area, n=n, size_m=3000, halo_m=720, distance_m=3000, seed=7)
    return {site.site_id: site for site in layout(table)}


@pytest.mark.parametrize("number", [0, 5, 11])
def test_another_mine_takes_away_the_square_that_it_lies_on(number: int) -> None:
    before = background(labels((28.8, -2.5)))
    lost = sorted(before)[number]
    middle = square(before[lost].grid).centroid

    after = background(labels((28.8, -2.5), (middle.x, middle.y)))

    assert len(after) == len(before)
    near = {name for name in before if name not in after}
    assert lost in near
    assert len(near) <= 2
    assert all(after[name] == before[name] for name in set(before) - near)


@pytest.mark.parametrize("n", [1, 7, 11])
def test_more_squares_of_background_are_added(n: int) -> None:
    table = labels((28.8, -2.5))
    fewer, more = background(table, n=n), background(table, n=12)

    assert len(more) == 12
    assert fewer.items() <= more.items()


def test_background_uses_the_ground_that_is_left() -> None:
    # Most squares come too near to the mine in the middle; those in the corners do not.
    area = [28.44, -2.06, 28.56, -1.94]

    sites = background(labels((28.5, -2.0)), area, n=4)

    assert len(sites) == 4


def test_two_areas_of_background_have_different_names() -> None:
    table = labels((28.8, -2.5))
    one = background(table, [28.2, -3, 28.7, -2.4], 3)
    two = background(table, [29.2, -3, 29.8, -2.4], 3)

    assert len(grouped([*one.values(), *two.values()], within_m=0)) == 6


def test_tiles_of_two_zones_have_different_names_and_groups() -> None:
    def tiles(west: float) -> list[Site]:
        area = [west, -2.1, west + 0.1, -2.0]
        return Tiled(area=area, size_m=3000, halo_m=240, block_tiles=2)(labels())

    one, two = tiles(28.5), tiles(34.5)

    assert {site.grid.transform for site in one} & {site.grid.transform for site in two}
    sites = grouped([*one, *two], within_m=0)
    assert len(sites) == len(one) + len(two)
    zones = {(site.group, site.grid.crs) for site in sites}
    assert len(zones) == len({group for group, _ in zones})


def test_a_layout_that_is_there_twice_is_an_error() -> None:
    sites = list(background(labels((28.8, -2.5)), n=2).values())

    with pytest.raises(SiteError, match=r"two layouts placed a site 'background-.*separate"):
        grouped([*sites, sites[0]], within_m=0)


def test_background_without_enough_space_is_an_error() -> None:
    layout = Background(
        area=[28.49, -2.01, 28.53, -1.97], n=3, size_m=3000, halo_m=240, distance_m=3000, seed=7
    )

    with pytest.raises(SiteError, match="found space for 0 of n=3"):
        layout(labels((28.5, -2.0)))


@pytest.mark.parametrize(
    ("apart_deg", "n_groups"),
    [
        pytest.param(0.01, 1, id="overlapping"),
        pytest.param(0.035, 1, id="900 m apart"),
        pytest.param(0.06, 2, id="3.7 km apart"),
    ],
)
def test_near_sites_are_one_group(apart_deg: float, n_groups: int) -> None:
    sites = centred(jitter_m=0)(labels((28.5, -2.0), (28.5 + apart_deg, -2.0)))

    groups = {site.group for site in grouped(sites, within_m=1500)}

    assert len(groups) == n_groups


def test_a_chain_of_near_sites_is_one_group() -> None:
    sites = centred(jitter_m=0)(labels(*[(28.5 + 0.03 * i, -2.0) for i in range(5)]))

    assert {site.group for site in grouped(sites, within_m=1500)} == {"mine0"}


def test_tiles_are_grouped_by_blocks() -> None:
    layout = Tiled(area=[28.50, -2.05, 28.60, -2.00], size_m=1500, halo_m=240, block_tiles=2)

    sites = grouped(layout(labels()), within_m=0)

    sizes = [sum(s.group == group for s in sites) for group in {s.group for s in sites}]
    assert max(sizes) == 4
    assert len(sizes) > 4


def test_a_layout_without_sites_is_an_error() -> None:
    with pytest.raises(SiteError, match="placed no site"):
        grouped([], within_m=0)
