"""The files that the jobs of a sweep share, and the locks around them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from minecover.core.files import lock

#: What jobs share: tables, audits, probabilities, locks.
SHARED = Path(".cache/sweeps")
#: Between two attempts to get a free core [s].
RETRY_S = 0.05


def shared_lock(name: str, *, wait: bool = True) -> AbstractContextManager[bool]:
    """Hold a lock of the sweeps of this checkout, see `minecover.core.files.lock`."""
    return lock(SHARED / "locks" / name, wait=wait)


@contextmanager
def core_slot(slots: int) -> Iterator[None]:
    """Wait for one of some slots: more workers than slots take turns."""
    while True:
        for slot in range(slots):
            with ExitStack() as stack:
                if stack.enter_context(shared_lock(f"core-{slot}-of-{slots}", wait=False)):
                    yield
                    return
        time.sleep(RETRY_S)
