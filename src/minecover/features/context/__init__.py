"""Context of a site: distances, terrain and provinces, one file each."""

from minecover.features.context.cached import CachedSurface
from minecover.features.context.computing import (
    Plane,
    clip_layers,
    compute_context,
    load_layers,
    naming_key,
)
from minecover.features.context.distance import FARTHEST_M, DistanceTo, DistanceToPixels
from minecover.features.context.layers import Layer, LoadedLayer, VectorFile
from minecover.features.context.provinces import Provinces
from minecover.features.context.registration import RegisteredChange, RegisteredChangeError
from minecover.features.context.surfaces import FilledSurface, RasterFile, Surface
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
    "CachedSurface",
    "DistanceTo",
    "DistanceToPixels",
    "Eastness",
    "ElevationChange",
    "FilledSurface",
    "Layer",
    "LoadedLayer",
    "Northness",
    "Plane",
    "Position",
    "Provinces",
    "RasterFile",
    "RegisteredChange",
    "RegisteredChangeError",
    "Slope",
    "Surface",
    "SurfaceValue",
    "VectorFile",
    "clip_layers",
    "compute_context",
    "load_layers",
    "naming_key",
]
