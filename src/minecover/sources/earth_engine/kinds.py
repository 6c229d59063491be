"""Kinds of images in Earth Engine: their interface, and what a listing says of an image."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from minecover.core.cube import F32
from minecover.core.grid import Grid
from minecover.core.hemispheres import northern_crs
from minecover.sources.earth_engine.images import ImageRequest
from minecover.sources.product import Scene


@dataclass(frozen=True, slots=True)
class ListedImage:
    """An image in a listing, see `minecover.sources.days.Listed`.

    Parameters
    ----------
    name : str
        Id of the image.
    platform : str
        Satellite, by its name in `minecover.core.sensors`.
    day : date
        Day of the pass.
    cloud_cover : float
        Cloud cover of the whole image [%].
    own_crs : str
        UTM zone of the image, by the name that the service uses.
    identity, version
        See `minecover.sources.days.Listed`.
    properties : mapping of str to str
        Properties as text.
    """

    name: str
    platform: str
    day: date
    cloud_cover: float
    own_crs: str
    identity: Hashable
    version: tuple[str | int, ...]
    properties: Mapping[str, str]

    @property
    def crs(self) -> str:
        """UTM zone of the image under its northern name."""
        return northern_crs(self.own_crs)


class ImageKind(Protocol):
    """Interface of a kind of images."""

    @property
    def margin_days(self) -> tuple[int, int]:
        """Days before and after a period in which the times of its images may lie."""
        ...

    def check(
        self, platforms: Sequence[str], collections: Sequence[str], bands: Sequence[str]
    ) -> None:
        """Check settings of the source.

        Raises
        ------
        ConfigError
            If they do not go together.
        """
        ...

    def properties(self, platforms: Sequence[str], bands: Sequence[str]) -> Sequence[str]:
        """Return the names of the properties to list, of a collection of some satellites."""
        ...

    def listed(self, name: str, properties: Mapping[str, str]) -> ListedImage | None:
        """Return what a listing says of an image; None if it cannot be used, as at night.

        Raises
        ------
        SceneError
            If a property cannot be understood.
        """
        ...

    def request(self, image: ListedImage, bands: Sequence[str], grid: Grid) -> ImageRequest:
        """Return the request for the planes of an image on a grid."""
        ...

    def scene(self, image: ListedImage, bands: Sequence[str], planes: F32) -> Scene:
        """Return the delivered planes as a scene."""
        ...
