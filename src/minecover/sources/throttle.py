"""Send requests to a busy service: fewer at once and longer waits after every failure."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from minecover.core.errors import ConfigError, SceneError

Response = TypeVar("Response")


class TransientError(Exception):
    """A failure worth a retry: service too busy or too slow, connection lost, data damaged."""


@dataclass(frozen=True, slots=True)
class Network:
    """Settings of requests to services: the top-level key `network`.

    Parameters
    ----------
    at_once : int
        Largest number of concurrent requests, per process.
    tries : int
        Largest number of times that one request is sent.
    first_wait_s, longest_wait_s : float
        Wait before the second try, doubled before each further one, and the longest wait [s].
        Up to half of a wait is random, so that clients that failed together do not retry
        together.
    deadline_s : float
        Time limit of one request, including all tries and waits [s].
    timeout_s : float
        Time limit of one response [s].
    """

    at_once: int
    tries: int
    first_wait_s: float
    longest_wait_s: float
    deadline_s: float
    timeout_s: float

    def __post_init__(self) -> None:
        """Check that requests are sent, end, and are retried after growing waits."""
        for key, least in (("at_once", 1), ("tries", 1)):
            if getattr(self, key) < least:
                raise ConfigError(
                    f"{key} must be at least {least}, found {getattr(self, key)}. "
                    f"Fix network.{key}."
                )
        if self.timeout_s <= 0:
            raise ConfigError(
                f"timeout_s must be above 0, found {self.timeout_s:g}. Fix network.timeout_s."
            )
        if not 0 < self.first_wait_s <= self.longest_wait_s <= self.deadline_s:
            raise ConfigError(
                "waits must satisfy 0 < first_wait_s <= longest_wait_s <= deadline_s, found "
                f"{self.first_wait_s:g}, {self.longest_wait_s:g}, {self.deadline_s:g}. "
                "Fix network.first_wait_s, network.longest_wait_s or network.deadline_s."
            )

    def wait_s(self, failures: int, share: float) -> float:
        """Return the wait after a number of failures [s].

        Parameters
        ----------
        failures : int
            Failures of the request so far, at least 1.
        share : float
            Random number in 0 ... 1 that decides on half of the wait.
        """
        # The exponent is limited because 2.0**1024 overflows.
        whole = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(failures - 1, 60))
        return whole * (0.5 + 0.5 * share)


class Throttle:
    """Limit on the concurrent requests of this process to a service.

    Every failure halves the limit (once for requests that were under way together), every
    response raises it a little, up to ``network.at_once``.

    Parameters
    ----------
    network : Network
        Request settings.
    clock, sleep : callable
        Return the current time, and wait [s].
    draw : callable
        Return a uniform random number in 0 ... 1.
    """

    def __init__(
        self,
        network: Network,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._network = network
        self._clock, self._sleep, self._draw = clock, sleep, draw
        self._condition = threading.Condition()
        self._limit = float(network.at_once)
        self._under_way = 0
        self._reductions = 0

    @property
    def limit(self) -> int:
        """Requests that may be under way now."""
        return int(self._limit)

    def send(self, request: Callable[[], Response]) -> Response:
        """Return the response to a request, which is retried after transient failures.

        Parameters
        ----------
        request : callable
            Sends the request once and returns the response.

        Raises
        ------
        SceneError
            If tries or time are used up by transient failures. Other errors of the request are
            raised at once.
        """
        network, spent_s, failures = self._network, 0.0, 0
        while True:
            with self._slot() as reductions:
                begin = self._clock()
                try:
                    response = request()
                except TransientError as error:
                    failures += 1
                    failure = error
                    self._reduce(reductions)
                else:
                    self._increase()
                    return response
                finally:
                    spent_s += self._clock() - begin
            wait_s = network.wait_s(failures, self._draw())
            if failures >= network.tries or spent_s + wait_s > network.deadline_s:
                raise SceneError(
                    f"a request failed {failures} times in {spent_s:.0f} s: {failure} "
                    "Run it again later, or raise network.tries and network.deadline_s."
                ) from failure
            self._sleep(wait_s)
            spent_s += wait_s

    @contextmanager
    def _slot(self) -> Iterator[int]:
        """Wait until a request may be sent; yield the number of reductions so far."""
        with self._condition:
            self._condition.wait_for(lambda: self._under_way < self.limit)
            self._under_way += 1
            reductions = self._reductions
        try:
            yield reductions
        finally:
            with self._condition:
                self._under_way -= 1
                self._condition.notify_all()

    def _reduce(self, reductions: int) -> None:
        """Halve the limit, unless that was done since the request was sent."""
        with self._condition:
            if reductions == self._reductions:
                self._limit = max(1.0, self._limit / 2)
                self._reductions += 1

    def _increase(self) -> None:
        with self._condition:
            self._limit = min(float(self._network.at_once), self._limit + 1 / self._limit)
            self._condition.notify_all()


@cache
def throttle(service: str, network: Network) -> Throttle:
    """Return the throttle that all requests of this process to a service share."""
    return Throttle(network)
