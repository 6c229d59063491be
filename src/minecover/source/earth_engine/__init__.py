"""Scenes and layers from Google Earth Engine: the only folder that imports `ee`."""

from minecover.source.earth_engine.client import EarthEngine
from minecover.source.earth_engine.scenes import EarthEngineScenes
from minecover.source.earth_engine.surface import EarthEngineSurface

__all__ = ["EarthEngine", "EarthEngineScenes", "EarthEngineSurface"]
