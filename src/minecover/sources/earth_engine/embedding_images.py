"""Annual embeddings of AlphaEarth Foundations in Earth Engine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.sources.earth_engine.images import NO_VALUE, ImageRequest, reading
from minecover.sources.earth_engine.kinds import ListedImage
from minecover.sources.embeddings import alphaearth
from minecover.sources.product import Scene

PROPERTIES = ("system:index", "system:time_start", "UTM_ZONE")
_ZONE = re.compile(r"(\d\d?)([NS])")


@dataclass(frozen=True, slots=True)
class EmbeddingImages:
    """Images of one year each, read with all bands, since vectors have length 1 as a whole."""

    @property
    def margin_days(self) -> tuple[int, int]:
        """Days around a period: an image's time is 1 January, its date in a cube 1 July."""
        return 184, 0

    def check(
        self, platforms: Sequence[str], collections: Sequence[str], bands: Sequence[str]
    ) -> None:
        """Check the bands."""
        alphaearth.check_bands(bands)

    def properties(self, platforms: Sequence[str], bands: Sequence[str]) -> Sequence[str]:
        """Return the names of the properties to list."""
        return PROPERTIES

    def listed(self, name: str, properties: Mapping[str, str]) -> ListedImage:
        """Return what a listing says of an image."""
        zone = _ZONE.fullmatch(properties["UTM_ZONE"])
        if not zone:
            raise SceneError(
                f"{name} must tell its zone, such as 35S, found UTM_ZONE="
                f"{properties['UTM_ZONE']}. Leave its collection out of source.collections."
            )
        begin = datetime.fromtimestamp(float(properties["system:time_start"]) / 1000, UTC)
        return ListedImage(
            name=name,
            platform="alphaearth",
            # A month later it is the same year, in whatever time zone the year was begun.
            day=alphaearth.day_of((begin + timedelta(30)).year),
            cloud_cover=0.0,
            own_crs=f"EPSG:32{6 if zone[2] == 'N' else 7}{int(zone[1]):02d}",
            identity=name,
            version=(),
            properties=properties,
        )

    def request(self, image: ListedImage, bands: Sequence[str], grid: Grid) -> ImageRequest:
        """Return the request for an image."""
        how = reading(alphaearth.PIXEL_M, 0.0, image.own_crs, grid)
        return ImageRequest(
            asset=image.name,
            crs=image.own_crs,
            bands=dict.fromkeys(alphaearth.BANDS, how),
            bits={},
            is_count=False,
            linked=None,
        )

    def scene(self, image: ListedImage, bands: Sequence[str], planes: F32) -> Scene:
        """Return the planes as a scene of vectors of length 1."""
        values = np.where(planes == NO_VALUE, np.nan, planes)
        return alphaearth.scene(image.name, image.day, alphaearth.unit_vectors(values), bands)
