"""Throttled requests: retries, waits, and the number of concurrent requests."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest

from minecover.core.errors import ConfigError, SceneError
from minecover.sources.throttle import Network, Throttle, TransientError, throttle

Response = TypeVar("Response")
NETWORK = Network(
    at_once=8, tries=5, first_wait_s=1, longest_wait_s=4, deadline_s=100, timeout_s=60
)


class Clock:
    """A clock that advances only when `sleep` is called."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def __call__(self) -> float:
        return sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@dataclass(frozen=True)
class TimedThrottle:
    """A throttle with a test clock and without randomness: every wait has its full length."""

    network: Network
    clock: Clock

    @property
    def throttle(self) -> Throttle:
        return Throttle(
            self.network, clock=self.clock, sleep=self.clock.sleep, draw=lambda: 1.0
        )


@pytest.fixture
def timed() -> TimedThrottle:
    return TimedThrottle(NETWORK, Clock())


def failing(times: int) -> Callable[[], str]:
    """Return a request that fails a number of times and then succeeds."""
    responses: Iterator[str | None] = iter([None] * times + ["at last"])

    def request() -> str:
        response = next(responses)
        if response is None:
            raise TransientError("busy.")
        return response

    return request


def in_turn(*requests: Callable[[], Response]) -> Callable[[], Response]:
    """Return a request that is another one each time it is sent."""
    turns = iter(requests)
    return lambda: next(turns)()


def test_waits_double_up_to_the_longest(timed: TimedThrottle) -> None:
    assert timed.throttle.send(failing(4)) == "at last"
    assert timed.clock.waits == [1, 2, 4, 4]


def test_half_of_a_wait_is_random() -> None:
    assert [NETWORK.wait_s(2, share) for share in (0.0, 0.5, 1.0)] == [1.0, 1.5, 2.0]


def test_waits_after_many_failures_do_not_overflow() -> None:
    assert NETWORK.wait_s(5000, 1.0) == 4


def test_the_number_of_tries_is_limited(timed: TimedThrottle) -> None:
    with pytest.raises(SceneError, match=r"failed 5 times in 11 s: busy\. Run"):
        timed.throttle.send(failing(5))


def test_the_deadline_limits_the_tries(timed: TimedThrottle) -> None:
    hurried = replace(timed, network=replace(NETWORK, deadline_s=6.5))

    with pytest.raises(SceneError, match="failed 3 times in 3 s"):
        hurried.throttle.send(failing(5))


def test_slow_responses_count_against_the_deadline(timed: TimedThrottle) -> None:
    def slow() -> str:
        timed.clock.sleep(60)
        raise TransientError("no response within 60 s.")

    with pytest.raises(SceneError, match="failed 2 times in 121 s"):
        timed.throttle.send(slow)


def test_another_error_is_raised_at_once(timed: TimedThrottle) -> None:
    def wrong() -> str:
        raise ValueError("our own mistake")

    with pytest.raises(ValueError, match="our own mistake"):
        timed.throttle.send(wrong)
    assert timed.clock.waits == []


def test_failures_lower_the_limit_and_responses_raise_it(timed: TimedThrottle) -> None:
    limiter = timed.throttle

    limiter.send(failing(2))
    low = limiter.limit
    responses = [limiter.send(failing(0)) for _ in range(10)]
    higher = limiter.limit
    responses += [limiter.send(failing(0)) for _ in range(50)]

    assert set(responses) == {"at last"}
    assert (low, higher, limiter.limit) == (2, 5, 8)


def test_the_limit_stays_above_zero(timed: TimedThrottle) -> None:
    limiter = timed.throttle

    limiter.send(failing(4))

    assert limiter.limit >= 1


def test_failures_of_one_burst_count_once(timed: TimedThrottle) -> None:
    limiter, together = timed.throttle, threading.Barrier(8)

    def meet_and_fail() -> str:
        together.wait(5)
        raise TransientError("busy.")

    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(limiter.send, in_turn(meet_and_fail, failing(0))) for _ in range(8)]
        responses = [one.result() for one in sent]

    assert responses == ["at last"] * 8
    assert limiter.limit >= 4


def test_no_more_than_allowed_are_under_way() -> None:
    limiter = Throttle(replace(NETWORK, at_once=3))
    lock, under_way, most = threading.Lock(), [0], [0]

    def request() -> None:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        threading.Event().wait(0.005)
        with lock:
            under_way[0] -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: limiter.send(request), range(24)))

    assert most == [3]


def test_a_service_has_one_throttle() -> None:
    assert throttle("here", NETWORK) is throttle("here", replace(NETWORK))
    assert throttle("here", NETWORK) is not throttle("there", NETWORK)


def test_a_timeout_of_zero_is_refused() -> None:
    with pytest.raises(ConfigError, match="timeout_s must be above 0, found 0"):
        replace(NETWORK, timeout_s=0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param((0, 5, 1, 4, 9), "at_once must be at least 1, found 0", id="no request"),
        pytest.param((8, 0, 1, 4, 9), "tries must be at least 1", id="no try"),
        pytest.param((8, 5, 0, 4, 9), "waits must satisfy", id="no wait"),
        pytest.param((8, 5, 1, 0.5, 9), "found 1, 0.5, 9", id="shrinking waits"),
        pytest.param((8, 5, 1, 4, 3), r"network\.deadline_s", id="deadline too soon"),
    ],
)
def test_invalid_settings_are_refused(
    values: tuple[int, int, float, float, float], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Network(*values, 60)
