"""HTTP transport with a time limit on the whole response, for clients of Google APIs."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

import requests

#: Bytes read between two checks of the time.
PART_BYTES = 1 << 16


class ResponseHeaders(dict[str, str]):
    """Headers and status of a response, with the interface of httplib2.

    Parameters
    ----------
    response : requests.Response
        The response.
    """

    def __init__(self, response: requests.Response) -> None:
        super().__init__({name.lower(): value for name, value in response.headers.items()})
        self.status = response.status_code
        self.reason = response.reason


@dataclass(frozen=True, slots=True)
class Transport:
    """HTTP transport that reuses connections.

    Parameters
    ----------
    session : requests.Session
        Pool of connections; it respects proxies and certificates set in the environment.
    timeout_s : float
        Time limit from sending a request to the last byte of the response [s]. The timeout of
        `requests` only limits the wait for each byte, so that slow responses exceed it.
    """

    session: requests.Session
    timeout_s: float

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        **ignored: object,
    ) -> tuple[ResponseHeaders, bytes]:
        """Send one request and return headers and body of the response.

        Parameters
        ----------
        uri, method : str
            Address and HTTP method.
        body : bytes, str or None
            Body of the request.
        headers : mapping or None
            Headers of the request.
        **ignored
            Further arguments of httplib2.

        Raises
        ------
        TimeoutError
            If the time limit is exceeded.
        ConnectionError
            If the connection fails before the last byte, or a JSON response is invalid.
        """
        end = time.monotonic() + self.timeout_s
        parts = []
        try:
            with self.session.request(
                method, uri, data=body, headers=headers, timeout=self.timeout_s, stream=True
            ) as response:
                for part in response.iter_content(PART_BYTES):
                    parts.append(part)
                    if time.monotonic() > end:
                        raise TimeoutError(f"no complete response within {self.timeout_s:g} s")
        except requests.Timeout as error:
            raise TimeoutError(f"no response within {self.timeout_s:g} s") from error
        except requests.RequestException as error:
            raise ConnectionError(str(error)) from error
        received, content = ResponseHeaders(response), b"".join(parts)
        if response.ok and received.get("content-type", "").startswith("application/json"):
            _check_json(content)
        return received, content


def _check_json(content: bytes) -> None:
    """Check a JSON body here, so that a damaged response is retried."""
    try:
        json.loads(content)
    except ValueError as error:
        raise ConnectionError(f"the response is damaged after {len(content)} bytes") from error
