"""Choose the scenes of a site among those that a service lists, and join those of one day."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Protocol, TypeVar

import numpy as np

from minecover.core.cube import Cube
from minecover.core.errors import CloudyError, NotCoveredError
from minecover.core.sites import Site
from minecover.sources.product import Scene, common_layout, mosaic


class Listed(Protocol):
    """A scene in the listing of a service."""

    @property
    def name(self) -> str:
        """Id of the scene."""
        ...

    @property
    def day(self) -> date:
        """Day of the pass."""
        ...

    @property
    def cloud_cover(self) -> float:
        """Cloud cover of the whole scene [%]; 0 if it is not known."""
        ...

    @property
    def crs(self) -> str | None:
        """Northern UTM zone of the scene, ``"EPSG:326zz"``; None if it is not known."""
        ...

    @property
    def identity(self) -> Hashable:
        """What all versions of one scene share, and no other scene has."""
        ...

    @property
    def version(self) -> tuple[str | int, ...]:
        """Version of the processing: of two the greater one is read."""
        ...


One = TypeVar("One", bound=Listed)


def choose(listed: Iterable[One], site: Site, cloud_cover_max: float) -> list[One]:
    """Return the scenes to read, each in its newest version, in the order of `join_days`.

    Parameters
    ----------
    listed : iterable of Listed
        All scenes over a site in a period, at least one.
    site : Site
        The site.
    cloud_cover_max : float
        Largest cloud cover of a whole scene [%].

    Returns
    -------
    list of Listed
        By day; of one day those in the UTM zone of the site first, which need no resampling,
        of one zone the latest version first, then by name.

    Raises
    ------
    CloudyError
        If all scenes are cloudier.
    """
    by_version = sorted(listed, key=lambda one: one.name)
    by_version.sort(key=lambda one: one.version, reverse=True)
    newest: dict[Hashable, One] = {}
    for one in by_version:
        newest.setdefault(one.identity, one)
    clear = [one for one in newest.values() if one.cloud_cover <= cloud_cover_max]
    if not clear:
        least = min(one.cloud_cover for one in newest.values())
        raise CloudyError(
            f"all {len(newest)} scenes over site {site.site_id} have more than "
            f"{cloud_cover_max:g} % clouds, the clearest has {least:g} %. "
            "Raise source.scenes.cloud_cover_max, or widen the period."
        )
    own = site.grid.crs
    return sorted(clear, key=lambda one: (one.day, one.crs != own))


def join_days(scenes: Sequence[Scene], site: Site, bands: Sequence[str]) -> Cube:
    """Return the scenes of a site as a cube, with those of one day as one observation.

    One pass is delivered in several rows or tiles, on up to four tiles of two zones, and far
    north two passes of one day may show the same ground.

    Parameters
    ----------
    scenes : sequence of Scene
        Scenes on ``site.read_grid``, by day; of one day the first is on top.
    site : Site
        The site.
    bands : sequence of str
        Bands of the scenes.

    Returns
    -------
    Cube
        By date, without dates that have no data inside the halo.

    Raises
    ------
    NotCoveredError
        If no date has data there.
    SceneError
        If the quality layouts of the scenes differ.
    """
    days = [mosaic(list(same)) for _, same in groupby(scenes, key=lambda scene: scene.day)]
    seen = [scene for scene in days if scene.has_data(site.halo_px)]
    if not seen:
        raise NotCoveredError(
            f"{len(scenes)} scenes were listed for site {site.site_id}, none has data "
            "there. Move the site (sites.layouts)."
        )
    return Cube(
        # Of equal types, digital numbers or physical values: no source mixes them.
        dn=np.array([scene.dn for scene in seen]),
        scale=np.stack([scene.scale for scene in seen]),
        offset=np.stack([scene.offset for scene in seen]),
        qa=np.stack([scene.qa for scene in seen]),
        saturated=np.stack([scene.saturated for scene in seen]),
        qa_layout=common_layout(seen),
        dates=tuple(scene.day for scene in seen),
        bands=tuple(bands),
        grid=site.read_grid,
        halo_px=site.halo_px,
    )
