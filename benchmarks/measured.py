"""What the benchmarks share: the machine's name, medians, and a map that is watched."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from minecover.core.sites import square
from minecover.learning.model_card import ModelCard
from minecover.prediction.other_sensors import folder_source
from minecover.prediction.region.tile_ledger import LEDGER, OK, TileLedger

#: Memory is looked at so often [s]: to add up a process's pages takes time of its own.
LOOK_S = 2.0


@dataclass(frozen=True, slots=True)
class Run:
    """One map: the whole command [s], its tiles [s], locations, and memory [bytes].

    `peak_bytes` is the most that was seen of all processes together; `most_bytes` adds up the
    most that each of them ever held, whenever that was, shared pages as often as they are
    shared. The first may miss a moment, the second cannot.
    """

    wall_s: float
    busy_s: float
    locations: int
    mines: int
    peak_bytes: int
    most_bytes: int


def machine() -> str:
    """Name this machine, and how busy it was when asked."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    memory = psutil.virtual_memory().total / 1e9
    return (
        f"{names[0]}, {os.cpu_count()} cores, {memory:.0f} GB; Python "
        f"{platform.python_version()}; load before {os.getloadavg()[0]:.1f}"
    )


def median_s(work: Callable[[], object], repeats: int) -> float:
    """Time some work, after one run that is not counted [s]."""
    work()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def mapped(products: Path, area: str, model: Path, workers: int, scratch: Path) -> Run:
    """Run `minecover map` and watch it; the map is thrown away."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        out = Path(folder) / "map"
        command = [str(Path(sys.executable).with_name("minecover")), "map", area]
        command += ["--source", str(products), "--model", str(model), "--out", str(out)]
        command += ["--workers", str(workers)]
        begin, peak, most = time.perf_counter(), 0, dict[int, int]()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while process.poll() is None:
            peak = max(peak, _memory(process.pid, most))
            time.sleep(LOOK_S)
        wall_s = time.perf_counter() - begin
        _, said = process.communicate()
        if process.returncode:
            raise SystemExit(said.decode())
        done = [
            tile for tile in TileLedger(out / LEDGER).outcomes().values() if tile.state == OK
        ]
        busy = sum(tile.seconds for tile in done)
        locations = sum(tile.locations for tile in done)
        mines = sum(tile.mines for tile in done)
    return Run(wall_s, busy / workers, locations, mines, peak, sum(most.values()))


def extent_of(products: Path, card: ModelCard) -> str:
    """Return the box that holds all products that a model takes from a folder, in degrees."""
    whole = folder_source(str(products), card).extent()
    return ",".join(f"{edge:.6f}" for edge in square(whole).bounds)


def _memory(pid: int, most: dict[int, int]) -> int:
    """Add up what a process and its children hold [bytes]; note the most of each."""
    total = 0
    try:
        main = psutil.Process(pid)
        family = [main, *main.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in family:
        try:
            total += process.memory_full_info().pss
            status = Path(f"/proc/{process.pid}/status").read_text()
        except (psutil.NoSuchProcess, OSError):
            continue
        # Of a zombie there is none.
        if found := re.search(r"VmHWM:\s+(\d+) kB", status):
            most[process.pid] = 1024 * int(found[1])
    return total
