"""STAC client: list items of a catalogue, and read windows of their files."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pystac
from pystac_client import Client
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO

from minecover.core.errors import AccessError, SceneError
from minecover.core.grid import Grid
from minecover.core.raster import Band, Method, read_remote_band
from minecover.sources.product import U16, as_digital_numbers
from minecover.sources.stac.item import Bounds, Item
from minecover.sources.throttle import Network, TransientError, throttle

Response = TypeVar("Response")

#: HTTP statuses of refused access, and those worth a retry.
REFUSED, BUSY = (401, 403), (408, 429, 500, 502, 503, 504)
#: GDAL reports the status of a failed request only in the text of the error.
_STATUS = re.compile(r"HTTP (?:response|error) code ?: ?(\d{3})")
#: A token is renewed when its remaining validity is shorter.
LEAST_VALID = timedelta(minutes=5)

_tokens: dict[str, tuple[str, datetime]] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read onto a grid.

    Parameters
    ----------
    resampling : {"nearest", "bilinear", "average", "adaptive"}
        See `minecover.core.raster.read_band`.
    fill : int
        Value that means "no data", besides the file's own nodata.
    saturated : int or None
        Value that means "saturated".
    """

    resampling: Method
    fill: int = 0
    saturated: int | None = None


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

    def band(self, item: Item, asset: str, grid: Grid, how: Reading) -> U16:
        """Return a file of an item on a grid.

        Parameters
        ----------
        item : Item
            The scene.
        asset : str
            Name of the file in the item.
        grid : Grid
            Grid of the result.
        how : Reading
            How it is read.

        Returns
        -------
        (row, col) uint16
            Unscaled values; ``how.fill`` where there is no data.
        """
        address = item.address(asset)

        def request() -> Band:
            return read_remote_band(
                self._signed(address),
                grid,
                resampling=how.resampling,
                fill=how.fill,
                saturated=how.saturated,
                timeout_s=self.network.timeout_s,
            )

        return as_digital_numbers(self._send(request, address), address.partition("?")[0])

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
