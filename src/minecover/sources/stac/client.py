"""Ask a STAC catalogue for items, and their files for windows."""

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
from minecover.sources.throttle import Network, PassingError, throttle

Answer = TypeVar("Answer")
Bounds = tuple[float, float, float, float]
U16 = NDArray[np.uint16]

#: Statuses of HTTP that refuse who asks, and those that may pass by themselves.
REFUSED, BUSY = (401, 403), (408, 429, 500, 502, 503, 504)
#: GDAL tells the status of a failed request in its message only.
_STATUS = re.compile(r"HTTP (?:response|error) code ?: ?(\d{3})")
#: A token is renewed when it is valid for less than this.
LEAST_VALID = timedelta(minutes=5)
#: What odc takes a file for of which its item says nothing.
USUAL = {"*": {"assets": {"*": {"data_type": "uint16", "nodata": 0}}, "warnings": "ignore"}}

_tokens: dict[str, tuple[str, datetime]] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One scene of a catalogue."""

    stac: pystac.Item

    @property
    def name(self) -> str:
        """The scene's id."""
        return str(self.stac.id)

    @property
    def collection(self) -> str | None:
        """The id of its collection."""
        return None if self.stac.collection_id is None else str(self.stac.collection_id)

    @property
    def properties(self) -> Mapping[str, object]:
        """What the catalogue says of it."""
        found: Mapping[str, object] = self.stac.properties
        return found

    @property
    def assets(self) -> list[str]:
        """Names of its files."""
        return sorted(self.stac.assets)

    @property
    def day(self) -> date:
        """The day it was taken, in UTC."""
        taken = self.stac.datetime or self.stac.common_metadata.start_datetime
        if taken is None:
            raise SceneError(f"{self.name} has no datetime. Mend the catalogue.")
        day: date = taken.date()
        return day

    def meets(self, bounds: Bounds) -> bool:
        """Whether its box, where it has one, shares ground with another [degrees]."""
        if self.stac.bbox is None:
            return True
        west, south, east, north = self.stac.bbox
        left, bottom, right, top = bounds
        return bool(west < right and left < east and south < top and bottom < north)

    def grid(self, asset: str) -> Grid:
        """Where its pixels lie, as the catalogue says it."""
        own, shared = self.stac.assets[asset].extra_fields, self.stac.properties
        code, epsg, transform, shape = (
            own.get(f"proj:{key}", shared.get(f"proj:{key}"))
            for key in ("code", "epsg", "transform", "shape")
        )
        if not ((code or epsg) and transform and shape):
            raise SceneError(
                f"{self.name} does not say where its pixels lie: proj:code or proj:epsg, "
                f"proj:transform and proj:shape are {code or epsg}, {transform} and {shape}. "
                "Take a catalogue with the projection extension."
            )
        crs = str(code or f"EPSG:{epsg}")
        return Grid(crs, Affine(*transform[:6]), (int(shape[0]), int(shape[1])))


@dataclass(frozen=True, slots=True)
class StacClient:
    """How a catalogue and its files are asked.

    Parameters
    ----------
    token_url : str or None
        Gives a short-lived token that is appended to the files' addresses, as the Planetary
        Computer wants it: ``.../api/sas/v1/token/<collection>``. None: they are open.
    network : Network
        Tries, waits and time limits.
    """

    token_url: str | None
    network: Network

    def items(
        self, catalogue: str, collection: str, bounds: Bounds, period: tuple[str, str]
    ) -> list[Item]:
        """List the items of a box [degrees] and a period (two ISO days, both included).

        A static catalogue cannot be searched: all its items are given.
        """

        def question() -> list[pystac.Item]:
            root = Client.from_file(catalogue, stac_io=self._io())
            if not root.has_conforms_to():
                return list(_walked(root))
            search = root.search(
                collections=[collection], bbox=bounds, datetime="/".join(period)
            )
            return list(search.items())

        return [Item(item) for item in self._ask(question, catalogue)]

    def window(
        self, item: Item, bands: Sequence[str], bits: Sequence[str], grid: Grid
    ) -> dict[str, U16]:
        """Read files of an item onto a grid, by asset: digital numbers, and bits.

        Where the grid lies on the files' own lattice, pixels are copied.

        Returns
        -------
        dict of (row, col) uint16
            Unscaled; outside of a file, its nodata.
        """
        # Bits are never mixed; bands are, should the files lie off the lattice that their
        # catalogue tells of.
        ways = {**dict.fromkeys(bands, "bilinear"), **dict.fromkeys(bits, "nearest")}

        def question() -> dict[str, U16]:
            # Files are read where they lie: no listing of folders, and no memory of a failed
            # request, which would make every further try fail.
            odc.stac.configure_rio(
                GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR",
                CPL_VSIL_CURL_NON_CACHED="/vsicurl/",
                GDAL_HTTP_TIMEOUT=str(self.network.timeout_s),
            )
            loaded = odc.stac.load(
                [item.stac],
                bands=list(ways),
                geobox=GeoBox(grid.shape, grid.transform, grid.crs),
                resampling=ways,
                dtype="uint16",
                stac_cfg=USUAL,
                patch_url=self._signed,
            )
            return {name: loaded[name].to_numpy()[0] for name in ways}

        return self._ask(question, str(item.stac.assets[bands[0]].href))

    def _ask(self, question: Callable[[], Answer], where: str) -> Answer:
        """Put a question with patience; what goes wrong is sorted out."""

        def asked() -> Answer:
            try:
                return question()
            except (APIError, OSError, json.JSONDecodeError, pystac.STACError) as error:
                raise _failure(error, where) from error

        return throttle("stac", self.network).ask(asked)

    def _io(self) -> StacApiIO:
        """Make pystac's door to the network; patience is ours."""
        return StacApiIO(timeout=self.network.timeout_s, max_retries=None)

    def _signed(self, href: str) -> str:
        """Append the token, where there is one, to a file's address."""
        if self.token_url is None:
            return href
        return f"{href}{'&' if '?' in href else '?'}{self._token(self.token_url)}"

    def _token(self, url: str) -> str:
        """Give a token that is still valid for a while."""
        with _lock:
            token, expiry = _tokens.get(url, ("", datetime.min.replace(tzinfo=UTC)))
            if expiry - datetime.now(UTC) < LEAST_VALID:
                answer = json.loads(self._io().request(url))
                token, expiry = answer["token"], datetime.fromisoformat(answer["msft:expiry"])
                _tokens[url] = token, expiry
            return token


def _walked(catalogue: pystac.Catalog) -> Iterator[pystac.Item]:
    """Walk a static catalogue: its items, then those of its children."""
    for item in catalogue.get_stac_objects(pystac.RelType.ITEM):
        if isinstance(item, pystac.Item):
            yield item
    for child in catalogue.get_stac_objects(pystac.RelType.CHILD):
        if isinstance(child, pystac.Catalog):
            yield from _walked(child)


def _failure(error: Exception, where: str) -> Exception:
    """Turn what went wrong into what it means: refused, may pass, or stays."""
    told = f"{error.__cause__ or error}".strip().partition("\n")[0].rstrip(".")
    found = _STATUS.search(f"{error} {error.__cause__}")
    status = int(found[1]) if found else getattr(error, "status_code", None)
    said = f"{where.partition('?')[0]}: {told or type(error).__name__}"
    if status in REFUSED:
        return AccessError(
            f"{said} (HTTP {status}). The service refuses to answer: look at "
            "source.client.token_url, or take a catalogue with open files."
        )
    is_remote = where.startswith(("http://", "https://"))
    if is_remote and (status is None or status in BUSY):
        return PassingError(f"{said}.")
    return SceneError(f"{said}. Fix source.catalogue, or restore the file if it is yours.")
