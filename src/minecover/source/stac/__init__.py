"""Scenes from STAC: `client` asks catalogues and files, `scenes` chooses and assembles."""

from minecover.source.stac.client import StacClient
from minecover.source.stac.scenes import StacScenes

__all__ = ["StacClient", "StacScenes"]
