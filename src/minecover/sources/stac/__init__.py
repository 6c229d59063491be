"""Scenes from STAC: `client` sends requests, `scenes` selects and assembles scenes."""

from minecover.sources.stac.client import StacClient
from minecover.sources.stac.scenes import StacScenes

__all__ = ["StacClient", "StacScenes"]
