"""Earth Engine as we use it: logged in at first use, asked with patience, answers checked."""

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
from minecover.sources.earth_engine.delivery import unpacked
from minecover.sources.earth_engine.images import Wanted
from minecover.sources.earth_engine.login import Account, Login
from minecover.sources.earth_engine.refusals import refusal
from minecover.sources.throttle import Network, PassingError, Throttle, throttle
from minecover.sources.transport import Transport

Answer = TypeVar("Answer")
#: What is said of the images of one collection: a list of values by property.
Listing = Mapping[str, Sequence[float | str]]

#: A project's quota of requests at once.
#: developers.google.com/earth-engine/guides/usage
QUOTA = 40

_login = Login()


@dataclass(frozen=True, slots=True)
class EarthEngine:
    """Earth Engine under one project.

    Parameters
    ----------
    project : str or None
        Cloud project whose quota counts; None takes the one stored with the credentials.
    credentials : str
        ``"persistent"`` (stored by ``earthengine authenticate``), ``"application_default"``
        (wherever Google's tools look) or the path of a service account's key file.
    url : str or None
        Address of the service; None is Google's.
    network : Network
        Tries, waits and time limits.
    """

    project: str | None
    credentials: str
    url: str | None
    network: Network

    def __post_init__(self) -> None:
        """Check what can be checked without asking."""
        if self.network.at_once > QUOTA:
            raise ConfigError(
                f"a project may ask Earth Engine {QUOTA} things at once, found "
                f"{self.network.at_once}. Lower network.at_once."
            )

    def listing(
        self,
        collections: Sequence[str],
        bounds: Sequence[float],
        days: tuple[str, str],
        names: Sequence[str],
    ) -> dict[str, Listing]:
        """List images by collection: see `images.listing`.

        The lists of a collection are in one order; images without a property lack in its list.
        """

        def question() -> dict[str, Listing]:
            described = images.listing(collections, bounds, days, names)
            found: dict[str, Listing] = ee.data.computeValue(described)
            return found

        return self._ask(question)

    def scenes(self, wanted: Sequence[Wanted], grid: Grid) -> F32:
        """Fetch planes of several images in one request.

        Returns
        -------
        (image, plane, row, col) float32
            In the order of `wanted` and of its `kinds`.
        """
        kinds = {
            f"{i:03d}_{name}": kind
            for i, one in enumerate(wanted)
            for name, kind in one.kinds.items()
        }

        def question() -> F32:
            return _fetched(images.stacked(wanted, list(kinds), grid), kinds, grid)

        return self._ask(question).reshape(len(wanted), -1, *grid.shape)

    def layer(self, asset: str, band: str, grid: Grid, method: images.Method) -> F32:
        """Fetch one band of an image, (row, col); `images.NO_VALUE` where it has none."""

        def question() -> F32:
            return _fetched(images.layer(asset, band, method), {band: "f"}, grid)

        plane: F32 = self._ask(question)[0]
        return plane

    def joined_layer(self, asset: str, band: str, grid: Grid, method: images.Method) -> F32:
        """Fetch one band of a collection of tiles, as `layer` does of an image."""

        def question() -> F32:
            return _fetched(images.joined_layer(asset, band, method, grid), {band: "f"}, grid)

        plane: F32 = self._ask(question)[0]
        return plane

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        """Log in, and put a question through the process's gate."""
        gate: Throttle = throttle(f"Earth Engine at {self.url}", self.network)
        account = Account(self.project, self.credentials, self.url)

        def log_in() -> None:
            session = requests.Session()
            for scheme in ("https://", "http://"):
                session.mount(scheme, HTTPAdapter(pool_maxsize=self.network.at_once))
            transport = Transport(session, self.network.timeout_s)
            gate.ask(lambda: _translated(lambda: account.log_in(transport)))

        _login.ensure(account, log_in)
        return gate.ask(lambda: _translated(question))


def _fetched(image: ee.Image, kinds: Mapping[str, str], grid: Grid) -> F32:
    body: bytes = ee.data.computePixels(images.pixels(image, grid))
    return unpacked(body, kinds, grid)


def _translated(question: Callable[[], Answer]) -> Answer:
    """Put a question; what the vendor's clients raise becomes one of our failures."""
    try:
        return question()
    except ee.EEException as error:
        cause = error.__context__
        status = cause.status_code if isinstance(cause, HttpError) else 0
        raise refusal(status, str(error)) from error
    except HttpError as error:
        raise refusal(error.status_code, error.reason) from error
    except (ConnectionError, TimeoutError, TransportError) as error:
        raise PassingError(f"Earth Engine cannot be reached: {error}.") from error
    except GoogleAuthError as error:
        if error.retryable:
            raise PassingError(f"the credentials cannot be renewed now: {error}.") from error
        raise refusal(401, str(error)) from error
