"""Scenes from STAC: `client` asks catalogues and files, `scenes` chooses and assembles."""

from minecover.sources.stac.client import StacClient
from minecover.sources.stac.scenes import StacScenes

__all__ = ["StacClient", "StacScenes"]
