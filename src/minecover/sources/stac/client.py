"""STAC client: list items of a catalogue, and read windows of their files."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import numpy as np
import odc.stac
import pystac
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pystac_client import Client
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO

from minecover.core.errors import AccessError, SceneError
from minecover.core.grid import Grid
from minecover.sources.throttle import Network, TransientError, throttle

Response = TypeVar("Response")
Bounds = tuple[float, float, float, float]
U16 = NDArray[np.uint16]

#: HTTP statuses of refused access, and those worth a retry.
REFUSED, BUSY = (401, 403), (408, 429, 500, 502, 503, 504)
#: GDAL reports the status of a failed request only in the text of the error.
_STATUS = re.compile(r"HTTP (?:response|error) code ?: ?(\d{3})")
#: A token is renewed when its remaining validity is shorter.
LEAST_VALID = timedelta(minutes=5)
#: What odc assumes of files that their item does not describe.
DEFAULTS = {"*": {"assets": {"*": {"data_type": "uint16", "nodata": 0}}, "warnings": "ignore"}}

_tokens: dict[str, tuple[str, datetime]] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One scene of a catalogue.

    Parameters
    ----------
    stac : pystac.Item
        The item.
    """

    stac: pystac.Item

    @property
    def name(self) -> str:
        """Id of the scene."""
        return str(self.stac.id)

    @property
    def collection(self) -> str | None:
        """Id of the collection, if the item names one."""
        return None if self.stac.collection_id is None else str(self.stac.collection_id)

    @property
    def properties(self) -> Mapping[str, object]:
        """Properties of the item."""
        found: Mapping[str, object] = self.stac.properties
        return found

    @property
    def assets(self) -> list[str]:
        """Names of the files, sorted."""
        return sorted(self.stac.assets)

    @property
    def day(self) -> date:
        """Day of acquisition in UTC."""
        taken = self.stac.datetime or self.stac.common_metadata.start_datetime
        if taken is None:
            raise SceneError(f"{self.name} has no datetime. Repair the catalogue.")
        day: date = taken.date()
        return day

    def overlaps(self, bounds: Bounds) -> bool:
        """Return whether the bounding box, if there is one, overlaps `bounds` [degrees]."""
        if self.stac.bbox is None:
            return True
        west, south, east, north = self.stac.bbox
        left, bottom, right, top = bounds
        return bool(west < right and left < east and south < top and bottom < north)

    def grid(self, asset: str) -> Grid:
        """Return the grid of a file, according to the catalogue."""
        own, shared = self.stac.assets[asset].extra_fields, self.stac.properties
        code, epsg, transform, shape = (
            own.get(f"proj:{key}", shared.get(f"proj:{key}"))
            for key in ("code", "epsg", "transform", "shape")
        )
        if not ((code or epsg) and transform and shape):
            raise SceneError(
                f"{self.name} must have proj:code or proj:epsg, proj:transform and proj:shape, "
                f"found {code or epsg}, {transform} and {shape}. "
                "Choose a catalogue with the projection extension (source.catalogue)."
            )
        crs = str(code or f"EPSG:{epsg}")
        return Grid(crs, Affine(*transform[:6]), (int(shape[0]), int(shape[1])))


@dataclass(frozen=True, slots=True)
class StacClient:
    """Client of a STAC catalogue and its files.

    Parameters
    ----------
    token_url : str or None
        Address of a service that issues short-lived tokens, which are appended to the addresses
        of files, e.g. ``.../api/sas/v1/token/<collection>`` of the Planetary Computer. None for
        public files.
    network : Network
        Request settings.
    """

    token_url: str | None
    network: Network

    def items(
        self, catalogue: str, collection: str, bounds: Bounds, period: tuple[str, str]
    ) -> list[Item]:
        """Return the items of a collection in an area and a period.

        Parameters
        ----------
        catalogue : str
            Address of a STAC API, or address or path of a static catalogue. All items of a
            static catalogue are returned, as it cannot be searched.
        collection : str
            Id of the collection.
        bounds : west, south, east, north
            The area [degrees].
        period : first, last
            ISO days, both included.
        """

        def request() -> list[pystac.Item]:
            root = Client.from_file(catalogue, stac_io=self._io())
            if not root.has_conforms_to():
                return list(_walked(root))
            search = root.search(
                collections=[collection], bbox=bounds, datetime="/".join(period)
            )
            return list(search.items())

        return [Item(item) for item in self._send(request, catalogue)]

    def window(
        self, item: Item, bands: Sequence[str], bits: Sequence[str], grid: Grid
    ) -> dict[str, U16]:
        """Return files of an item on a grid; pixels are copied if they are aligned with it.

        Parameters
        ----------
        item : Item
            The scene.
        bands, bits : sequence of str
            Assets with digital numbers, and with bit fields.
        grid : Grid
            Grid of the result.

        Returns
        -------
        dict of (row, col) uint16
            Unscaled values by asset; the nodata value of the file outside of it.
        """
        # Bit fields are never interpolated. Bands are, in case the files are not aligned as the
        # catalogue states.
        methods = {**dict.fromkeys(bands, "bilinear"), **dict.fromkeys(bits, "nearest")}

        def request() -> dict[str, U16]:
            # Folders are not listed, and failed requests are not cached, since every further
            # try would fail.
            odc.stac.configure_rio(
                GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR",
                CPL_VSIL_CURL_NON_CACHED="/vsicurl/",
                GDAL_HTTP_TIMEOUT=str(self.network.timeout_s),
            )
            loaded = odc.stac.load(
                [item.stac],
                bands=list(methods),
                geobox=GeoBox(grid.shape, grid.transform, grid.crs),
                resampling=methods,
                dtype="uint16",
                stac_cfg=DEFAULTS,
                patch_url=self._signed,
            )
            return {name: loaded[name].to_numpy()[0] for name in methods}

        return self._send(request, str(item.stac.assets[bands[0]].href))

    def _send(self, request: Callable[[], Response], address: str) -> Response:
        """Send a request with retries; errors of the libraries become errors of ours."""

        def translated() -> Response:
            try:
                return request()
            except (APIError, OSError, json.JSONDecodeError, pystac.STACError) as error:
                raise _failure(error, address) from error

        return throttle("stac", self.network).send(translated)

    def _io(self) -> StacApiIO:
        """Return the network access of pystac, without retries of its own."""
        return StacApiIO(timeout=self.network.timeout_s, max_retries=None)

    def _signed(self, href: str) -> str:
        """Return the address of a file with the token appended, if tokens are used."""
        if self.token_url is None:
            return href
        return f"{href}{'&' if '?' in href else '?'}{self._token(self.token_url)}"

    def _token(self, url: str) -> str:
        """Return a valid token, cached until shortly before it expires."""
        with _lock:
            token, expiry = _tokens.get(url, ("", datetime.min.replace(tzinfo=UTC)))
            if expiry - datetime.now(UTC) < LEAST_VALID:
                response = json.loads(self._io().request(url))
                expiry = datetime.fromisoformat(response["msft:expiry"])
                token = response["token"]
                _tokens[url] = token, expiry
            return token


def _walked(catalogue: pystac.Catalog) -> Iterator[pystac.Item]:
    """Yield the items of a static catalogue, then those of its children."""
    for item in catalogue.get_stac_objects(pystac.RelType.ITEM):
        if isinstance(item, pystac.Item):
            yield item
    for child in catalogue.get_stac_objects(pystac.RelType.CHILD):
        if isinstance(child, pystac.Catalog):
            yield from _walked(child)


def _failure(error: Exception, address: str) -> Exception:
    """Return our error for an error of the libraries: refused, transient or permanent."""
    reason = f"{error.__cause__ or error}".strip().partition("\n")[0].rstrip(".")
    found = _STATUS.search(f"{error} {error.__cause__}")
    status = int(found[1]) if found else getattr(error, "status_code", None)
    message = f"{address.partition('?')[0]}: {reason or type(error).__name__}"
    if status in REFUSED:
        return AccessError(
            f"{message} (HTTP {status}). The service refuses access: check "
            "source.client.token_url, or choose a catalogue with public files."
        )
    is_remote = address.startswith(("http://", "https://"))
    if is_remote and (status is None or status in BUSY):
        return TransientError(f"{message}.")
    return SceneError(f"{message}. Fix source.catalogue, or restore the file if it is yours.")
