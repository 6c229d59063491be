"""GeoPackages with a style, of which none is left when the disk is full."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from full_disk import largest_file

from minecover.core.styled_geopackage import write_styled_geopackage


def write(path: Path, n: int) -> None:
    shapes = [shapely.MultiPolygon([shapely.box(i, 0, i + 1, 1)]) for i in range(n)]
    table = gpd.GeoDataFrame({"name": ["x" * 200] * n}, geometry=shapes, crs="EPSG:32635")
    write_styled_geopackage(path, table, layer="a", style="<qgis/>", description="")


@pytest.mark.parametrize(
    ("n", "n_bytes"),
    [
        pytest.param(1, 0, id="nothing can be written"),
        pytest.param(1, 40_000, id="while the tables are made"),
        pytest.param(2000, 200_000, id="while rows are written"),
        pytest.param(1, 99_000, id="while the style is written"),
    ],
)
def test_a_full_disk_is_the_error_of_the_system(tmp_path: Path, n: int, n_bytes: int) -> None:
    path = tmp_path / "a.gpkg"
    write(path, 2)
    before = path.read_bytes()

    with largest_file(n_bytes), pytest.raises(OSError, match="File too large"):
        write(path, n)

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
