"""What lies round a site: distances, terrain and provinces, one file each."""

from minecover.features.context.cached import Kept
from minecover.features.context.distance import FARTHEST_M, DistanceTo, DistanceToPixels
from minecover.features.context.drawing import Plane, cut, drawn, held, naming
from minecover.features.context.layers import Held, Layer, VectorFile
from minecover.features.context.provinces import Provinces
from minecover.features.context.surfaces import Filled, RasterFile, Surface
from minecover.features.context.terrain import (
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
