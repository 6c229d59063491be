"""The ground of maps: simulated or real, and what verdicts on it are about."""

import math
from datetime import date
from pathlib import Path

import pytest
from products import DrawnProduct

from minecover.core.config import Params, composed
from minecover.labels.ground_names import REAL, world_name
from minecover.pipeline.known_ground import ELSEWHERE, ground_name
from minecover.sources.mtl import read_mtl
from minecover.sources.simulated_products import are_simulated, mtl_text

SIMULATED, ON_REAL_GROUND = composed([]), composed(["labels=files", "labels.input=mines.gpkg"])


def test_products_of_simulate_are_told_from_others(tmp_path: Path) -> None:
    DrawnProduct().put(tmp_path / "real", B4=1)
    product = tmp_path / "drawn/LC08_L1TP_173065_20170115_20200905_02_T1"
    product.mkdir(parents=True)
    path = product / f"{product.name}_MTL.txt"
    path.write_text(mtl_text(date(2017, 1, 15), math.sin(1.0)))

    assert are_simulated(tmp_path / "drawn")
    assert are_simulated(product)
    assert not are_simulated(tmp_path / "real")
    assert not are_simulated(tmp_path / "nowhere")
    assert read_mtl(path).day == date(2017, 1, 15)


@pytest.mark.parametrize(
    ("params", "is_simulated", "name"),
    [
        pytest.param(None, False, REAL, id="real, nothing built"),
        pytest.param(SIMULATED, False, REAL, id="real, a simulated build"),
        pytest.param(SIMULATED, True, world_name(SIMULATED), id="simulated, as the build"),
        pytest.param(ON_REAL_GROUND, True, ELSEWHERE, id="simulated, a real build"),
        pytest.param(None, True, ELSEWHERE, id="simulated, nothing built"),
    ],
)
def test_verdicts_on_simulated_scenes_are_never_about_real_ground(
    params: Params | None, is_simulated: bool, name: str
) -> None:
    assert ground_name(params, is_simulated=is_simulated) == name
