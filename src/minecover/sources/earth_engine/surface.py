"""Raster layers from Earth Engine, such as elevation and water occurrence, on any grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import ConfigError, NotCoveredError
from minecover.core.grid import Grid
from minecover.sources.earth_engine.client import EarthEngine
from minecover.sources.earth_engine.delivery import fetch_in_pieces
from minecover.sources.earth_engine.images import NO_VALUE, Method


@dataclass(frozen=True, slots=True)
class EarthEngineSurface:
    """Raster layer of one band of an asset.

    Parameters
    ----------
    client : EarthEngine
        Client of the service.
    asset : str
        Id of an image (``USGS/SRTMGL1_003``) or of a collection of tiles
        (``COPERNICUS/DEM/GLO30``).
    band : str
        Name of the band.
    is_collection : bool
        Whether the asset is a collection, whose tiles are joined with the last one on top.
    method : {"nearest", "bilinear", "bicubic"}
        Resampling method.
    """

    client: EarthEngine
    asset: str
    band: str
    is_collection: bool
    method: Method

    def __post_init__(self) -> None:
        """Check the resampling method."""
        if self.method not in get_args(Method):
            raise ConfigError(
                f"method must be one of {', '.join(get_args(Method))}, found {self.method!r}. "
                f"Fix it for {self.asset} in conf/context."
            )

    def __call__(self, grid: Grid) -> F32:
        """Return the band on a grid.

        Parameters
        ----------
        grid : Grid
            Any grid; large ones are fetched in pieces.

        Returns
        -------
        (row, col) float32
            NaN where the asset has no data.

        Raises
        ------
        NotCoveredError
            If there is no such image. Areas without tiles of a collection are NaN.
        """
        fetch = self.client.joined_layer if self.is_collection else self.client.layer

        def request(assets: Sequence[str], part: Grid) -> F32:
            try:
                values = fetch(assets[0], self.band, part, self.method)
            except NotCoveredError:
                if not self.is_collection:
                    raise
                values = np.full(part.shape, NO_VALUE, np.float32)
            return values[None, None]

        values = fetch_in_pieces(request, [self.asset], grid, planes_each=1)[0, 0]
        return np.where(values == NO_VALUE, np.nan, values).astype(np.float32)
