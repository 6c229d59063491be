"""Measure how long the candidates of a map take, against the map itself, and their memory.

    python benchmarks/candidates.py --products simulated-area/ --model models/model.pkl

Maps the whole extent of a folder of simulated products with two workers, then finds and writes
its candidates again in processes of their own, which also import what they need. A threshold
below that of the model makes more candidates (`--threshold`).
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measured import extent_of, machine

from minecover.pipeline.candidate_files import read_record
from minecover.pipeline.known_ground import KnownGround
from minecover.pipeline.map_candidates import write_region_candidates
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.region.tile_ledger import OK, TileLedger

WORKERS = 2


def main() -> None:
    """Measure and print the figures."""
    options = _options()
    if options.again:
        _again(options.again)
        return
    print(machine())
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        scratch = Path(folder)
        model = _model(options.model, options.threshold, scratch)
        out = scratch / "map"
        area = extent_of(options.products, ModelBundle.read(model).card)
        command = [str(Path(sys.executable).with_name("minecover")), "map", area]
        command += ["--source", str(options.products), "--model", str(model), "--out", str(out)]
        begin = time.perf_counter()
        subprocess.run([*command, "--workers", str(WORKERS)], check=True, stdout=sys.stderr)
        wall_s = time.perf_counter() - begin
        outcomes = TileLedger(out / "ledger.csv").outcomes().values()
        busy_s = sum(one.seconds for one in outcomes) / WORKERS
        locations = sum(one.locations for one in outcomes if one.state == OK)
        mines = sum(one.mines for one in outcomes)
        runs = [
            json.loads(
                subprocess.run(
                    [sys.executable, __file__, "--again", str(out)],
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout
            )
            for _ in range(options.repeats)
        ]
    step_s = statistics.median(run["seconds"] for run in runs)
    record = runs[0]
    print(f"map: {locations:,} locations in {busy_s:.1f} s ({wall_s:.1f} s with all else)")
    print(
        f"candidates: {record['candidates']:,} of {mines:,} pixels in {step_s:.2f} s, "
        f"{100 * step_s / busy_s:.1f} % of the map; peak memory {record['peak'] / 1e9:.2f} GB"
    )


def _again(out: Path) -> None:
    """Find and write the candidates of a map once, and print time and memory as JSON."""
    begin = time.perf_counter()
    written = write_region_candidates(
        read_record(out).settings, sorted(out.glob("*.vrt")), KnownGround.read()
    )
    seconds = time.perf_counter() - begin
    found = json.loads(written[0].with_suffix(".json").read_text())["candidates"]
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "candidates": found, "peak": peak}))


def _model(model: Path, threshold: float | None, folder: Path) -> Path:
    """Return the model, or a copy with another threshold in its card."""
    if threshold is None:
        return model
    copy = Path(shutil.copy(model, folder / "model.pkl"))
    card = json.loads(model.with_suffix(".json").read_text())
    copy.with_suffix(".json").write_text(json.dumps({**card, "threshold": threshold}))
    return copy


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=Path)
    parser.add_argument("--model", type=Path, default=Path("models/model.pkl"))
    parser.add_argument("--threshold", type=float)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--scratch", type=Path, help="Where the map is written.")
    parser.add_argument("--again", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
