"""Scenes from Earth Engine, one listing and one request for pixels per site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from minecover.core.antimeridian import bounding_box
from minecover.core.cube import Cube
from minecover.core.errors import ConfigError, NotCoveredError, SceneError
from minecover.core.sites import Site, square
from minecover.sources import check_period
from minecover.sources.days import choose, join_days
from minecover.sources.earth_engine.client import EarthEngine, Listing
from minecover.sources.earth_engine.delivery import fetch_in_pieces
from minecover.sources.earth_engine.kinds import ImageKind, ListedImage


@dataclass(frozen=True, slots=True)
class EarthEngineScenes:
    """Source of scenes of one family of satellites.

    Parameters
    ----------
    client : EarthEngine
        Client of the service.
    platforms : sequence of str
        Satellites, see `minecover.core.sensors.BY_PLATFORM`.
    collections : mapping of str to str
        Ids of image collections by satellite; those of others are not read.
    images : ImageKind
        How the images of the collections are described and read.
    bands : sequence of str
        Bands to read.
    first_day, last_day : str
        ISO days, both included.
    cloud_cover_max : float
        Largest cloud cover of a whole scene [%].
    """

    client: EarthEngine
    platforms: Sequence[str]
    collections: Mapping[str, str]
    images: ImageKind
    bands: Sequence[str]
    first_day: str
    last_day: str
    cloud_cover_max: float

    def __post_init__(self) -> None:
        """Check the settings without sending a request."""
        if lacking := [name for name in self.platforms if name not in self.collections]:
            raise ConfigError(
                f"platforms must be some of {', '.join(self.collections) or 'none'}, which "
                f"have a collection, found {', '.join(lacking)}. Fix source.platforms or "
                "source.collections."
            )
        self.images.check(self.platforms, list(self._by_collection()), self.bands)
        check_period(self.first_day, self.last_day)

    def scenes(self, site: Site) -> Cube:
        """Return the scenes of a site on ``site.read_grid``, one per day, by date.

        Pixels are copied where those of an image and of the grid nest, and averaged where they
        are smaller; others are interpolated. Quality bits and classes are those of the nearest
        pixel. Images of one day are joined; dates without data inside the halo are left out.

        Parameters
        ----------
        site : Site
            The site, with its halo.

        Raises
        ------
        NotCoveredError, CloudyError
            If no scene covers the site, or all that do are cloudier than `cloud_cover_max`.
        SceneError, AccessError
            If the request fails in spite of retries, or the service refuses access.
        """
        grid = site.read_grid
        chosen = choose(self._list(site), site, self.cloud_cover_max)
        requests = [self.images.request(one, self.bands, grid) for one in chosen]
        stack = fetch_in_pieces(
            self.client.scenes, requests, grid, planes_each=len(requests[0].kinds)
        )
        scenes = [
            self.images.scene(one, self.bands, planes)
            for one, planes in zip(chosen, stack, strict=True)
        ]
        return join_days(scenes, site, self.bands)

    def _by_collection(self) -> dict[str, list[str]]:
        """Return the satellites by collection."""
        found: dict[str, list[str]] = {}
        for name in self.platforms:
            found.setdefault(self.collections[name], []).append(name)
        return found

    def _list(self, site: Site) -> list[ListedImage]:
        """Return the images over a site in the period, with any cloud cover."""
        before, after = self.images.margin_days
        begin = date.fromisoformat(self.first_day) - timedelta(before)
        end = date.fromisoformat(self.last_day) + timedelta(after + 1)
        by_collection = self._by_collection()
        tables = self.client.listing(
            {
                name: self.images.properties(satellites, self.bands)
                for name, satellites in by_collection.items()
            },
            bounding_box(square(site.grid)),
            (begin.isoformat(), end.isoformat()),
        )
        listed = [
            one
            for collection, satellites in by_collection.items()
            for one in self._images(collection, tables[collection])
            if one.platform in satellites
            and self.first_day <= one.day.isoformat() <= self.last_day
        ]
        if not listed:
            raise NotCoveredError(
                f"no scene of {', '.join(by_collection)} covers site {site.site_id} from "
                f"{self.first_day} to {self.last_day}. Widen the period (source.scenes)."
            )
        return listed

    def _images(self, collection: str, table: Listing) -> Iterator[ListedImage]:
        """Yield the images of a collection's property lists."""
        lengths = {len(values) for values in table.values()}
        if len(lengths) > 1:
            least = min(table, key=lambda name: len(table[name]))
            raise SceneError(
                f"{max(lengths) - min(lengths)} of {max(lengths)} images of {collection} have "
                f"no property {least}. Leave that collection out of source.collections."
            )
        for values in zip(*table.values(), strict=True):
            about = {name: str(value) for name, value in zip(table, values, strict=True)}
            image = self.images.listed(f"{collection}/{about['system:index']}", about)
            if image is not None:
                yield image
