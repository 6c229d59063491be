"""Outlines of objects in degrees: cut at the antimeridian, with a point inside."""

import numpy as np
import pandas as pd
import pytest
import shapely

from minecover.core.grid import Grid, project
from minecover.reporting.candidates.objects import ObjectPixels, objects_of, ranked

DISC = np.hypot(*np.indices((40, 40)) - 19.5) < 12
CRESCENT = DISC & (np.hypot(*(np.indices((40, 40)).T - [19.5, 25]).T) > 10)
BARS = np.zeros((40, 40), np.bool_)
BARS[10:30, 5:12] = BARS[10:30, 28:35] = True


def objects(mask: np.ndarray, crs: str, lon: float, lat: float = -17.0) -> ObjectPixels:
    """One object of the pixels of a mask, around a place."""
    row, col = np.nonzero(mask)
    n = len(row)
    return ObjectPixels(
        zone=crs,
        lattice=Grid.around(crs, *project(lon, lat, crs), size_px=40),
        row=row,
        col=col,
        number=np.zeros(n, np.int64),
        probability=np.full(n, 0.9),
        site=np.zeros(n, np.int64),
        site_ids=["site"],
        at_edge=np.zeros(n, np.bool_),
    )


@pytest.mark.parametrize("crs", ["EPSG:32660", "EPSG:32601"])
@pytest.mark.parametrize("mask", [DISC, CRESCENT, BARS], ids=["disc", "crescent", "two parts"])
@pytest.mark.parametrize("lat", [-17.0, 67.0])
def test_an_object_at_180_degrees_is_cut_there(crs: str, mask: np.ndarray, lat: float) -> None:
    pixels = objects(mask, crs, 180.0, lat)

    (found,) = objects_of(pixels).itertuples()

    parts = shapely.get_parts(found.geometry)
    assert {part.bounds[0] > 0 for part in parts} == {True, False}
    assert max(part.bounds[2] - part.bounds[0] for part in parts) < 0.05
    assert found.geometry.covers(shapely.Point(found.lon, found.lat))
    assert found.geometry.is_valid


def test_an_object_at_180_degrees_in_two_zones_is_one() -> None:
    first = objects_of(objects(DISC, "EPSG:32660", 180.0))
    second = objects_of(objects(DISC, "EPSG:32601", -180.0))

    found = ranked(pd.concat([first, second], ignore_index=True))

    assert len(found) == 1


def test_an_object_elsewhere_is_not_cut() -> None:
    (found,) = objects_of(objects(DISC, "EPSG:32635", 28.8)).itertuples()

    assert found.geometry.geom_type == "Polygon"
    assert found.geometry.covers(shapely.Point(found.lon, found.lat))
