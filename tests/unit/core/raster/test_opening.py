"""Opening a raster changes nothing of the process that outlives it."""

import subprocess
import sys
import threading
from contextvars import copy_context
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.io import DatasetReader

from minecover.core.errors import SceneError
from minecover.core.raster.opening import keep_open, opened

#: Prints whether importing a module leaves Python's hooks as they are.
IMPORT = """
import sys
before = sys.excepthook, sys.unraisablehook, sys.displayhook
import minecover.core.raster
print(before == (sys.excepthook, sys.unraisablehook, sys.displayhook))
"""


def raster(path: Path) -> Path:
    profile = {"driver": "GTiff", "width": 2, "height": 2, "count": 1, "dtype": "uint8"}
    place = {"crs": "EPSG:32635", "transform": Affine(30, 0, 0, 0, -30, 0)}
    with rasterio.open(path, "w", **profile, **place) as opened_file:
        opened_file.write(np.ones((1, 2, 2), np.uint8))
    return path


def test_importing_the_package_changes_no_hook() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "True"


def test_the_hook_lasts_as_long_as_a_raster_is_open_in_any_thread(tmp_path: Path) -> None:
    path, before = raster(tmp_path / "a.tif"), sys.unraisablehook
    is_open, may_close = threading.Event(), threading.Event()

    def hold() -> None:
        with opened(path):
            is_open.set()
            may_close.wait(10)

    thread = threading.Thread(target=hold)
    with opened(path):
        thread.start()
        assert is_open.wait(10)
        first = sys.unraisablehook
    second = sys.unraisablehook
    may_close.set()
    thread.join()

    assert first is second
    assert first is not before
    assert sys.unraisablehook is before


def test_files_stay_open_between_readings_but_no_more_than_a_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [raster(tmp_path / f"{number}.tif") for number in range(3)]
    monkeypatch.setattr("minecover.core.raster.opening.MAX_KEPT", 2)

    def read(path: Path) -> DatasetReader:
        with opened(path) as source:
            return source

    def read_again() -> list[DatasetReader]:
        keep_open()
        return [read(paths[index]) for index in (0, 0, 1, 2, 0)]

    first, again, second, third, anew = copy_context().run(read_again)

    assert first is again
    assert first.closed
    assert anew is not first
    assert [second.closed, third.closed, anew.closed] == [True, False, False]
    assert read(paths[0]).closed


def test_a_file_that_failed_does_not_stay_open(tmp_path: Path) -> None:
    path, seen = raster(tmp_path / "a.tif"), []

    def fail() -> None:
        keep_open()
        with opened(path) as source:
            seen.append(source)
            raise OSError("the disk is gone")

    with pytest.raises(SceneError, match="the disk is gone"):
        copy_context().run(fail)

    assert seen[0].closed
