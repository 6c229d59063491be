"""Asking with network: when it asks again, how long it waits, how many it lets through."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest

from minecover.core.errors import ConfigError, SceneError
from minecover.sources.throttle import Network, PassingError, Throttle, throttle

Answer = TypeVar("Answer")
NETWORK = Network(
    at_once=8, tries=5, first_wait_s=1, longest_wait_s=4, deadline_s=100, timeout_s=60
)


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def __call__(self) -> float:
        return sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@dataclass(frozen=True)
class Desk:
    """A throttle under a clock of its own, with the longest of all draws."""

    network: Network
    clock: Clock

    @property
    def throttle(self) -> Throttle:
        return Throttle(
            self.network, clock=self.clock, sleep=self.clock.sleep, draw=lambda: 1.0
        )


@pytest.fixture
def desk() -> Desk:
    return Desk(NETWORK, Clock())


def failing(times: int) -> Callable[[], str]:
    """Fail so often, then answer."""
    answers: Iterator[str | None] = iter([None] * times + ["at last"])

    def question() -> str:
        answer = next(answers)
        if answer is None:
            raise PassingError("busy.")
        return answer

    return question


def in_turn(*questions: Callable[[], Answer]) -> Callable[[], Answer]:
    """Put one question after the other."""
    turns = iter(questions)
    return lambda: next(turns)()


def test_waits_double_up_to_the_longest(desk: Desk) -> None:
    assert desk.throttle.ask(failing(4)) == "at last"
    assert desk.clock.waits == [1, 2, 4, 4]


def test_half_of_a_wait_is_luck() -> None:
    assert [NETWORK.wait_s(2, share) for share in (0.0, 0.5, 1.0)] == [1.0, 1.5, 2.0]


def test_a_very_patient_asker_still_waits_the_longest_wait() -> None:
    assert NETWORK.wait_s(5000, 1.0) == 4


def test_tries_end(desk: Desk) -> None:
    with pytest.raises(SceneError, match=r"asked 5 times in 11 s, and still: busy\. Run"):
        desk.throttle.ask(failing(5))


def test_the_deadline_ends_them_earlier(desk: Desk) -> None:
    hurried = replace(desk, network=replace(NETWORK, deadline_s=6.5))

    with pytest.raises(SceneError, match="asked 3 times in 3 s"):
        hurried.throttle.ask(failing(5))


def test_slow_answers_count_against_the_deadline(desk: Desk) -> None:
    def slow() -> str:
        desk.clock.sleep(60)
        raise PassingError("no answer within 60 s.")

    with pytest.raises(SceneError, match="asked 2 times in 121 s"):
        desk.throttle.ask(slow)


def test_another_error_comes_through_at_once(desk: Desk) -> None:
    def wrong() -> str:
        raise ValueError("our own mistake")

    with pytest.raises(ValueError, match="our own mistake"):
        desk.throttle.ask(wrong)
    assert desk.clock.waits == []


def test_failures_narrow_the_gate_and_answers_widen_it_again(desk: Desk) -> None:
    gate = desk.throttle

    gate.ask(failing(2))
    narrow = gate.width
    answers = [gate.ask(failing(0)) for _ in range(10)]
    wider = gate.width
    answers += [gate.ask(failing(0)) for _ in range(50)]

    assert set(answers) == {"at last"}
    assert (narrow, wider, gate.width) == (2, 5, 8)


def test_the_gate_never_closes(desk: Desk) -> None:
    gate = desk.throttle

    gate.ask(failing(4))

    assert gate.width >= 1


def test_failures_of_one_burst_count_once(desk: Desk) -> None:
    gate, together = desk.throttle, threading.Barrier(8)

    def meet_and_fail() -> str:
        together.wait(5)
        raise PassingError("busy.")

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(gate.ask, in_turn(meet_and_fail, failing(0))) for _ in range(8)]
        answers = [one.result() for one in asked]

    assert answers == ["at last"] * 8
    assert gate.width >= 4


def test_no_more_than_allowed_are_under_way() -> None:
    gate = Throttle(replace(NETWORK, at_once=3))
    lock, under_way, most = threading.Lock(), [0], [0]

    def question() -> None:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        threading.Event().wait(0.005)
        with lock:
            under_way[0] -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: gate.ask(question), range(24)))

    assert most == [3]


def test_a_service_has_one_throttle() -> None:
    assert throttle("here", NETWORK) is throttle("here", replace(NETWORK))
    assert throttle("here", NETWORK) is not throttle("there", NETWORK)


def test_no_time_for_an_answer_is_refused() -> None:
    with pytest.raises(ConfigError, match="timeout_s must be above 0, found 0"):
        replace(NETWORK, timeout_s=0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param((0, 5, 1, 4, 9), "at_once must be at least 1, found 0", id="nobody asks"),
        pytest.param((8, 0, 1, 4, 9), "tries must be at least 1", id="no try"),
        pytest.param((8, 5, 0, 4, 9), "waits must grow", id="no wait"),
        pytest.param((8, 5, 1, 0.5, 9), "found 1, 0.5, 9", id="shrinking waits"),
        pytest.param((8, 5, 1, 4, 3), r"network\.deadline_s", id="deadline too soon"),
    ],
)
def test_impatience_is_refused(
    values: tuple[int, int, float, float, float], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Network(*values, 60)
