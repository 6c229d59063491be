"""Context rasters from Earth Engine: elevation, water occurrence, on any grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import ConfigError, NotCoveredError
from minecover.core.grid import Grid
from minecover.sources.earth_engine.client import EarthEngine
from minecover.sources.earth_engine.delivery import in_pieces
from minecover.sources.earth_engine.images import NO_VALUE, Method


@dataclass(frozen=True, slots=True)
class EarthEngineSurface:
    """One band of an asset, as a raster.

    Parameters
    ----------
    client : EarthEngine
        The service.
    asset : str
        Id of an image (``USGS/SRTMGL1_003``) or of a collection of tiles
        (``COPERNICUS/DEM/GLO30``).
    band : str
        Its band.
    is_collection : bool
        Whether it is a collection: its tiles are joined, the last one on top.
    method : {"nearest", "bilinear", "bicubic"}
        How values are read between the asset's pixels.
    """

    client: EarthEngine
    asset: str
    band: str
    is_collection: bool
    method: Method

    def __post_init__(self) -> None:
        """Refuse a way to resample that there is not."""
        if self.method not in get_args(Method):
            raise ConfigError(
                f"method must be one of {', '.join(get_args(Method))}, found {self.method!r}. "
                f"Fix it for {self.asset} in conf/context."
            )

    def __call__(self, grid: Grid) -> F32:
        """Fetch the band on a grid, in pieces if it is big.

        Returns
        -------
        (row, col) float32
            NaN where the asset has nothing.

        Raises
        ------
        NotCoveredError
            If there is no such image. Ground without tiles of a collection is NaN.
        """
        fetch = self.client.joined_layer if self.is_collection else self.client.layer

        def ask(assets: Sequence[str], part: Grid) -> F32:
            try:
                values = fetch(assets[0], self.band, part, self.method)
            except NotCoveredError:
                if not self.is_collection:
                    raise
                values = np.full(part.shape, NO_VALUE, np.float32)
            return values[None, None]

        values = in_pieces(ask, [self.asset], grid, planes_each=1)[0, 0]
        return np.where(values == NO_VALUE, np.nan, values).astype(np.float32)
