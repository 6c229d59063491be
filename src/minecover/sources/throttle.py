"""Ask a strained service with patience: fewer questions at once, longer waits between them."""

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

Answer = TypeVar("Answer")


class PassingError(Exception):
    """A failure that may pass by itself: too busy, too slow, cut off, or damaged on its way."""


@dataclass(frozen=True, slots=True)
class Network:
    """How services are asked: the top-level key `network`.

    Parameters
    ----------
    at_once : int
        Questions under way at most; every process keeps to it by itself.
    tries : int
        Times one question is asked at most.
    first_wait_s, longest_wait_s : float
        Wait before the second try, doubled before each further one, and where that ends. Half
        of a wait is drawn at random, so that askers who failed together do not return together.
    deadline_s : float
        Answers and waits of one question together take no longer: then the last try was it.
    timeout_s : float
        Limit of one answer.
    """

    at_once: int
    tries: int
    first_wait_s: float
    longest_wait_s: float
    deadline_s: float
    timeout_s: float

    def __post_init__(self) -> None:
        """Refuse what would never ask, or never wait."""
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
                "waits must grow, 0 < first_wait_s <= longest_wait_s <= deadline_s, found "
                f"{self.first_wait_s:g}, {self.longest_wait_s:g}, {self.deadline_s:g}. "
                "Fix network.first_wait_s, network.longest_wait_s or network.deadline_s."
            )

    def wait_s(self, failures: int, share: float) -> float:
        """Seconds to wait after so many failures; `share`, 0 ... 1, is the luck of the draw."""
        # Beyond 2**60 times the first wait every wait is the longest, and ever was.
        whole = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(failures - 1, 60))
        return whole * (0.5 + 0.5 * share)


class Throttle:
    """The one gate of a process to a service.

    Every failure halves how many questions go through at once (once for those that were under
    way together), every answer lets in a little more, up to what `network` allows.

    Parameters
    ----------
    network : Network
        How to ask.
    clock, sleep : callable
        Seconds that pass, and a pause of some [s].
    draw : callable
        A number in 0 ... 1, evenly spread.
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
        self._gate = threading.Condition()
        self._width = float(network.at_once)
        self._under_way = 0
        self._narrowed = 0

    @property
    def width(self) -> int:
        """Questions that may be under way now."""
        return int(self._width)

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """Put a question until it is answered.

        Raises
        ------
        SceneError
            If it fails in a passing way until tries or time are used up; any other error of the
            question comes through at once.
        """
        network, spent_s, failures = self._network, 0.0, 0
        while True:
            with self._inside() as narrowed:
                begin = self._clock()
                try:
                    answer = question()
                except PassingError as error:
                    failures += 1
                    failure = error
                    self._narrow(narrowed)
                else:
                    self._widen()
                    return answer
                finally:
                    spent_s += self._clock() - begin
            wait_s = network.wait_s(failures, self._draw())
            if failures >= network.tries or spent_s + wait_s > network.deadline_s:
                raise SceneError(
                    f"asked {failures} times in {spent_s:.0f} s, and still: {failure} "
                    "Run it again later, or raise network.tries and network.deadline_s."
                ) from failure
            self._sleep(wait_s)
            spent_s += wait_s

    @contextmanager
    def _inside(self) -> Iterator[int]:
        """Wait for a place; yield how often the gate had been narrowed by then."""
        with self._gate:
            self._gate.wait_for(lambda: self._under_way < self.width)
            self._under_way += 1
            narrowed = self._narrowed
        try:
            yield narrowed
        finally:
            with self._gate:
                self._under_way -= 1
                self._gate.notify_all()

    def _narrow(self, narrowed: int) -> None:
        with self._gate:
            if narrowed == self._narrowed:
                self._width = max(1.0, self._width / 2)
                self._narrowed += 1

    def _widen(self) -> None:
        with self._gate:
            self._width = min(float(self._network.at_once), self._width + 1 / self._width)
            self._gate.notify_all()


@cache
def throttle(service: str, network: Network) -> Throttle:
    """Give the process's one throttle for a service."""
    return Throttle(network)
