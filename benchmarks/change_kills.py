"""Kill a map of several periods with SIGKILL, start it again, and compare every byte.

    python benchmarks/change_kills.py --model models/model.pkl

Maps a simulated site in four years twice: undisturbed; and killed in the second year, with all
its worker processes. `minecover change` follows the mines of both. Fails if a file differs, but
for the ledgers, which hold times.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from minecover.core.config import composed
from minecover.core.sites import square
from minecover.prediction.region.tile_ledger import LEDGER, LOCK, LOCK_HOLDER, TileLedger

YEARS = ("2011", "2012", "2014", "2016")
#: Longest wait for a process [s].
TIMEOUT_S = 300.0


def main() -> None:
    """Map, kill, map again, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="models/model.pkl")
    parser.add_argument("--site", default="sim0005")
    options = parser.parse_args()
    world = composed(["source=simulated_years"]).build("world")
    area = square(world.sites()[options.site].grown(-2)).bounds
    box = ",".join(f"{edge:.6f}" for edge in area)
    with tempfile.TemporaryDirectory() as scratch:
        undisturbed, killed = Path(scratch) / "undisturbed", Path(scratch) / "killed"
        _run(*_command(options.model, box, undisturbed))
        finished = _kill(_command(options.model, box, killed), killed)
        _run(*_command(options.model, box, killed))
        for folder in (undisturbed, killed):
            _run("change", str(folder))
        one, other = _digests(undisturbed), _digests(killed)
    differing = sorted(
        name for name in one.keys() | other.keys() if one.get(name) != other.get(name)
    )
    print(f"tiles finished when it was killed  {finished}")
    print(f"files compared                     {len(one)}")
    print(f"files that differ                  {', '.join(differing) or 'none'}")
    sys.exit(bool(differing))


def _command(model: str, box: str, out: Path) -> list[str]:
    periods = [word for year in YEARS for word in ("--period", year)]
    return [
        "map", box, "--source", "simulated_years", "--model", model, "--out", str(out),
        "--tile", "64", "--workers", "1", *periods,
    ]  # fmt: skip


def _run(*words: str) -> None:
    command = [str(Path(sys.executable).with_name("minecover")), *words]
    subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S)


def _kill(words: list[str], out: Path) -> dict[str, int]:
    """Start a map, and kill it once some tiles of the second year are finished."""
    command = [str(Path(sys.executable).with_name("minecover")), *words]
    begin = time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        while _finished(out).get(YEARS[1], 0) < 3 and time.monotonic() - begin < TIMEOUT_S:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    return _finished(out)


def _finished(out: Path) -> dict[str, int]:
    """Return the number of finished tiles of each year that was begun."""
    begun = [year for year in YEARS if (out / year / LEDGER).is_file()]
    return {year: len(TileLedger(out / year / LEDGER).outcomes()) for year in begun}


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (LEDGER, LOCK, LOCK_HOLDER)
    }


if __name__ == "__main__":
    main()
