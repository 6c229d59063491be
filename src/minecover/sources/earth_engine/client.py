"""Earth Engine client: logs in at first use, retries requests, checks responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import ee
import requests
from google.auth.exceptions import GoogleAuthError, TransportError
from googleapiclient.errors import HttpError
from requests.adapters import HTTPAdapter

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.sources.earth_engine import images
from minecover.sources.earth_engine.delivery import unpack_planes
from minecover.sources.earth_engine.images import ImageRequest
from minecover.sources.earth_engine.login import Account, Login
from minecover.sources.earth_engine.service_errors import service_error
from minecover.sources.throttle import Network, Throttle, TransientError, throttle
from minecover.sources.transport import Transport

Response = TypeVar("Response")
#: Properties of the images of one collection: a list of values by property.
Listing = Mapping[str, Sequence[float | str]]

#: Quota of concurrent requests of a project.
#: developers.google.com/earth-engine/guides/usage
QUOTA = 40

_login = Login()


@dataclass(frozen=True, slots=True)
class EarthEngine:
    """Earth Engine client of one project.

    Parameters
    ----------
    project : str or None
        Cloud project whose quota is used; None for the one stored with the credentials.
    credentials : str
        ``"persistent"`` (stored by ``earthengine authenticate``), ``"application_default"``
        (found by Google's libraries) or the path of a service account's key file.
    url : str or None
        Address of the service; None for Google's.
    network : Network
        Request settings.
    """

    project: str | None
    credentials: str
    url: str | None
    network: Network

    def __post_init__(self) -> None:
        """Check the number of concurrent requests, without sending one."""
        if self.network.at_once > QUOTA:
            raise ConfigError(
                f"a project may send at most {QUOTA} requests to Earth Engine at once, found "
                f"{self.network.at_once}. Lower network.at_once."
            )

    def listing(
        self,
        properties: Mapping[str, Sequence[str]],
        bounds: Sequence[float],
        days: tuple[str, str],
    ) -> dict[str, Listing]:
        """Return properties of images by collection.

        Parameters
        ----------
        properties, bounds, days
            See `images.listing`.

        Returns
        -------
        dict of dict of list
            Values by collection and property, in the same order for all properties of a
            collection. Images without a property have no entry in its list.
        """

        def request() -> dict[str, Listing]:
            described = images.listing(properties, bounds, days)
            found: dict[str, Listing] = ee.data.computeValue(described)
            return found

        return self._send(request)

    def scenes(self, requested: Sequence[ImageRequest], grid: Grid) -> F32:
        """Return planes of several images, fetched in one request.

        Parameters
        ----------
        requested : sequence of ImageRequest
            Images with the same number of planes.
        grid : Grid
            Grid of the result.

        Returns
        -------
        (image, plane, row, col) float32
            In the order of `requested` and of `ImageRequest.kinds`.
        """
        kinds = {
            f"{i:03d}_{name}": kind
            for i, one in enumerate(requested)
            for name, kind in one.kinds.items()
        }

        def request() -> F32:
            return _fetch(images.stacked(requested, list(kinds), grid), kinds, grid)

        return self._send(request).reshape(len(requested), -1, *grid.shape)

    def layer(self, asset: str, band: str, grid: Grid, method: images.Method) -> F32:
        """Return one band of an image, (row, col); `images.NO_VALUE` means no data."""

        def request() -> F32:
            return _fetch(images.layer(asset, band, method), {band: "f"}, grid)

        plane: F32 = self._send(request)[0]
        return plane

    def joined_layer(self, asset: str, band: str, grid: Grid, method: images.Method) -> F32:
        """Return one band of a collection of tiles, like `layer` for an image."""

        def request() -> F32:
            return _fetch(images.joined_layer(asset, band, method, grid), {band: "f"}, grid)

        plane: F32 = self._send(request)[0]
        return plane

    def _send(self, request: Callable[[], Response]) -> Response:
        """Send a request with retries, after logging in if needed."""
        limiter: Throttle = throttle(f"Earth Engine at {self.url}", self.network)
        account = Account(self.project, self.credentials, self.url)

        def log_in() -> None:
            session = requests.Session()
            for scheme in ("https://", "http://"):
                session.mount(scheme, HTTPAdapter(pool_maxsize=self.network.at_once))
            transport = Transport(session, self.network.timeout_s)
            limiter.send(lambda: _translate_errors(lambda: account.log_in(transport)))

        _login.ensure(account, log_in)
        return limiter.send(lambda: _translate_errors(request))


def _fetch(image: ee.Image, kinds: Mapping[str, str], grid: Grid) -> F32:
    body: bytes = ee.data.computePixels(images.pixels(image, grid))
    return unpack_planes(body, kinds, grid)


def _translate_errors(request: Callable[[], Response]) -> Response:
    """Send a request; errors of Google's libraries become errors of ours."""
    try:
        return request()
    except ee.EEException as error:
        cause = error.__context__
        status = cause.status_code if isinstance(cause, HttpError) else 0
        raise service_error(status, str(error)) from error
    except HttpError as error:
        raise service_error(error.status_code, error.reason) from error
    except (ConnectionError, TimeoutError, TransportError) as error:
        raise TransientError(f"Earth Engine cannot be reached: {error}.") from error
    except GoogleAuthError as error:
        if error.retryable:
            raise TransientError(f"the credentials cannot be renewed now: {error}.") from error
        raise service_error(401, str(error)) from error
