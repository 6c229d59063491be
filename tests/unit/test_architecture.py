"""The arrow of imports is checked by a machine, and the machine notices."""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Names that several packages give to their part of one thing.
SAME_MEANING = {"client", "external", "folds", "scenes", "sites"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package beside the project's own contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    package = tmp_path / "minecover"
    shutil.copytree(ROOT / "src" / "minecover", package)
    return tmp_path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def plant(copy: Path, module: str, line: str) -> None:
    path = copy / "minecover" / module
    path.write_text(f"{path.read_text()}\n{line}\n")


def test_the_contracts_hold(copy: Path) -> None:
    checked = lint_imports(copy)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        pytest.param(
            "evaluation/metrics.py",
            "import mlflow",
            "Only tracking imports mlflow BROKEN",
            id="mlflow outside tracking",
        ),
        pytest.param(
            "features/validity.py",
            "from rasterio.features import rasterize",
            "Only core/raster imports rasterio BROKEN",
            id="rasterio outside core/raster",
        ),
        pytest.param(
            "core/feature_table.py",
            "import dvc.api",
            "DVC stops at dvc.yaml BROKEN",
            id="dvc inside the package",
        ),
        pytest.param(
            "core/grid.py",
            "from minecover.labels import label_table",
            "A package imports only from the layers below its own BROKEN",
            id="a lower layer importing a higher one",
        ),
        pytest.param(
            "sources/fetch.py",
            "from minecover.features.indices import ratio",
            "A package imports only from the layers below its own BROKEN",
            id="neighbours on one layer",
        ),
    ],
)
def test_a_planted_import_breaks_its_contract(
    copy: Path, module: str, line: str, broken: str
) -> None:
    plant(copy, module, line)

    checked = lint_imports(copy)

    assert checked.returncode != 0
    assert broken in " ".join(checked.stdout.split())


def test_a_package_without_a_layer_is_refused(copy: Path) -> None:
    (copy / "minecover" / "utils.py").touch()

    checked = lint_imports(copy)

    assert checked.returncode != 0
    assert "minecover.utils" in checked.stdout


def test_no_module_name_means_two_things() -> None:
    stems = Counter(
        path.stem
        for path in (ROOT / "src" / "minecover").rglob("*.py")
        if not path.stem.startswith("__") and "cli" not in path.parts
    )

    assert {name for name, n in stems.items() if n > 1} <= SAME_MEANING
