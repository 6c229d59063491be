"""The table of sites: what is written comes back, and a table without a column is refused."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from minecover.core.errors import SiteError
from minecover.core.grid import Grid
from minecover.core.layouts import Background, Centred
from minecover.core.sites import Site, read_sites, write_sites
from minecover.labels.identity import label_ids, own_ids

GRID = Grid.around("EPSG:32635", 700_000, -200_000, size_px=10)


def test_sites_round_trip(tmp_path: Path) -> None:
    sites = [
        Site("ordinary", "a", GRID, 2, is_background=True),
        Site("tunnel", "b", GRID.cut(0, 50, 10, 60), 2),
    ]

    write_sites(tmp_path / "sites.parquet", sites)

    assert read_sites(tmp_path / "sites.parquet") == sites


def test_a_table_without_the_column_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "sites.parquet"
    write_sites(path, [Site("background0000", "a", GRID, 2)])
    gpd.read_parquet(path).drop(columns="is_background").to_parquet(path)

    with pytest.raises(SiteError, match=r"no column is_background.*Run `dvc repro sites`"):
        read_sites(path)


def test_the_layout_says_which_sites_are_background() -> None:
    nothing = gpd.GeoDataFrame({"kind": []}, geometry=[], crs="EPSG:4326")
    layout = Background(
        area=[28.0, -2.0, 28.5, -1.5], n=2, size_m=300, halo_m=0, distance_m=0, seed=7
    )

    assert [site.is_background for site in layout(nothing)] == [True, True]


def test_sites_around_background_points_are_background_whatever_their_names() -> None:
    points = [shapely.Point(28.5, -2.0), shapely.Point(28.6, -2.0), shapely.Point(28.7, -2.0)]
    table = gpd.GeoDataFrame(
        {
            "label_id": ["background-mine", "ordinary", "other"],
            "kind": ["point", "background", "mine"],
        },
        geometry=points,
        crs="EPSG:4326",
    )

    sites = Centred(around="point", size_m=300, halo_m=0, jitter_m=0, seed=7)(table)

    assert [(site.site_id, site.is_background) for site in sites] == [
        ("background-mine", False),
        ("ordinary", True),
    ]


def mines(*named: tuple[str, float]) -> gpd.GeoDataFrame:
    """Read a file of mines, each of a name and at a longitude, as the build does."""
    names, places = zip(*named, strict=True)
    shapes = [shapely.box(lon, -2.002, lon + 0.004, -1.998) for lon in places]
    rows = list(range(len(names)))
    own = own_ids([""] * len(names), list(names))
    found = label_ids(own, np.array(rows), np.array(shapes, object))
    return gpd.GeoDataFrame(
        {"label_id": found, "kind": "mine"}, geometry=shapes, crs="EPSG:4326"
    )


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([("Kamituga", 28.9)], id="of the same name"),
        pytest.param([("KAMITUGA", 28.9), ("Kamituga", 29.3)], id="of the name in capitals"),
        pytest.param([("Lugushwa", 28.9)], id="of another name"),
        pytest.param([("", 28.9)], id="without a name"),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_another_mine_moves_no_site(others: list[tuple[str, float]], is_first: bool) -> None:
    """The square of a mine follows from its own name and place alone."""
    layout = Centred(around="mine", size_m=3000, halo_m=0, jitter_m=1500, seed=7)
    own = ("Kamituga", 28.5)

    (alone,) = layout(mines(own))
    together = layout(mines(*([own, *others] if is_first else [*others, own])))

    assert alone.grid in [site.grid for site in together]
    assert len({site.grid for site in together}) == 1 + len(others)
    assert len({site.site_id.casefold() for site in together}) == 1 + len(others)
