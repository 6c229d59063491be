"""Scenes and raster layers from Google Earth Engine; the only package that imports `ee`."""

from minecover.sources.earth_engine.client import EarthEngine
from minecover.sources.earth_engine.embedding_images import EmbeddingImages
from minecover.sources.earth_engine.landsat_images import LandsatImages
from minecover.sources.earth_engine.scenes import EarthEngineScenes
from minecover.sources.earth_engine.sentinel_2_images import Sentinel2Images
from minecover.sources.earth_engine.surface import EarthEngineSurface

__all__ = [
    "EarthEngine",
    "EarthEngineScenes",
    "EarthEngineSurface",
    "EmbeddingImages",
    "LandsatImages",
    "Sentinel2Images",
]
