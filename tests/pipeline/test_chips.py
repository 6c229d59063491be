"""The whole pipeline on a drawn label set: kinds of look-alikes, chips apart, other chips."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chip_sets import LEFT, write_raster
from conftest import Checkout, make_checkout

from minecover.evaluation.out_of_fold import read_out_of_fold

SIDE = 12
BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22")
#: Reflectance of mines, of what looks like them, and of forest: visible, and infrared.
COLOURS = {"gold": (0.30, 0.34), "river bar": (0.27, 0.33), "pond": (0.10, 0.06),
           "industrial": (0.32, 0.35), "forest": (0.04, 0.40)}  # fmt: skip
#: How many chips show each.
NUMBERS = {"gold": 12, "river bar": 6, "pond": 6, "industrial": 2}
#: Metres between chips.
APART_M = 15_000


def draw(folder: Path, *, seed: int, left: float) -> Path:
    """Write chips, each in a group of its own; the last two mines have no mask."""
    rng = np.random.default_rng(seed)
    kinds = [kind for kind, number in NUMBERS.items() for _ in range(number)]
    rows = ["chip,label,kind,status"]
    for number, kind in enumerate(kinds):
        name, here = f"chip{number:02d}", left + APART_M * number
        image = np.empty((6, SIDE, SIDE), np.float32)
        image[:] = np.reshape(np.repeat(COLOURS["forest"], 3), (6, 1, 1))
        image[:, 2:9, 3:10] = np.reshape(np.repeat(COLOURS[kind], 3), (6, 1, 1))
        image += rng.normal(0, 0.02, image.shape).astype(np.float32)
        write_raster(folder / f"images/{name}.tif", image, names=BANDS, left=here)
        is_mine, is_apart = kind == "gold", kind == "industrial"
        mask = np.zeros((1, SIDE, SIDE), np.uint8)
        mask[:, 2:9, 3:10] = 1 if is_mine else 2
        if not is_apart and number not in (10, 11):
            write_raster(folder / f"masks/{name}.tif", mask, left=here)
        rows.append(f"{name},{int(is_mine)},{kind},{'factory' if is_apart else 'seen'}")
    (folder / "chips.csv").write_text("\n".join(rows) + "\n")
    return folder


def ground(folder: Path) -> tuple[str, ...]:
    """Return the overrides that read a label set."""
    table = (
        "{_target_:minecover.sources.chips.ChipTable,file:chips.csv,chip:chip,label:label,"
        "group:null,keep:{},kind:kind,apart:{status:[factory]}}"
    )
    return (
        f"source.input={folder}",
        f"source.bands=[{','.join(BANDS)}]",
        "+source.chips.days.all='2019-07-01'",
        f"source.chips.table={table}",
        "source.chips.classes.look_alike=[2]",
    )


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two label sets, the second south of the first."""
    folder = tmp_path_factory.mktemp("sets")
    return {
        "here": draw(folder / "here", seed=1, left=LEFT),
        "there": draw(folder / "there", seed=2, left=LEFT + 7_000),
    }


@pytest.fixture(scope="module")
def built(sets: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Build the first set, and register the model."""
    checkout = make_checkout(
        tmp_path_factory.mktemp("chips"),
        "source=chips",
        "labels=chips",
        "sites=chips",
        "context=none",
        "table=[bands,spectral]",
        "table.spectral.indices=[ndvi]",
        "features=[bands,spectral]",
        "model=linear",
        "mask=none",
        "fewer_dates=null",
        "design.recipe.drop_dates=0",
        "design.screening=null",
        "lattice.family=sentinel_2",
        "lattice.pixel_m=10",
        "folds.n=3",
        "folds.gate=false",
        "metrics.bootstrap.replicates=50",
        *ground(sets["here"]),
    )
    checkout.must("dvc", "repro", "evaluate", "report")
    return checkout


def content(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_kinds_and_groups_reach_the_scores(built: Checkout) -> None:
    sites = {
        one.site_id: one for one in read_out_of_fold(built.root / "data/out_of_fold.parquet")
    }
    metrics = content(built.root / "reports/metrics.json")

    assert len({one.group for one in sites.values()}) == len(sites) == sum(NUMBERS.values())
    bar = sites["chip12"].ground
    assert bar is not None
    assert bar.names == ("river bar",)
    assert np.count_nonzero(bar.where("river bar")) == 49
    kinds = metrics["look_alike"]["kind"]
    assert {kind: node["sites"] for kind, node in kinds.items()} == {"river_bar": 6, "pond": 6}
    # Ponds score low at once, bars with noise.
    assert kinds["pond"]["auc"] > kinds["river_bar"]["auc"] > 0.6
    assert kinds["river_bar"]["called"] > kinds["pond"]["called"]


def test_chips_are_scored_as_sites_with_and_without_a_mask(built: Checkout) -> None:
    site = content(built.root / "reports/metrics.json")["site"]

    assert (site["mine_sites"], site["other_sites"]) == (12, 12)
    assert site["with_mask"]["mine_sites"] == 10
    assert site["auc"] > 0.8
    assert site["auc_low"] <= site["auc"] <= site["auc_high"]
    assert sum(node["folds"] for node in site["pooling"].values()) == 3
    assert site["apart"]["industrial"]["sites"] == 2


def test_the_position_alone_is_told_beside(built: Checkout) -> None:
    position = content(built.root / "reports/metrics.json")["position_only"]

    # All squares lie alike.
    assert position["look_alike"]["auc"] == pytest.approx(0.5, abs=0.15)


def test_the_card_and_the_report_say_it(built: Checkout) -> None:
    card = content(built.root / "models/model.json")
    page = (built.root / "reports/model_card.md").read_text()
    report = (built.root / "reports/index.html").read_text()

    assert card["places"]["ground"] == "real ground"
    assert len(card["places"]["boxes"]) == sum(NUMBERS.values())
    assert "| river bar |" in page
    assert "places of real ground" in page
    assert "industrial (counts as neither)" in report


def evaluate(built: Checkout, folder: Path, out: Path) -> Any:
    return built.run(
        "minecover", "evaluate", "--model", "models/model.pkl", "--source", "chips",
        "--out", str(out), *ground(folder),
    )  # fmt: skip


def test_other_chips_are_scored(
    built: Checkout, sets: Mapping[str, Path], tmp_path: Path
) -> None:
    done = evaluate(built, sets["there"], tmp_path)

    assert done.returncode == 0, done.stderr
    found = content(tmp_path / "evaluation.json")
    assert found["overlap"] == {"is_known": True, "dropped": []}
    assert found["scores"]["site"]["mine_sites"] == 12
    assert found["scores"]["look_alike"]["kind"]["pond"]["auc"] > 0.9
    assert found["model"]["pooling"] == content(built.root / "models/model.json")["pooling"]


def test_the_chips_of_training_are_refused(
    built: Checkout, sets: Mapping[str, Path], tmp_path: Path
) -> None:
    done = evaluate(built, sets["here"], tmp_path)

    assert done.returncode == 1
    assert "trained on this ground: 26 of 26 sites" in done.stderr
