"""Does a fetch that is killed lose anything? Through a faulty Earth Engine, killed twice.

    python benchmarks/fetch.py --sites 200 --fail-first 0.3

Fetches the same simulated ground twice with `dvc repro imagery`, from a local server that
speaks Earth Engine's protocol to its real client: once undisturbed, and once with a share of
the first answers failing and `kill -9` after a third and two thirds of the sites. Prints one
table: requests a site, time, sites asked for again once finished, files that differ.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from minecover.sources.fetch import read_stored

ROOT = Path(__file__).parents[1]
SERVER = ROOT / "tests/servers/earth_engine.py"
HEADER = "run | sites | requests a site | of these failed | killed | asked again | differ | s"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one fetch took, and what it gave."""

    files: dict[str, bytes]
    requests: pd.DataFrame
    asked_again: int
    killed: int
    seconds: float

    def row(self, name: str, reference: Fetched) -> str:
        """Write the line of the table."""
        different = self.files.keys() ^ reference.files.keys() | {
            key for key in self.files if self.files[key] != reference.files.get(key)
        }
        sites = len(self.files) - 1
        failed = (self.requests["answer"] != "ok").mean()
        return (
            f"{name} | {sites} | {len(self.requests) / sites:.2f} | {failed:.1%} | "
            f"{self.killed} | {self.asked_again} | {len(different)} | {self.seconds:.0f}"
        )


def main() -> None:
    """Fetch both ways and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--fail-first", type=float, default=0.3)
    parser.add_argument("--hang", type=float, default=2.0, help="seconds that a hang lasts")
    asked = parser.parse_args()
    print(HEADER, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        plain = _fetched(Path(folder) / "plain", asked.sites, ("--fail-first", "0"), kills=())
        print(plain.row("undisturbed", plain), flush=True)
        faults = ("--fail-first", str(asked.fail_first), "--hang", str(asked.hang))
        kills = (asked.sites // 3, 2 * asked.sites // 3)
        faulty = _fetched(Path(folder) / "faulty", asked.sites, faults, kills=kills)
        print(faulty.row("faulty, killed", plain), flush=True)


def _fetched(
    folder: Path, n_sites: int, faults: tuple[str, ...], *, kills: tuple[int, ...]
) -> Fetched:
    """Fetch in a checkout of its own, and kill it when so many sites are finished."""
    checkout, desk = folder / "checkout", folder / "desk"
    subprocess.run(("git", "clone", "-q", ROOT, checkout), check=True)
    with _served(desk, n_sites, faults) as url:
        _prepare(checkout, desk, url)
        begin = time.monotonic()
        finished: dict[str, int] = {}
        for most in kills:
            _killed(checkout, after=most)
            finished |= {name: _pixel_answers(desk, name) for name in _finished(checkout)}
        _run(checkout, "dvc", "repro", "imagery")
        seconds = time.monotonic() - begin
        again = sum(_pixel_answers(desk, name) != count for name, count in finished.items())
    scenes = checkout / "data/scenes"
    return Fetched(
        files={path.name: path.read_bytes() for path in sorted(scenes.iterdir())},
        requests=_requests(desk),
        asked_again=again,
        killed=len(kills),
        seconds=seconds,
    )


@contextmanager
def _served(desk: Path, n_sites: int, faults: tuple[str, ...]) -> Iterator[str]:
    """Run the server while the block runs."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(SERVER), "--port", str(port), "--folder", str(desk)]
    command += [*faults, "--override", f"world.n_sites={n_sites}"]
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    try:
        yield server.stderr.readline().strip()
    finally:
        server.kill()
        server.wait()


def _prepare(checkout: Path, desk: Path, url: str) -> None:
    """Choose the server as the source, and lay its sites."""
    _run(
        checkout,
        *("minecover", "params", "--write", "source=earth_engine", "labels=files"),
        *(f"labels.input={desk}/mines.geojson", f"labels.reader.points={desk}/points.geojson"),
        *("sites=simulated", "context=none", f"source.client.url={url}"),
        *(f"source.client.credentials={desk}/key.json", "source.client.project=p-test"),
        "source.client.timeout_s=60",
    )
    _run(checkout, "dvc", "repro", "sites")


def _killed(checkout: Path, *, after: int) -> None:
    """Start the fetch, and `kill -9` it with all its children when so many are finished."""
    process = subprocess.Popen(
        ("dvc", "repro", "imagery"),
        cwd=checkout,
        env=_environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while len(_finished(checkout)) < after and process.poll() is None:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _finished(checkout: Path) -> list[str]:
    """Name the sites that the store holds whole."""
    patches = (checkout / ".cache/scenes").glob("*/*.tif")
    return sorted(path.stem for path in patches if read_stored(path))


def _requests(desk: Path) -> pd.DataFrame:
    return pd.read_csv(desk / "requests.csv", names=["site", "endpoint", "answer"])


def _pixel_answers(desk: Path, site_id: str) -> int:
    """Count the requests for one site so far."""
    return int((_requests(desk)["site"] == site_id).sum())


def _environment() -> dict[str, str]:
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": here, "DVC_NO_ANALYTICS": "1"}


def _run(checkout: Path, *command: str) -> None:
    subprocess.run(command, cwd=checkout, env=_environment(), check=True, capture_output=True)


if __name__ == "__main__":
    main()
