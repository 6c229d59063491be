"""Scenes from STAC: `client` sends requests, `scenes` selects and assembles scenes.

`landsat_files` and `sentinel_2_files` read the files of two kinds of collections, whose
interface is `collection_files.Files`.
"""

from minecover.sources.stac.client import StacClient
from minecover.sources.stac.landsat_files import LandsatFiles
from minecover.sources.stac.scenes import StacScenes
from minecover.sources.stac.sentinel_2_files import Sentinel2Files

__all__ = ["LandsatFiles", "Sentinel2Files", "StacClient", "StacScenes"]
