"""`minecover evaluate`: a small model on another simulated world, and on its own."""

import json
from pathlib import Path

import pytest
from conftest import Checkout

from minecover.tracking.external import external_evaluations
from minecover.tracking.registry import version_at
from minecover.tracking.types import Tracking

MODEL = ("minecover", "evaluate", "--model", "models:/minecover@champion")


@pytest.fixture(scope="module")
def evaluated(small_world: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Try the model of the small world on four sites of another one."""
    out = tmp_path_factory.mktemp("elsewhere")
    small_world.must(
        *MODEL, "--source", "simulated", "--out", str(out), "world.seed=8", "world.n_sites=4"
    )
    return out


def test_another_world_is_scored(evaluated: Path) -> None:
    content = json.loads((evaluated / "evaluation.json").read_text())

    assert content["ground"]["name"] == "simulated world of seed 8"
    assert content["overlap"] == {"is_known": True, "dropped": []}
    assert content["ground"]["sites"] == 4
    scores = content["scores"]
    assert scores["location"]["average_precision"] > 10 * scores["prevalence"]["location"]
    assert scores["objects"]["mines"] >= 4
    assert 0 < scores["applicable"]["share"] <= 1
    assert any(
        "every observed site of known kind holds a mine" in s for s in content["unknown"]
    )


def test_the_page_says_that_the_ground_is_simulated(evaluated: Path) -> None:
    page = (evaluated / "evaluation.html").read_text()

    assert "simulated" in page.partition("</title>")[0]
    assert "no evidence of skill on real ground" in page


def test_the_version_keeps_the_evaluation(small_world: Checkout, evaluated: Path) -> None:
    run = json.loads((evaluated / "evaluation.json").read_text())["run"]
    tracking = Tracking(str(small_world.root / "mlruns"), "minecover", "minecover")

    version = version_at(tracking, "models:/minecover@champion")

    (found,) = external_evaluations(version)
    assert run == {"model": "minecover", "version": version.version, "run_id": found.run_id}
    assert found.is_simulated
    assert found.is_known_new


@pytest.mark.parametrize("n_sites", ["12", "5"])
def test_the_world_of_training_is_refused(
    small_world: Checkout, tmp_path: Path, n_sites: str
) -> None:
    done = small_world.run(
        *MODEL, "--source", "simulated", "--out", str(tmp_path), f"world.n_sites={n_sites}"
    )

    assert done.returncode == 1
    assert f"trained on this ground: {n_sites} of {n_sites} sites" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(
            ("--source", "simulated_sentinel2", "world.seed=8"),
            "the source has no lwir11",
            id="bands",
        ),
        pytest.param(
            ("--source", "simulated", "--model", "models:/minecover@nobody"),
            "the registry has no models:/minecover@nobody (it has: models:/minecover",
            id="alias",
        ),
        pytest.param((), "nothing says which ground", id="nothing asked for"),
        pytest.param(
            ("--source", "simulated", "--labels", "mine.gpkg"),
            "there is no file mine.gpkg",
            id="labels",
        ),
    ],
)
def test_what_cannot_be_tried_is_refused_in_a_sentence(
    small_world: Checkout, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    done = small_world.run(*MODEL, *words, "--out", str(tmp_path))

    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
