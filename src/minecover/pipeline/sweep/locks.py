"""One at a time, over all processes of this machine; a lock dies with its holder."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

#: What jobs of a sweep share, and leave when it is done.
SHARED = Path(".cache/sweeps")
#: Between two looks for a free core [s].
PATIENCE_S = 0.05


@contextmanager
def held(name: str, *, wait: bool = True) -> Iterator[bool]:
    """Hold a lock; yield whether it is held, which without waiting may be False."""
    path = SHARED / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def core(places: int) -> Iterator[None]:
    """Wait for one of so many places: more workers than places take turns."""
    while True:
        for place in range(places):
            with ExitStack() as stack:
                if stack.enter_context(held(f"core-{place}-of-{places}", wait=False)):
                    yield
                    return
        time.sleep(PATIENCE_S)
