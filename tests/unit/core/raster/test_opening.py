"""Opening a raster changes nothing of the process that outlives it."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

from minecover.core.raster.opening import opened

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
