"""What a notebook takes in hand: a site's colours, its arrays, a model; and the notebook."""

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


class House(Protocol):
    root: Path

    @property
    def environment(self) -> dict[str, str]: ...


@pytest.fixture
def cube(small_world: House, monkeypatch: pytest.MonkeyPatch) -> OpenSite:
    monkeypatch.chdir(small_world.root)
    return minecover.open_site("sim0003")


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, minecover; print(sorted({'numpy', 'mlflow'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert done.stdout.strip() == "[]"


def test_what_is_not_offered_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="open_sight"):
        minecover.__getattr__("open_sight")


@pytest.mark.parametrize("colours", COLOURS)
def test_colours_are_shares_of_light(cube: OpenSite, colours: str) -> None:
    picture = cube.rgb(colours)

    assert picture.shape == (100, 100, 3)
    assert np.nanmin(picture) >= 0
    assert np.nanmax(picture) <= 1
    assert np.nanstd(picture) > 0.05


def test_a_date_has_its_own_colours(cube: OpenSite) -> None:
    first, last = (cube.rgb("natural", day) for day in (cube.dates[0], cube.dates[-1]))

    assert not np.array_equal(first, last)


@pytest.mark.parametrize(
    ("colours", "day", "said"),
    [
        pytest.param("ultraviolet", None, "natural, infrared", id="no such colours"),
        pytest.param("natural", date(1999, 1, 1), "no scene of 1999-01-01", id="no such date"),
    ],
)
def test_what_there_is_not_is_said(
    cube: OpenSite, colours: str, day: date | None, said: str
) -> None:
    with pytest.raises(SiteError, match=said):
        cube.rgb(colours, day)


def test_a_mosaic_leaves_clouds_out(cube: OpenSite) -> None:
    values = cube.cube.core(cube.cube.values("B4")[:, 0])
    often = cube.valid.sum(axis=0) >= 3

    mosaic = cube.mosaic("B4")

    np.testing.assert_array_equal(np.isnan(mosaic), ~cube.valid.any(axis=0))
    assert mosaic[often].max() < values[:, often].max()


# rioxarray still multiplies affine transforms with `*`.
@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")
def test_xarray_knows_its_place(cube: OpenSite, tmp_path: Path) -> None:
    array = cube.to_xarray()
    assert rioxarray.__version__

    written = tmp_path / "first.tif"
    array.isel(time=0).rio.to_raster(written)
    with rasterio.open(written) as opened:
        stack, transform = opened.read(), opened.transform
    assert array.dims == ("time", "band", "y", "x")
    assert array.rio.crs.to_string() == cube.site.grid.crs
    assert array.rio.transform() == cube.site.grid.transform
    assert transform == cube.site.grid.transform
    np.testing.assert_array_equal(stack, array.isel(time=0).to_numpy())


def test_out_of_fold_is_not_what_the_final_model_says(cube: OpenSite) -> None:
    model = minecover.load_model("models:/minecover@champion")

    in_sample, held_out = cube.predicted(model)["probability"], cube.out_of_fold().location

    np.testing.assert_array_equal(np.isnan(in_sample), np.isnan(held_out))
    assert np.nanmax(np.abs(in_sample - held_out)) > 0.01


@pytest.mark.parametrize(
    ("place", "said"),
    [
        pytest.param(".", "no site 'nowhere'", id="unknown"),
        pytest.param("docs", "no", id="empty"),
    ],
)
def test_a_site_that_is_not_there_is_named(
    small_world: House, monkeypatch: pytest.MonkeyPatch, place: str, said: str
) -> None:
    folder = small_world.root / place
    folder.mkdir(exist_ok=True)
    monkeypatch.chdir(folder)

    with pytest.raises(SiteError, match=said):
        minecover.open_site("nowhere")


def test_the_notebook_runs_and_is_stored_without_outputs(
    small_world: House, monkeypatch: pytest.MonkeyPatch
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
    (menu,) = (cell for cell in notebook.cells if cell["source"].endswith("\nchosen"))
    assert not any(stored)
    assert len(pictures) >= 5
    assert "application/vnd.jupyter.widget-view+json" in menu["outputs"][0]["data"]


def test_the_precision_of_the_first_candidates_is_written(small_world: House) -> None:
    table = pd.read_csv(small_world.root / "reports/candidates/precision.csv")

    assert set(table["against"]) == {"a labelled mine", "a mine in truth"}
    assert table["precision"].between(0, 1).all()
