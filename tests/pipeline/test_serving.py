"""A served model: started from the command line, with many requests at once."""

import http.client
import io
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Protocol

import numpy as np
import pyarrow as pa
import pytest
from conftest import ROOT
from numpy.typing import NDArray

from minecover.core.digests import load_model
from minecover.core.feature_table import read_table
from minecover.learning.fitting import probability

JSON, CSV = "application/json", "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
CLIENTS = 8


class Checkout(Protocol):
    root: Path

    @property
    def environment(self) -> dict[str, str]: ...
    def run(self, *command: str) -> CompletedProcess[str]: ...


@pytest.fixture(scope="module")
def address(small_world: Checkout) -> Iterator[str]:
    """Serve the small world's champion on a free port; return ``host:port``."""
    server = subprocess.Popen(
        ["minecover", "serve", "--port", "0"],
        cwd=small_world.root,
        env=small_world.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    yield server.stdout.readline().strip().removeprefix("http://")
    server.terminate()
    server.wait(timeout=20)
    server.stdout.close()


def post(address: str, body: bytes, kind: str) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("POST", "/invocations", body, {"Content-Type": kind})
    response = connection.getresponse()
    content = json.loads(response.read())
    connection.close()
    return response.status, content


@dataclass(frozen=True)
class Rows:
    """Some rows as request bodies, and the model's probability of each."""

    csv: bytes
    json: bytes
    arrow: bytes
    probability: NDArray[np.float32]


@pytest.fixture(scope="module")
def rows(small_world: Checkout) -> Rows:
    card = json.loads((small_world.root / "models/model.json").read_text())
    names = card["features"]
    path = small_world.root / "data/features/locations/sim0003.parquet"
    X = read_table(path, features=names, profile="strict", static=None).X[:5000:100]
    expected = probability(load_model(small_world.root / "models/model.pkl", card["sha256"]), X)
    expected[np.isnan(X).all(axis=1)] = np.nan
    values = [[None if np.isnan(v) else float(v) for v in row] for row in X]
    text = [
        ",".join(names),
        *(",".join("" if v is None else repr(v) for v in r) for r in values),
    ]
    split = json.dumps({"dataframe_split": {"columns": names, "data": values}})
    table, arrow = pa.table(dict(zip(names, X.T, strict=True))), io.BytesIO()
    with pa.ipc.new_stream(arrow, table.schema) as stream:
        stream.write_table(table)
    return Rows("\n".join(text).encode(), split.encode(), arrow.getvalue(), expected)


def test_eight_clients_get_probabilities_and_error_messages(rows: Rows, address: str) -> None:
    good = rows.json
    requests = [
        (good, JSON), (rows.csv, CSV), (rows.arrow, ARROW), (b"", JSON), (b"a,b\n1,2\n", CSV),
        (good.replace(b'"data": [[', b'"data": [["x", '), JSON), (good, "text/plain"),
    ]  # fmt: skip

    with ThreadPoolExecutor(CLIENTS) as pool:
        found = list(pool.map(lambda request: post(address, *request), requests * 20))

    assert [status for status, _ in found] == [200, 200, 200, 400, 400, 400, 415] * 20
    responses = np.array([c["predictions"] for s, c in found if s == 200], float)
    np.testing.assert_allclose(responses, np.tile(rows.probability, (60, 1)), atol=2e-6)
    assert all(str(c["message"]).endswith((".", ")")) for s, c in found if s != 200)


def test_a_location_of_one_date_is_served_as_it_was_learned(
    small_world: Checkout, address: str
) -> None:
    card = json.loads((small_world.root / "models/model.json").read_text())
    names = card["features"]
    path = small_world.root / "data/features/fewer_dates/sim0003.parquet"
    table = read_table(path, features=names, profile="strict", static=None)
    X = table.X[table.valid & (table.n_dates == 1)][:20]
    values = [[None if np.isnan(v) else float(v) for v in row] for row in X]
    body = json.dumps({"dataframe_split": {"columns": names, "data": values}}).encode()

    status, content = post(address, body, JSON)

    spreads = [i for i, name in enumerate(names) if name.endswith(("_p25_p75", "_p10_p90"))]
    expected = probability(load_model(small_world.root / "models/model.pkl", card["sha256"]), X)
    assert len(X) == 20
    assert spreads
    assert np.isnan(X[:, spreads]).all()
    assert status == 200
    np.testing.assert_allclose(np.array(content["predictions"], float), expected, atol=2e-6)
    assert "warnings" not in content


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_documented_commands_get_probabilities(
    rows: Rows, address: str, tmp_path: Path
) -> None:
    page = (ROOT / "docs/guides/serving.md").read_text()
    lines = re.findall(r"^curl .*$", page, re.MULTILINE)
    (tmp_path / "rows.csv").write_bytes(rows.csv)
    (tmp_path / "rows.json").write_bytes(rows.json)
    (tmp_path / "rows.arrow").write_bytes(rows.arrow)

    found = [
        subprocess.run(
            shlex.split(line.replace("127.0.0.1:5002", address)),
            cwd=tmp_path,
            capture_output=True,
            check=True,
        ).stdout
        for line in lines
    ]

    responses = np.array([json.loads(body)["predictions"] for body in found], float)
    np.testing.assert_allclose(responses, np.tile(rows.probability, (len(lines), 1)), atol=2e-6)


def test_it_is_mlflows_scoring_server(address: str) -> None:
    connection = http.client.HTTPConnection(address, timeout=60)

    connection.request("GET", "/version")
    version = connection.getresponse().read().decode()
    connection.close()

    assert version.startswith("3.17")


def test_a_taken_port_is_one_sentence(small_world: Checkout, address: str) -> None:
    done = small_world.run("minecover", "serve", "--port", address.rpartition(":")[2])

    assert done.returncode == 1
    assert "is taken" in done.stderr
    assert "Traceback" not in done.stderr
