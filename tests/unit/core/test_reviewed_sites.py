"""Verdicts that lie on no site get sites of their own, in the groups of their neighbours."""

import geopandas as gpd
import shapely

from minecover.core.grid import Grid
from minecover.core.reviewed_sites import ReviewedSites
from minecover.core.sites import Site, grouped, square

CRS = "EPSG:32635"
LAYOUT = ReviewedSites(size_m=3000, halo_m=720, jitter_m=1500, seed=7)
#: A tile of a layout that groups its own sites.
TILE = Site("tile", "block", Grid.around(CRS, 700_000, -200_000, size_px=100), 24)


def verdicts(**places: tuple[float, float]) -> gpd.GeoDataFrame:
    """Return verdicts on outlines of 120 m, by easting and northing."""
    shapes = [shapely.box(x, y, x + 120, y + 120) for x, y in places.values()]
    table = gpd.GeoDataFrame({"label_id": list(places)}, geometry=shapes, crs=CRS)
    return table.to_crs("EPSG:4326")


def test_a_verdict_on_no_site_gets_one_that_meets_it() -> None:
    table = verdicts(away=(720_000, -200_000), on_tile=(700_000, -200_000))

    (site,) = LAYOUT(table, [TILE])

    assert (site.site_id, site.group, site.halo_px) == ("away", "", 24)
    assert site.grid.shape == (100, 100)
    assert square(site.grid).intersects(table.geometry[0])


def test_verdicts_side_by_side_share_a_site() -> None:
    table = verdicts(first=(720_000, -200_000), second=(720_150, -200_000))

    assert [site.site_id for site in LAYOUT(table, [TILE])] == ["first"]


def test_a_site_does_not_depend_on_other_verdicts() -> None:
    one = verdicts(b=(720_000, -200_000))
    two = verdicts(a=(740_000, -200_000), b=(720_000, -200_000))

    assert LAYOUT(one, [TILE]) == LAYOUT(two, [TILE])[1:]


def test_sites_beside_a_tile_join_its_group_and_bring_their_neighbours() -> None:
    left, bottom, right, top = TILE.grid.bounds
    x, y = (left + right) / 2, (bottom + top) / 2
    beside, chained, far = (
        Site(name, "", Grid.around(CRS, x + east, y, size_px=100), 24)
        for name, east in (("a beside", 3500), ("b chained", 7000), ("c far", 30_000))
    )

    groups = {
        site.site_id: site.group
        for site in grouped([TILE, beside, chained, far], within_m=1500)
    }

    assert groups == {
        "tile": "block",
        "a beside": "block",
        "b chained": "block",
        "c far": "c far",
    }
