"""The arrow of imports is checked by a machine, and the machine notices."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the package beside the project's own contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    package = tmp_path / "minecover"
    shutil.copytree(ROOT / "src" / "minecover", package)
    return tmp_path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def plant(house: Path, module: str, line: str) -> None:
    path = house / "minecover" / module
    path.write_text(f"{path.read_text()}\n{line}\n")


def test_the_contracts_hold(house: Path) -> None:
    checked = lint_imports(house)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        pytest.param(
            "metrics/scores.py",
            "import mlflow",
            "Only tracking/ imports mlflow BROKEN",
            id="mlflow behind another door",
        ),
        pytest.param(
            "masks.py",
            "from rasterio.features import rasterize",
            "Only raster/ imports rasterio BROKEN",
            id="rasterio behind another door",
        ),
        pytest.param(
            "table.py",
            "import dvc.api",
            "DVC stops at dvc.yaml BROKEN",
            id="dvc inside the package",
        ),
        pytest.param(
            "grid.py",
            "from minecover.sites import Site",
            "A file imports only from the floors below its own BROKEN",
            id="a lower floor reaching up",
        ),
    ],
)
def test_a_planted_import_breaks_its_contract(
    house: Path, module: str, line: str, broken: str
) -> None:
    plant(house, module, line)

    checked = lint_imports(house)

    assert checked.returncode != 0
    assert broken in checked.stdout


def test_a_file_without_a_floor_is_refused(house: Path) -> None:
    (house / "minecover" / "utils.py").touch()

    checked = lint_imports(house)

    assert checked.returncode != 0
    assert "minecover.utils" in checked.stdout
