"""Outlines in degrees at the antimeridian: where they lie, and cut in two there."""

from __future__ import annotations

import numpy as np
import shapely

#: An outline that reaches further than this across 180 degrees is a mistake [degrees].
WIDEST_DEG = 10.0
RULE = (
    "Cut an outline that crosses the antimeridian in two at 180 degrees "
    "(RFC 7946, section 3.1.9)."
)


def wide_parts(shape: shapely.Geometry | None) -> list[shapely.Geometry]:
    """Return the parts of a geometry in degrees that are wider than half of the earth."""
    if shape is None:
        return []
    parts = shapely.get_parts(shapely.get_parts(shape))  # of a collection of MultiPolygons, too
    return [part for part in parts if part.bounds and part.bounds[2] - part.bounds[0] > 180]


def wrapped(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a geometry with longitudes of 0 ... 360 instead of -180 ... 180 degrees."""
    return shapely.transform(shape, lambda xy: np.where(xy < [0, -np.inf], xy + [360, 0], xy))


def cut(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a geometry in degrees, its parts that cross the antimeridian cut in two there.

    Parameters
    ----------
    shape : Geometry
        In WGS 84 longitude and latitude. A part wider than 180 degrees is taken as crossing the
        antimeridian.

    Raises
    ------
    ValueError
        If a part reaches further than `WIDEST_DEG` across.
    """
    wide = wide_parts(shape)
    if not wide:
        return shape
    pieces = [part for part in shapely.get_parts(shape) if part not in wide]
    for part in wide:
        west, south, east, north = part.bounds
        around = wrapped(part)
        if around.bounds[2] - around.bounds[0] > WIDEST_DEG:
            raise ValueError(
                f"an outline reaches from longitude {west:.10g} to {east:.10g}, around more "
                f"than half of the earth. {RULE}"
            )
        near = shapely.intersection(around, shapely.box(0, -90, 180, 90))
        beyond = shapely.intersection(around, shapely.box(180, -90, 360, 90))
        pieces += [near, shapely.transform(beyond, lambda xy: xy - [360, 0])]
    return shapely.union_all(pieces)


def bounding_box(shape: shapely.Geometry) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a geometry [degrees].

    West is greater than east where the parts of the geometry lie on both sides of the
    antimeridian, and are nearer to each other across it (RFC 7946, section 5.2).
    """
    west, south, east, north = (float(edge) for edge in shape.bounds)
    if east - west > 180 and not wide_parts(shape):
        around_west, _, around_east, _ = wrapped(shape).bounds
        if around_east > 180 and around_east - around_west < 180:
            west, east = float(around_west), float(around_east - 360)
    return west, south, east, north


def centre(shape: shapely.Geometry) -> tuple[float, float]:
    """Return longitude and latitude of a geometry's centroid [degrees].

    A geometry on both sides of the antimeridian has its centroid there, not near Greenwich.
    """
    west, _, east, _ = shape.bounds
    if east - west <= 180:
        return float(shape.centroid.x), float(shape.centroid.y)
    middle = wrapped(shape).centroid
    return float((middle.x + 180) % 360 - 180), float(middle.y)
