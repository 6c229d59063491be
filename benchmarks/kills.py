"""Check that a map survives `kill -9` of its Dask processes without losing or changing a tile.

    python benchmarks/kills.py --products simulated/ --area 27.9,-4.2,28,-4.1 --tile 128

Maps an area twice: undisturbed; and on a scheduler and two workers on loopback, where a worker
is killed after a third of the tiles and the scheduler after two thirds, and the map is then
started again. Prints one table; fails if the two maps differ in a byte.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from minecover.prediction.region.tile_ledger import LEDGER, TileLedger

#: Longest wait for a process [s].
TIMEOUT_S = 600.0


def main() -> None:
    """Map, kill, map again, compare."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        undisturbed, killed = Path(scratch) / "undisturbed", Path(scratch) / "killed"
        begin = time.perf_counter()
        _map(options, undisturbed).check_returncode()
        undisturbed_s = time.perf_counter() - begin
        n_tiles = _finished(undisturbed)
        message = _map_and_kill(options, killed, n_tiles)
        n_finished = _finished(killed)
        begin = time.perf_counter()
        _map(options, killed).check_returncode()
        rest_s = time.perf_counter() - begin
        one, other = _digest(undisturbed), _digest(killed)
    print(f"tiles                                   {n_tiles}")
    print(f"undisturbed                             {undisturbed_s:.0f} s")
    print(f"finished when the scheduler was killed  {n_finished}")
    print(f"message of the killed run               {message}")
    print(f"started again                           {rest_s:.0f} s")
    print(f"maps are the same, byte by byte         {'yes' if one == other else 'NO'}")
    sys.exit(one != other)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--products", required=True, help="folder of `minecover simulate`")
    parser.add_argument("--area", required=True)
    parser.add_argument("--model", default="models/model.pkl")
    parser.add_argument("--tile", default="128")
    parser.add_argument("--scratch", help="where to write; needs space for two maps")
    return parser.parse_args()


def _command(options: argparse.Namespace, out: Path, *more: str) -> list[str]:
    chosen = ("--source", options.products, "--model", options.model, "--tile", options.tile)
    return [_tool("minecover"), "map", options.area, *chosen, "--out", str(out), *more]


def _map(options: argparse.Namespace, out: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(options, out), text=True, capture_output=True, check=False, timeout=TIMEOUT_S
    )


def _map_and_kill(options: argparse.Namespace, out: Path, n_tiles: int) -> str:
    """Map on two workers; kill one, then the scheduler; return the last line of the run."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    here = ("--host", "127.0.0.1", "--no-dashboard")
    scheduler = _start("dask", "scheduler", *here, "--port", str(port))
    # Without a nanny a killed worker is not started again.
    single = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
    workers = [_start("dask", "worker", address, *single) for _ in range(2)]
    run = subprocess.Popen(
        _command(options, out, "--scheduler", address),
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _wait(out, n_tiles // 3, run)
        workers[0].send_signal(signal.SIGKILL)
        _wait(out, 2 * n_tiles // 3, run)
        scheduler.send_signal(signal.SIGKILL)
        _, output = run.communicate(timeout=TIMEOUT_S)
    finally:
        run.kill()
        run.wait()
        for process in (scheduler, *workers):
            process.kill()
            process.wait()
    if run.returncode != 1:
        raise SystemExit(
            f"the run should end with exit code 1, found {run.returncode}: {output}"
        )
    return output.strip().splitlines()[-1]


def _start(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [_tool(command[0]), *command[1:]],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _tool(name: str) -> str:
    """Return the path of a command of this environment."""
    return str(Path(sys.executable).with_name(name))


def _wait(out: Path, n: int, run: subprocess.Popen[str]) -> None:
    """Wait until n tiles are finished."""
    end = time.monotonic() + TIMEOUT_S
    while _finished(out) < n:
        if run.poll() is not None or time.monotonic() > end:
            run.kill()
            raise SystemExit(f"the run ended or hung before {n} tiles: {run.communicate()[1]}")
        time.sleep(0.2)


def _finished(out: Path) -> int:
    """Return the number of tiles in the ledger of a map."""
    ledger = out / LEDGER
    return len(TileLedger(ledger).outcomes()) if ledger.is_file() else 0


def _digest(out: Path) -> dict[str, str]:
    """Return the digest of every file of a map except its lock and ledger, which has times."""
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.suffix in (".tif", ".vrt", ".json")
    }


if __name__ == "__main__":
    main()
