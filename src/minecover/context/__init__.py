"""What lies round a site: distances, terrain and provinces, one file each."""

from minecover.context.distance import FARTHEST_M, DistanceTo, DistanceToPixels
from minecover.context.kept import Kept
from minecover.context.layers import Held, Layer, VectorFile
from minecover.context.planes import Plane, cut, drawn, held, naming
from minecover.context.provinces import Provinces
from minecover.context.surfaces import Filled, RasterFile, Surface
from minecover.context.terrain import (
    Eastness,
    ElevationChange,
    Northness,
    Position,
    Slope,
    SurfaceValue,
)

__all__ = [
    "FARTHEST_M",
    "DistanceTo",
    "DistanceToPixels",
    "Eastness",
    "ElevationChange",
    "Filled",
    "Held",
    "Kept",
    "Layer",
    "Northness",
    "Plane",
    "Position",
    "Provinces",
    "RasterFile",
    "Slope",
    "Surface",
    "SurfaceValue",
    "VectorFile",
    "cut",
    "drawn",
    "held",
    "naming",
]
