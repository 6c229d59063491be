"""A served model: started as a user would, asked by many at once."""

import http.client
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
import pytest
from conftest import ROOT
from numpy.typing import NDArray

from minecover.core.digests import load_model
from minecover.core.feature_table import read_table
from minecover.learning.fitting import probability

JSON, CSV = "application/json", "text/csv"
CLIENTS = 8


class House(Protocol):
    root: Path

    @property
    def environment(self) -> dict[str, str]: ...
    def run(self, *command: str) -> CompletedProcess[str]: ...


@pytest.fixture(scope="module")
def address(small_world: House) -> Iterator[str]:
    """Serve the small world's champion on a free port; give host and port."""
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


def ask(address: str, body: bytes, kind: str) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("POST", "/invocations", body, {"Content-Type": kind})
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


@dataclass(frozen=True)
class Question:
    """Some rows as CSV and JSON, and what the model says of them."""

    csv: bytes
    json: bytes
    right: NDArray[np.float32]


@pytest.fixture(scope="module")
def question(small_world: House) -> Question:
    card = json.loads((small_world.root / "models/model.json").read_text())
    names = card["features"]
    path = small_world.root / "data/features/locations/sim0003.parquet"
    X = read_table(path, features=names, profile="strict", static=None).X[:5000:100]
    right = probability(load_model(small_world.root / "models/model.pkl", card["sha256"]), X)
    right[np.isnan(X).all(axis=1)] = np.nan
    rows = [[None if np.isnan(v) else float(v) for v in row] for row in X]
    text = [",".join(names), *(",".join("" if v is None else repr(v) for v in r) for r in rows)]
    split = json.dumps({"dataframe_split": {"columns": names, "data": rows}})
    return Question("\n".join(text).encode(), split.encode(), right)


def test_eight_clients_get_answers_and_sentences_and_the_server_lives(
    question: Question, address: str
) -> None:
    good = question.json
    questions = [
        (good, JSON), (question.csv, CSV), (b"", JSON), (b"a,b\n1,2\n", CSV),
        (good.replace(b'"data": [[', b'"data": [["x", '), JSON), (good, "text/plain"),
    ]  # fmt: skip

    with ThreadPoolExecutor(CLIENTS) as pool:
        found = list(pool.map(lambda question: ask(address, *question), questions * 20))

    assert [status for status, _ in found] == [200, 200, 400, 400, 400, 415] * 20
    answers = np.array([c["predictions"] for s, c in found if s == 200], float)
    np.testing.assert_allclose(answers, np.tile(question.right, (40, 1)), atol=2e-6)
    assert all(str(c["message"]).endswith((".", ")")) for s, c in found if s != 200)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_documented_lines_get_answers(
    question: Question, address: str, tmp_path: Path
) -> None:
    page = (ROOT / "docs/serving.md").read_text()
    lines = re.findall(r"^curl .*$", page, re.MULTILINE)
    (tmp_path / "rows.csv").write_bytes(question.csv)
    (tmp_path / "rows.json").write_bytes(question.json)

    found = [
        subprocess.run(
            shlex.split(line.replace("127.0.0.1:5002", address)),
            cwd=tmp_path,
            capture_output=True,
            check=True,
        ).stdout
        for line in lines
    ]

    answers = np.array([json.loads(answer)["predictions"] for answer in found], float)
    np.testing.assert_allclose(answers, np.tile(question.right, (2, 1)), atol=2e-6)


def test_it_is_mlflows_scoring_server(address: str) -> None:
    connection = http.client.HTTPConnection(address, timeout=60)

    connection.request("GET", "/version")
    said = connection.getresponse().read().decode()
    connection.close()

    assert said.startswith("3.17")


def test_a_taken_port_is_one_sentence(small_world: House, address: str) -> None:
    done = small_world.run("minecover", "serve", "--port", address.rpartition(":")[2])

    assert done.returncode == 1
    assert "is taken" in done.stderr
    assert "Traceback" not in done.stderr
