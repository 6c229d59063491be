"""How the files of one collection are read: the interface, and a scene's files on a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from minecover.core.grid import Grid
from minecover.sources.product import U16, Scene
from minecover.sources.stac.client import Reading, StacClient
from minecover.sources.stac.item import Item


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a scene's files that lies on a grid.

    Parameters
    ----------
    client : StacClient
        Client of the catalogue.
    item : Item
        The scene.
    assets : mapping of str to str
        Names of the files by band.
    grid : Grid
        The grid.
    """

    client: StacClient
    item: Item
    assets: Mapping[str, str]
    grid: Grid

    def band(self, name: str, how: Reading) -> U16:
        """Return a band on the grid."""
        return self.file(self.assets[name], how)

    def file(self, asset: str, how: Reading) -> U16:
        """Return any file on the grid."""
        return self.client.band(self.item, asset, self.grid, how)


class Files(Protocol):
    """Interface of the files of a collection."""

    @property
    def quality(self) -> Sequence[str]:
        """Names of the assets that are read beside the bands."""
        ...

    @property
    def checked(self) -> Sequence[str]:
        """Bands that are read to check every scene, wanted or not."""
        ...

    def read(self, window: Window, bands: Sequence[str]) -> Scene:
        """Return bands and quality of a scene.

        Parameters
        ----------
        window : Window
            Where it is read.
        bands : sequence of str
            Bands to read.

        Raises
        ------
        SceneError
            If a file cannot be read, or what the catalogue says of the scene is wrong.
        AccessError
            If the service refuses access.
        """
        ...
