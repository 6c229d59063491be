"""Servers that tests start on a free port and stop when a block ends."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

#: How long a server may take until it answers [s].
LONGEST_WAIT_S = 180


def free_port() -> int:
    """Return a TCP port of this machine that no server listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(
    *command: str | Path, url: str, **options: object
) -> Iterator[subprocess.Popen[str]]:
    """Run a server until the block ends; the block begins once it answers at a URL."""
    with subprocess.Popen(command, start_new_session=True, **options) as server:  # type: ignore[call-overload]
        try:
            end = time.monotonic() + LONGEST_WAIT_S
            while not answers(url):
                assert server.poll() is None, f"{command[0]} has ended"
                assert time.monotonic() < end, f"{url} does not answer"
                time.sleep(0.2)
            yield server
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGTERM)


def answers(url: str) -> bool:
    """Tell whether a server answers an HTTP request, or accepts connections."""
    try:
        if url.startswith("http"):
            urllib.request.urlopen(url, timeout=5).close()
        else:
            host, port = url.split(":")
            socket.create_connection((host, int(port)), timeout=5).close()
    except OSError:
        return False
    return True
