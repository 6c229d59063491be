"""HTTP with a time limit on the whole answer, in the form that Google's clients ask for."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

import requests

#: Bytes read between two looks at the clock.
PART_BYTES = 1 << 16


class Reply(dict[str, str]):
    """Headers and status of an answer, as httplib2 has them."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__({name.lower(): value for name, value in response.headers.items()})
        self.status = response.status_code
        self.reason = response.reason


@dataclass(frozen=True, slots=True)
class Transport:
    """Send requests over kept connections.

    Parameters
    ----------
    session : requests.Session
        Keeps the connections; heeds the environment's proxies and certificates.
    timeout_s : float
        Limit for one request from sending it to its last byte. The library's own limits each
        wait for a byte, and an answer that trickles would outlast them.
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
    ) -> tuple[Reply, bytes]:
        """Send one request and read its whole answer.

        Raises
        ------
        TimeoutError
            If it takes too long.
        ConnectionError
            If there is no connection, or it is cut before the last byte.
            Or if what arrives as JSON is none.
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
                        raise TimeoutError(f"no whole answer within {self.timeout_s:g} s")
        except requests.Timeout as error:
            raise TimeoutError(f"no answer within {self.timeout_s:g} s") from error
        except requests.RequestException as error:
            raise ConnectionError(str(error)) from error
        reply, content = Reply(response), b"".join(parts)
        if response.ok and reply.get("content-type", "").startswith("application/json"):
            _check_json(content)
        return reply, content


def _check_json(content: bytes) -> None:
    """Refuse a damaged answer here, where asking again is the remedy."""
    try:
        json.loads(content)
    except ValueError as error:
        raise ConnectionError(f"the answer is damaged after {len(content)} bytes") from error
