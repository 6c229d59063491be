"""What MLflow alone says of the registered model: its card's example, and a served table."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Checkout
from numpy.typing import NDArray
from started_servers import free_port, started

from minecover.core.digests import load_model
from minecover.core.feature_table import read_table
from minecover.core.probabilities import row_probabilities
from minecover.tracking import Tracking, connect


@pytest.fixture(scope="module")
def environment(small_world: Checkout) -> dict[str, str]:
    """The store of the small world in the environment, and nothing of the checkout."""
    store = f"sqlite:///{small_world.root}/mlruns/mlflow.db"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**env, "MLFLOW_TRACKING_URI": store, "MLFLOW_DISABLE_TELEMETRY": "true"}


@pytest.fixture(scope="module")
def card_of_version(small_world: Checkout) -> str:
    tracking = Tracking(str(small_world.root / "mlruns"), "minecover", "minecover")
    return str(connect(tracking)[0].get_model_version("minecover", "1").description)


def blocks(card: str) -> list[str]:
    """Return the indented blocks of a card."""
    found = re.findall(r"(?:^    .*\n)+", card, re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in found]


@pytest.mark.parametrize("where", ["the file", "the version"])
def test_the_cards_example_prints_what_the_card_says(
    small_world: Checkout,
    environment: dict[str, str],
    card_of_version: str,
    tmp_path: Path,
    where: str,
) -> None:
    written = (small_world.root / "reports/model_card.md").read_text()
    _, code, printed = blocks({"the file": written, "the version": card_of_version}[where])

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == printed
    mine, other = map(float, printed.strip("[] \n").split())
    assert mine > other


def test_the_card_names_the_feature_sets_of_the_model_alone(small_world: Checkout) -> None:
    model = json.loads((small_world.root / "models/model.json").read_text())
    card = (small_world.root / "reports/model_card.md").read_text()

    (line,) = re.findall(r"^\| features \| (\d+): (.*) \|$", card, re.MULTILINE)
    counts = [int(part.split()[0]) for part in line[1].split(", ")]
    assert int(line[0]) == sum(counts) == len(model["features"])
    assert set(model["n_features"]) < set(model["feature_sets"])


def test_a_card_fits_into_the_description_of_a_version(card_of_version: str) -> None:
    assert card_of_version.endswith("answers the same.\n")


@pytest.fixture(scope="module")
def address(small_world: Checkout, environment: dict[str, str]) -> Iterator[str]:
    """Serve the champion with MLflow's own command."""
    program, port = Path(sys.executable).with_name("mlflow"), free_port()
    words = ("--model-uri", "models:/minecover@champion", "--env-manager", "local")
    env = {**environment, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    url = f"http://127.0.0.1:{port}"
    with started(
        *(program, "models", "serve", *words, "--port", str(port)),
        url=f"{url}/ping",
        cwd=small_world.root.parent,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ):
        yield f"{url}/invocations"


@pytest.fixture(scope="module")
def rows(small_world: Checkout) -> pd.DataFrame:
    """Fifty locations, the first of which was not observed."""
    names = json.loads((small_world.root / "models/model.json").read_text())["features"]
    path = small_world.root / "data/features/locations/sim0003.parquet"
    X = read_table(path, features=names, profile="strict", static=None).X[:5000:100].copy()
    X[0] = np.nan
    return pd.DataFrame(X, columns=names).astype(float)


@pytest.fixture(scope="module")
def expected(small_world: Checkout, rows: pd.DataFrame) -> NDArray[np.float64]:
    card = json.loads((small_world.root / "models/model.json").read_text())
    model = load_model(small_world.root / "models/model.pkl", card["sha256"])
    return row_probabilities(model, rows.to_numpy(np.float32, copy=True))


def post(address: str, body: str, kind: str) -> list[float | None]:
    request = urllib.request.Request(address, body.encode(), {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=60) as response:
        predictions: list[float | None] = json.loads(response.read())["predictions"]
    return predictions


def test_mlflow_serves_probabilities_of_csv(
    address: str, rows: pd.DataFrame, expected: NDArray[np.float64]
) -> None:
    found = post(address, rows.to_csv(index=False), "text/csv")

    assert found[0] is None
    np.testing.assert_allclose(np.array(found, float), expected, atol=1e-6)


def test_mlflow_serves_classes_of_json(
    address: str,
    small_world: Checkout,
    rows: pd.DataFrame,
    expected: NDArray[np.float64],
) -> None:
    card = json.loads((small_world.root / "models/model.json").read_text())
    table = json.loads(rows.to_json(orient="split", index=False))
    body = {"dataframe_split": table, "params": {"output": "class"}}

    found = post(address, json.dumps(body), "application/json")

    classes = [float(p >= card["threshold"]) for p in expected[1:]]
    assert found == [None, *classes]
