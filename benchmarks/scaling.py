"""Measure how time and memory of a map grow with its area, for areas of several sizes.

    python benchmarks/scaling.py --products sim1/ sim4/ sim13/ sim54/ --model models/model.pkl

Prints time and memory of each, and the slope of time over locations on logarithmic axes: 1 is
linear. Memory should not grow: `peak` is the largest sampled sum over all processes, which a
longer run samples more often; `most` is the sum of the largest memory of each process.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import numpy as np
from measured import Run, extent_of, machine, mapped

from minecover.prediction.bundle import ModelBundle


def main() -> None:
    """Map every folder several times; print medians and the slope."""
    options = _options()
    print(machine())
    print(f"{'locations':>12}{'mapping s':>12}{'command s':>12}{'peak GB':>9}{'most GB':>9}")
    points = []
    card = ModelBundle.read(options.model).card
    for products in options.products:
        area = extent_of(products, card)
        runs = [
            mapped(products, area, options.model, options.workers, options.scratch)
            for _ in range(options.repeats)
        ]
        busy, wall = (
            statistics.median(times) for times in zip(*map(_times, runs), strict=True)
        )
        peak = max(run.peak_bytes for run in runs) / 1e9
        most = max(run.most_bytes for run in runs) / 1e9
        points.append((runs[0].locations, busy))
        print(f"{runs[0].locations:>12,}{busy:>12.1f}{wall:>12.1f}{peak:>9.2f}{most:>9.2f}")
    if len(points) > 1:
        n, seconds = np.log(np.array(points)).T
        print(f"slope of log time over log locations: {np.polyfit(n, seconds, 1)[0]:.3f}")


def _times(run: Run) -> tuple[float, float]:
    return run.busy_s, run.wall_s


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--products", type=Path, nargs="+", required=True)
    parser.add_argument("--model", type=Path, default=Path("models/model.pkl"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    return parser.parse_args()


if __name__ == "__main__":
    main()
