"""The Python API (colour composites, arrays, models), and the notebook that uses it."""

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Protocol

import nbformat
import numpy as np
import pandas as pd
import pytest
import rasterio
import rioxarray
from nbclient import NotebookClient

import minecover
from minecover.api import COLOURS, OpenSite
from minecover.core.errors import SiteError

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "explore.ipynb"


class Checkout(Protocol):
    root: Path

    @property
    def environment(self) -> dict[str, str]: ...


@pytest.fixture
def site(small_world: Checkout, monkeypatch: pytest.MonkeyPatch) -> OpenSite:
    monkeypatch.chdir(small_world.root)
    return minecover.open_site("sim0003")


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, minecover; print(sorted({'numpy', 'mlflow'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert done.stdout.strip() == "[]"


def test_an_unknown_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="open_sight"):
        minecover.__getattr__("open_sight")


@pytest.mark.parametrize("colours", COLOURS)
def test_composites_have_values_of_0_to_1(site: OpenSite, colours: str) -> None:
    picture = site.rgb(colours)

    assert picture.shape == (100, 100, 3)
    assert np.nanmin(picture) >= 0
    assert np.nanmax(picture) <= 1
    assert np.nanstd(picture) > 0.05


def test_a_date_has_its_own_colours(site: OpenSite) -> None:
    first, last = (site.rgb("natural", day) for day in (site.dates[0], site.dates[-1]))

    assert not np.array_equal(first, last)


@pytest.mark.parametrize(
    ("colours", "day", "message"),
    [
        pytest.param("ultraviolet", None, "natural, infrared", id="no such colours"),
        pytest.param("natural", date(1999, 1, 1), "no scene of 1999-01-01", id="no such date"),
    ],
)
def test_an_unknown_composite_or_date_is_an_error(
    site: OpenSite, colours: str, day: date | None, message: str
) -> None:
    with pytest.raises(SiteError, match=message):
        site.rgb(colours, day)


def test_a_mosaic_excludes_clouds(site: OpenSite) -> None:
    values = site.cube.core(site.cube.values("red")[:, 0])
    often_valid = site.valid.sum(axis=0) >= 3

    mosaic = site.mosaic("red")

    np.testing.assert_array_equal(np.isnan(mosaic), ~site.valid.any(axis=0))
    assert mosaic[often_valid].max() < values[:, often_valid].max()


# rioxarray still multiplies affine transforms with `*`.
@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")
def test_xarray_has_crs_and_transform(site: OpenSite, tmp_path: Path) -> None:
    array = site.to_xarray()
    assert rioxarray.__version__

    written = tmp_path / "first.tif"
    array.isel(time=0).rio.to_raster(written)
    with rasterio.open(written) as opened:
        stack, transform = opened.read(), opened.transform
    assert array.dims == ("time", "band", "y", "x")
    assert array.rio.crs.to_string() == site.site.grid.crs
    assert array.rio.transform() == site.site.grid.transform
    assert transform == site.site.grid.transform
    np.testing.assert_array_equal(stack, array.isel(time=0).to_numpy())


def test_out_of_fold_differs_from_in_sample(site: OpenSite) -> None:
    model = minecover.load_model("models:/minecover@champion")

    in_sample, out_of_fold = (
        site.predict(model)["probability"],
        site.out_of_fold().location_probability,
    )

    np.testing.assert_array_equal(np.isnan(in_sample), np.isnan(out_of_fold))
    assert np.nanmax(np.abs(in_sample - out_of_fold)) > 0.01


@pytest.mark.parametrize(
    ("folder_name", "message"),
    [
        pytest.param(".", "no site 'nowhere'", id="unknown"),
        pytest.param("docs", "no", id="empty"),
    ],
)
def test_an_unknown_site_is_an_error(
    small_world: Checkout, monkeypatch: pytest.MonkeyPatch, folder_name: str, message: str
) -> None:
    folder = small_world.root / folder_name
    folder.mkdir(exist_ok=True)
    monkeypatch.chdir(folder)

    with pytest.raises(SiteError, match=message):
        minecover.open_site("nowhere")


def test_the_notebook_runs_and_is_stored_without_outputs(
    small_world: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = nbformat.reads(NOTEBOOK.read_text(), as_version=4)
    stored = [cell.get("outputs", []) for cell in notebook.cells]
    monkeypatch.setenv("PYTHONPATH", str(small_world.root / "src"))
    (small_world.root / "notebooks").mkdir(exist_ok=True)

    NotebookClient(
        notebook,
        timeout=120,
        resources={"metadata": {"path": small_world.root / "notebooks"}},
    ).execute()

    pictures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    (menu,) = (cell for cell in notebook.cells if cell["source"].endswith("\nmenu"))
    assert not any(stored)
    assert len(pictures) >= 5
    assert "application/vnd.jupyter.widget-view+json" in menu["outputs"][0]["data"]


def test_the_precision_of_the_first_candidates_is_written(small_world: Checkout) -> None:
    table = pd.read_csv(small_world.root / "reports/candidates/precision.csv")

    assert set(table["against"]) == {"a labelled mine", "a mine in truth"}
    assert table["precision"].between(0, 1).all()
