"""Measure how long a served model takes to respond, and whether it survives bad requests.

    python benchmarks/serving.py

Run it where a model is registered (`make run`). Starts `minecover serve` on a free port, prints
a table of median times over repeated requests after the first, then sends 1,000 good and bad
requests from 8 clients and counts the responses.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import numpy as np
import pyarrow as pa

from minecover.core import paths
from minecover.core.feature_table import read_table
from minecover.core.outputs import fetched_sites
from minecover.learning.model_card import ModelCard
from minecover.prediction.bundle import ModelBundle

JSON, CSV = "application/json", "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
#: Longest allowed median for CSV [ms], by number of rows.
LIMIT_MS = {1: 20, 10_000: 250}
#: Number of rows that a request may not have.
TOO_MANY_ROWS = 1_000_000


def main() -> None:
    """Serve a model, and print response times and counts of responses."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    names, X = rows(max(LIMIT_MS))
    command = ["minecover", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            address = server.stdout.readline().strip().removeprefix("http://")
            measure(address, names, X, repeats=options.repeats)
            send_mixed(address, names, X[:100])
        finally:
            server.terminate()


def measure(address: str, names: list[str], X: np.ndarray, *, repeats: int) -> None:
    """Print the median time of requests of two sizes and three forms."""
    print(f"{len(names)} features, {repeats} requests each")
    print("rows   | form  | MB     | median ms | limit for CSV")
    for n, limit in LIMIT_MS.items():
        for form, (body, kind) in bodies(names, X[:n]).items():
            times = [request_ms(address, body, kind) for _ in range(repeats + 1)][1:]
            size = f"{len(body) / 1e6:6.3f}"
            print(f"{n:6d} | {form:5} | {size} | {median(times):9.1f} | {limit}", flush=True)


def rows(n: int) -> tuple[list[str], np.ndarray]:
    """Return the model's features, and their values at the first n locations of the build."""
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


def bodies(names: list[str], X: np.ndarray) -> dict[str, tuple[bytes, str]]:
    """Return rows as request bodies of three content types."""
    # Nine digits tell all float32 apart.
    values = [[None if np.isnan(v) else float(f"{v:.9g}") for v in row] for row in X.tolist()]
    split = json.dumps({"dataframe_split": {"columns": names, "data": values}}).encode()
    lines = [",".join("" if v is None else repr(v) for v in row) for row in values]
    table, arrow = pa.table(dict(zip(names, X.T, strict=True))), io.BytesIO()
    with pa.ipc.new_stream(arrow, table.schema) as stream:
        stream.write_table(table)
    return {
        "JSON": (split, JSON),
        "CSV": ("\n".join([",".join(names), *lines]).encode(), CSV),
        "Arrow": (arrow.getvalue(), ARROW),
    }


def post(address: str, body: bytes, kind: str) -> tuple[int, dict[str, object]]:
    """Send one request; return the status and the content of the response."""
    connection = http.client.HTTPConnection(address, timeout=120)
    connection.request("POST", "/invocations", body, {"Content-Type": kind})
    response = connection.getresponse()
    content = json.loads(response.read())
    connection.close()
    return response.status, content


def request_ms(address: str, body: bytes, kind: str) -> float:
    """Return the time of one request [ms]."""
    begin = time.perf_counter()
    status, content = post(address, body, kind)
    if status != 200:
        raise SystemExit(f"a good request got {status}: {content}")
    return 1000 * (time.perf_counter() - begin)


def send_mixed(address: str, names: list[str], X: np.ndarray) -> None:
    """Send 1,000 requests from 8 clients, half of them bad, and one that is far too large."""
    detector = ModelBundle.read(paths.MODEL).detector()
    expected = detector.model.predict_proba(X)[:, 1].round(6)
    expected[np.isnan(X).all(axis=1)] = np.nan
    good = list(bodies(names, X).values())
    split = good[0][0]
    bad = [
        (b"", JSON), (b"a,b\n1,2\n", CSV), (split.replace(b"[[", b'[["x", '), JSON),
        (split[:-2], JSON), (split, "text/plain"), (b'{"dataframe_split": {}}', JSON),
    ]  # fmt: skip
    order = np.random.default_rng(7).permutation(1000)
    requests = [(good[i % len(good)] if i < 500 else bad[i % len(bad)]) for i in order]
    begin = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda one: post(address, *one), requests))
    seconds = time.perf_counter() - begin
    n_right = sum(
        status == 200 and np.allclose(np.array(content["predictions"], float), expected,
                                      atol=2e-6, equal_nan=True)
        for (status, content), i in zip(responses, order, strict=True) if i < 500
    )  # fmt: skip
    refused = Counter(
        status for (status, _), i in zip(responses, order, strict=True) if i >= 500
    )
    print(
        f"1,000 requests of 8 clients in {seconds:.1f} s: {n_right} of 500 good ones correct,"
    )
    print(f"  500 bad ones got {dict(sorted(refused.items()))}")
    line = ",".join(["0.5"] * len(names)).encode() + b"\n"
    body = ",".join(names).encode() + b"\n" + line * TOO_MANY_ROWS
    status, content = post(address, body, CSV)
    print(f"  {TOO_MANY_ROWS:,} rows: {status} {content.get('message')}")
    print(f"  afterwards: {post(address, *good[0])[0]}")


if __name__ == "__main__":
    main()
