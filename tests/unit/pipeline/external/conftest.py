"""A model of one band, and a label set that it is tried on."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from drawn_models import write_model
from external_chips import Chip, draw, words

from minecover.pipeline.external.asked import Asked
from minecover.pipeline.external.evaluation import Evaluated, evaluate

ROOT = Path(__file__).parents[4]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with the configuration, and without params.yaml."""
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def model(workplace: Path) -> Callable[..., str]:
    """Write a model that calls mines what is brighter than about 0.24 in the red."""

    def write(**changed: object) -> str:
        lattice = {
            "_target_": "minecover.core.lattice.Lattice",
            "family": "sentinel_2",
            "pixel_m": 10,
        }
        card = {
            "name": "minecover",
            "source": "drawn",
            "level": 2,
            "platforms": ["sentinel-2a", "sentinel-2b"],
            "lattice": lattice,
            "threshold": 0.8,
            "pooling": "highest_30_percent",
        }
        path = workplace / "model.pkl"
        write_model(path, slope=10.0, **{**card, **changed})
        return str(path)

    return write


@pytest.fixture
def tried(workplace: Path) -> Callable[..., Evaluated]:
    """Try a model on a label set."""

    def run(
        model: str, chips: Mapping[str, Chip], *overrides: str, **options: bool
    ) -> Evaluated:
        folder = draw(workplace / "drawn", chips)
        asked = Asked("chips", None, None, words(folder))
        flags = {"is_masked": True, "drop_overlap": False, **options}
        return evaluate(model, asked, workplace / "out", **flags)

    return run
