"""Scenes from a STAC API or catalogue, read as windows of Cloud Optimized GeoTIFFs."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from minecover.core.antimeridian import bounding_box
from minecover.core.cube import Cube
from minecover.core.errors import ConfigError, NotCoveredError, SceneError
from minecover.core.sites import Site, square
from minecover.sources import check_period, check_sensors
from minecover.sources.days import choose, join_days
from minecover.sources.stac.client import StacClient
from minecover.sources.stac.collection_files import Files, Window
from minecover.sources.stac.item import Item

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StacScenes:
    """Source of scenes of Level 2 whose files are Cloud Optimized GeoTIFFs of digital numbers.

    Parameters
    ----------
    client : StacClient
        Client of the catalogue.
    catalogue : str
        Address of a STAC API, or address or path of a static catalogue, which should be small,
        as it is read completely for every site.
    collection : str
        Id of the collection.
    platforms : sequence of str
        Satellites, see `minecover.core.sensors.BY_PLATFORM`, of one family. Scenes of others
        are ignored.
    keep : mapping
        Allowed values by property of the items; other scenes are ignored.
    leave_out : sequence of str
        Ids of scenes that are not read.
    assets : mapping
        Names of the assets by band.
    bands : sequence of str
        Bands to read.
    files : Files
        How the files are read.
    first_day, last_day : str
        ISO days, both included.
    cloud_cover_max : float
        Largest cloud cover of a whole scene [%].
    """

    client: StacClient
    catalogue: str
    collection: str
    platforms: Sequence[str]
    keep: Mapping[str, Sequence[str]]
    leave_out: Sequence[str]
    assets: Mapping[str, str]
    bands: Sequence[str]
    files: Files
    first_day: str
    last_day: str
    cloud_cover_max: float

    def __post_init__(self) -> None:
        """Check bands, platforms and period without sending a request."""
        check_sensors(self.platforms, self.bands, level=2)
        if unknown := [band for band in self.bands if band not in self.assets]:
            raise ConfigError(
                f"bands must be some of {', '.join(self.assets)}, which have a file, "
                f"found {', '.join(unknown)}. Fix source.bands or source.scenes.assets."
            )
        check_period(self.first_day, self.last_day)

    def scenes(self, site: Site) -> Cube:
        """Return the scenes of a site on ``site.read_grid``, one per day, by date.

        Pixels are copied where those of a file and of the grid nest, and averaged where they
        are smaller; others are interpolated, bits and classes taken from the nearest pixel.
        Scenes of one day are joined; dates without data inside the halo are left out.

        Parameters
        ----------
        site : Site
            The site, with its halo.

        Raises
        ------
        NotCoveredError
            If no scene of the period covers the site.
        CloudyError
            If scenes do, but all are cloudier than `cloud_cover_max`.
        SceneError
            If the catalogue or a file cannot be read, or the catalogue is wrong about a scene.
        AccessError
            If the service refuses access.
        """
        items = choose(self._complete(self._find(site)), site, self.cloud_cover_max)
        windows = [Window(self.client, item, self.assets, site.read_grid) for item in items]
        return join_days([self.files.read(w, self.bands) for w in windows], site, self.bands)

    def _find(self, site: Site) -> list[Item]:
        """Return the scenes over a site, with any cloud cover."""
        bounds = bounding_box(square(site.grid))
        # A pass that begins before midnight may reach the site on the day after.
        end = date.fromisoformat(self.last_day) + timedelta(days=1)
        period = self.first_day, end.isoformat()
        listed = self.client.items(self.catalogue, self.collection, bounds, period)
        items = [item for item in listed if self._is_wanted(item) and item.overlaps(bounds)]
        if not items:
            raise NotCoveredError(
                f"{self.catalogue} has no scene of {self.collection} over site {site.site_id} "
                f"from {self.first_day} to {self.last_day} ({len(listed)} listed, none of "
                f"{', '.join(self.platforms)} with source.scenes.keep={dict(self.keep)}). "
                "Widen the period, choose other source.platforms, or move the site "
                "(sites.layouts)."
            )
        return items

    def _is_wanted(self, item: Item) -> bool:
        return (
            item.collection in (None, self.collection)
            and self.first_day <= item.day.isoformat() <= self.last_day
            and item.platform in self.platforms
            and all(item.properties.get(key) in allowed for key, allowed in self.keep.items())
            and item.name not in self.leave_out
        )

    def _complete(self, items: list[Item]) -> list[Item]:
        """Return the scenes that have all files: some Level-2 scenes have no temperature."""
        bands = {*self.bands, *self.files.checked}
        needed = {*(self.assets[band] for band in bands), *self.files.quality}
        complete = [item for item in items if needed <= set(item.assets)]
        if not complete:
            missing = sorted(needed - set(items[0].assets))
            raise SceneError(
                f"{items[0].name} has no asset {', '.join(missing)} "
                f"(found: {', '.join(items[0].assets)}). Fix source.scenes.assets, "
                "or remove the band from source.bands."
            )
        for item in items:
            if item not in complete:
                log.debug("%s lacks a file and is ignored", item.name)
        return complete
