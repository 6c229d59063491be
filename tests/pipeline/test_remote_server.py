"""The registry on an MLflow server that keeps files itself, over SQLite and over PostgreSQL."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from conftest import SMALL, Checkout
from started_servers import free_port, started

from minecover.core.feature_table import read_table


@dataclass(frozen=True)
class RemoteCheckout(Checkout):
    """A checkout whose commands record on a server."""

    server: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "MLFLOW_TRACKING_URI": self.server}


@pytest.fixture(scope="module")
def builds(small_world: Checkout, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two checkouts: with a linear model, and with the default model of the small world."""
    folder = tmp_path_factory.mktemp("remote")
    roots = [folder / name for name in ("linear", "boosted")]
    for root in roots:
        unused = shutil.ignore_patterns("mlruns", "cache", "predictions")
        shutil.copytree(small_world.root, root, ignore=unused)
        (root / "mlruns").mkdir()
        shutil.copy(small_world.root / "mlruns" / ".gitignore", root / "mlruns")
    linear = Checkout(roots[0])
    linear.must("minecover", "params", "--write", *SMALL, "model=linear")
    linear.must("dvc", "repro", "evaluate")
    # Twelve sites are too few to exclude any loss.
    words = ("minecover", "params", "--write", *SMALL, "promotion.tolerated=0.2")
    Checkout(roots[1]).must(*words)
    for root in roots:
        Checkout(root).must("git", "add", "-A")
        Checkout(root).must("git", "commit", "-qm", "Build", "--allow-empty")
    return roots


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a new PostgreSQL cluster; yield the URI of its database."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin"), Path(shutil.which("initdb") or "")]
    programs = max((path for path in found if (path / "initdb").is_file()), default=None)
    if shutil.which("psql") is None or programs is None:
        pytest.skip("no PostgreSQL; apt-get install postgresql")
    if find_spec("psycopg2") is None:
        pytest.skip("the server needs PostgreSQL's driver; pip install psycopg2-binary")
    # PostgreSQL refuses to run as root, and its user cannot look into pytest's folders.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        if user:
            shutil.chown(folder, user)
        make = ("-D", f"{folder}/data", "-U", "mlflow", "-A", "trust", "--no-sync")
        subprocess.run(
            [programs / "initdb", *make], check=True, user=user, capture_output=True, cwd=folder
        )
        port = free_port()
        place = ("-D", f"{folder}/data", "-k", folder, "-h", "127.0.0.1", "-p", str(port), "-F")
        with started(
            str(programs / "postgres"),
            *place,
            url=f"127.0.0.1:{port}",
            user=user,
            cwd=folder,
            stderr=subprocess.DEVNULL,
        ):
            yield f"postgresql+psycopg2://mlflow@127.0.0.1:{port}/postgres"


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URI of a new database."""
    if kind == "postgresql":
        with postgresql() as uri:
            yield uri
    else:
        yield f"sqlite:///{folder}/mlflow.db"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Start an MLflow server through which clients read and write files; yield its address."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    address = f"http://127.0.0.1:{port}"
    with database(request.param, folder) as uri:
        store = ("--backend-store-uri", uri, "--artifacts-destination", str(folder / "files"))
        bind = ("--host", "127.0.0.1", "--port", str(port), "--workers", "1")
        env = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        mlflow = str(Path(sys.executable).with_name("mlflow"))
        with started(
            *(mlflow, "server", "--serve-artifacts", *store, *bind),
            url=f"{address}/health",
            cwd=folder,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ):
            yield address


@pytest.fixture(scope="module")
def registered(server: str, builds: list[Path]) -> RemoteCheckout:
    """Register both builds on the server, the better one last; return its checkout."""
    first, second = (RemoteCheckout(root, server=server) for root in builds)
    first.must("minecover", "register", "--if-missing")
    second.must("minecover", "register", "--if-missing")
    return second


@pytest.fixture(scope="module")
def promoted(registered: RemoteCheckout) -> str:
    """Promote the second version; return what is said."""
    return registered.must("minecover", "promote")


def test_both_builds_are_versions_there(registered: RemoteCheckout) -> None:
    said = registered.must("minecover", "register", "--if-missing")

    assert "version 2 (challenger), was registered before" in said
    assert not (registered.root / "mlruns" / "mlflow.db").exists()


def test_a_sweep_records_there_and_its_jobs_are_compared(registered: RemoteCheckout) -> None:
    few = (
        "model.n_estimators=20",
        "model.learning_rate=0.16",
        "metrics.bootstrap.replicates=20",
    )

    registered.must("minecover", "sweep", "sweep=quick", *SMALL, *few)

    two = job_runs(registered.server)[:2]
    found = json.loads(registered.run("minecover", "compare", *two, "--json").stdout)
    assert len(job_runs(registered.server)) == 3
    assert [found["a"], found["b"]] == two


def job_runs(server: str) -> list[str]:
    """Return the ids of the finished runs of jobs."""
    body = {"experiment_ids": ["1"], "filter": "tags.job_id != ''"}
    request = urllib.request.Request(
        f"{server}/api/2.0/mlflow/runs/search",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        runs = json.load(response).get("runs", [])
    return [run["info"]["run_id"] for run in runs if run["info"]["status"] == "FINISHED"]


def test_the_better_version_is_promoted_and_traced(
    registered: RemoteCheckout, promoted: str
) -> None:
    traced = json.loads(registered.run("minecover", "trace", "champion", "--json").stdout)

    assert "minecover version 2 is champion" in promoted
    assert traced["version"] == 2


def test_its_champion_maps_sites(registered: RemoteCheckout, promoted: str) -> None:
    words = ("--model", "models:/minecover@champion", "--source", "simulated", "--out", "maps")

    registered.must("minecover", "predict", *words)

    assert len(list((registered.root / "maps").glob("*.tif"))) == 12


#: Predicts rows of JSON with MLflow alone.
ASK = """
import json, sys
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model("models:/minecover@champion")
print(json.dumps(model.predict(pd.DataFrame(json.load(sys.stdin), dtype=float)).tolist()))
"""


def test_its_champion_is_served_and_answers_the_same_through_mlflow_alone(
    registered: RemoteCheckout, promoted: str, tmp_path: Path
) -> None:
    rows = some_rows(registered.root)
    env = {**registered.environment, "PYTHONPATH": ""}
    body = json.dumps({"inputs": rows}).encode()
    kind = {"Content-Type": "application/json"}

    alone = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps(rows),
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    with subprocess.Popen(
        ("minecover", "serve", "--port", "0"),
        cwd=registered.root,
        env=registered.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as serving:
        assert serving.stdout is not None
        url = f"{serving.stdout.readline().strip()}/invocations"
        with urllib.request.urlopen(urllib.request.Request(url, body, kind)) as response:
            served = json.load(response)["predictions"]
        serving.terminate()

    assert json.loads(alone.stdout) == served
    assert max(p for p in served if p is not None) > 0


def some_rows(root: Path) -> dict[str, list[float | None]]:
    """Return the features of fifty locations, and of one that was not observed."""
    names = json.loads((root / "models/model.json").read_text())["features"]
    path = root / "data/features/locations/sim0003.parquet"
    X = read_table(path, features=names, profile="strict", static=None).X[:5000:100].copy()
    X[0] = np.nan
    columns = [[None if np.isnan(v) else float(v) for v in column] for column in X.T]
    return dict(zip(names, columns, strict=True))


def test_the_ui_is_the_servers(registered: RemoteCheckout) -> None:
    done = registered.run("minecover", "ui")

    assert done.returncode == 0, done.stderr
    address = done.stderr.split()[-1]
    assert address.startswith(f"{registered.server}/#/experiments/")
