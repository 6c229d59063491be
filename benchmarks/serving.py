"""Measure how long a served model takes to answer, and whether it stays on its feet.

    python benchmarks/serving.py

Run it where a model is registered (`make run`). Starts `minecover serve` on a free port, prints
one table of medians over repeated questions after the first, then sends 1,000 good and bad
questions from 8 clients and counts what came back.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import numpy as np

from minecover.core import paths
from minecover.core.feature_table import read_table
from minecover.core.outputs import fetched_sites
from minecover.learning.model_card import ModelCard
from minecover.prediction.bundle import ModelBundle

JSON, CSV = "application/json", "text/csv"
#: Longest medians that are promised [ms], by rows.
PROMISED_MS = {1: 20, 10_000: 250}
#: Rows that no question may have.
FAR_TOO_MANY = 1_000_000


def main() -> None:
    """Serve, measure, send everything, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    asked = parser.parse_args()
    names, X = rows(max(PROMISED_MS))
    command = ["minecover", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            address = server.stdout.readline().strip().removeprefix("http://")
            measure(address, names, X, repeats=asked.repeats)
            storm(address, names, X[:100])
        finally:
            server.terminate()


def measure(address: str, names: list[str], X: np.ndarray, *, repeats: int) -> None:
    """Print the median time of questions of two sizes and two forms."""
    print(f"{len(names)} features, {repeats} questions each")
    print("rows   | form | MB     | median ms | promised")
    for n, promised in PROMISED_MS.items():
        for form, (body, kind) in forms(names, X[:n]).items():
            times = [clocked(address, body, kind) for _ in range(repeats + 1)][1:]
            size = f"{len(body) / 1e6:6.3f}"
            print(f"{n:6d} | {form} | {size} | {median(times):9.1f} | {promised}", flush=True)


def rows(n: int) -> tuple[list[str], np.ndarray]:
    """Read the model's features of the first locations of the build."""
    names = list(ModelCard.read(paths.MODEL_CARD).value("features"))
    profile = str(ModelCard.read(paths.MODEL_CARD).value("mask")["name"])
    parts, total = [], 0
    for site in fetched_sites():
        path = paths.table("location", site.site_id)
        parts.append(read_table(path, features=names, profile=profile, static=None).X)
        total += len(parts[-1])
        if total >= n:
            break
    return names, np.concatenate(parts)[:n]


def forms(names: list[str], X: np.ndarray) -> dict[str, tuple[bytes, str]]:
    """Write rows as JSON and as CSV."""
    # Nine digits tell all float32 apart.
    values = [[None if np.isnan(v) else float(f"{v:.9g}") for v in row] for row in X.tolist()]
    split = json.dumps({"dataframe_split": {"columns": names, "data": values}}).encode()
    lines = [",".join("" if v is None else repr(v) for v in row) for row in values]
    return {
        "JSON": (split, JSON),
        "CSV ": ("\n".join([",".join(names), *lines]).encode(), CSV),
    }


def ask(address: str, body: bytes, kind: str) -> tuple[int, dict[str, object]]:
    """Send one question."""
    connection = http.client.HTTPConnection(address, timeout=120)
    connection.request("POST", "/invocations", body, {"Content-Type": kind})
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


def clocked(address: str, body: bytes, kind: str) -> float:
    """Time one question [ms]."""
    begin = time.perf_counter()
    status, content = ask(address, body, kind)
    if status != 200:
        raise SystemExit(f"a good question got {status}: {content}")
    return 1000 * (time.perf_counter() - begin)


def storm(address: str, names: list[str], X: np.ndarray) -> None:
    """Send 1,000 questions from 8 clients, half of them bad, and one that is far too large."""
    detector = ModelBundle.read(paths.MODEL).detector()
    right = detector.model.predict_proba(X)[:, 1].round(6)
    right[np.isnan(X).all(axis=1)] = np.nan
    good = list(forms(names, X).values())
    split = good[0][0]
    bad = [
        (b"", JSON), (b"a,b\n1,2\n", CSV), (split.replace(b"[[", b'[["x", '), JSON),
        (split[:-2], JSON), (split, "text/plain"), (b'{"dataframe_split": {}}', JSON),
    ]  # fmt: skip
    order = np.random.default_rng(7).permutation(1000)
    questions = [(good[i % 2] if i < 500 else bad[i % len(bad)]) for i in order]
    begin = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: ask(address, *one), questions))
    seconds = time.perf_counter() - begin
    n_right = sum(
        status == 200 and np.allclose(np.array(content["predictions"], float), right,
                                      atol=2e-6, equal_nan=True)
        for (status, content), i in zip(answers, order, strict=True) if i < 500
    )  # fmt: skip
    refused = Counter(status for (status, _), i in zip(answers, order, strict=True) if i >= 500)
    print(f"1,000 questions of 8 clients in {seconds:.1f} s: {n_right} of 500 answered right,")
    print(f"  500 bad ones got {dict(sorted(refused.items()))}")
    line = ",".join(["0.5"] * len(names)).encode() + b"\n"
    status, content = ask(address, ",".join(names).encode() + b"\n" + line * FAR_TOO_MANY, CSV)
    print(f"  {FAR_TOO_MANY:,} rows: {status} {content.get('message')}")
    print(f"  afterwards: {ask(address, *good[0])[0]}")


if __name__ == "__main__":
    main()
