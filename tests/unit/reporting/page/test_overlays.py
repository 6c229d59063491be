"""Layers under the candidates: in Web Mercator, grey where not observed."""

from pathlib import Path

import numpy as np
import pytest

from minecover.core.grid import Grid
from minecover.core.raster import write_cog, write_planes
from minecover.reporting.figures.date_pictures import read_webp
from minecover.reporting.page import draw_probability, draw_true_colour
from minecover.reporting.page.overlays import LARGEST_PX, canvas_of

GRID = Grid.from_corner("EPSG:32635", 719_985.0, -269_985.0, 40, 60)
GREY = 201


def write_colours(path: Path, grid: Grid, red: np.ndarray) -> Path:
    """Write a file of reflectance whose green and blue are a tenth."""
    planes = {"red": red, "green": np.full_like(red, 1000), "blue": np.full_like(red, 1000)}
    planes["green"][red == 0] = 0
    write_planes(path, planes, grid)
    return path


def test_a_layer_lies_on_its_ground(tmp_path: Path) -> None:
    red = np.full(GRID.shape, 500, np.uint16)
    red[:, 30:] = 3000
    file = write_colours(tmp_path / "a.tif", GRID, red)

    overlay = draw_true_colour([file])

    assert overlay is not None
    west, south, east, north = overlay.bounds
    colours = read_webp(overlay.image)
    rows, cols = colours.shape[:2]
    assert (east - west) * 111_320 == pytest.approx(60 * 30, rel=0.03)
    assert (north - south) * 110_570 == pytest.approx(40 * 30, rel=0.05)
    assert colours[rows // 2, cols // 4, 0] < 40
    assert colours[rows // 2, 3 * cols // 4, 0] > 215


def test_tiles_are_drawn_in_one_stretch(tmp_path: Path) -> None:
    beside = GRID.cut(0, 60, 40, 120)
    files = [
        write_colours(tmp_path / "a.tif", GRID, np.full(GRID.shape, 500, np.uint16)),
        write_colours(tmp_path / "b.tif", beside, np.full(GRID.shape, 3000, np.uint16)),
    ]

    overlay = draw_true_colour(files)

    assert overlay is not None
    red = read_webp(overlay.image)[20, :, 0].astype(int)
    assert red[100] - red[20] > 150


def test_ground_that_was_not_observed_is_grey(tmp_path: Path) -> None:
    probability = np.full(GRID.shape, 1.0, np.float32)
    probability[:, :30] = np.nan
    write_cog(tmp_path / "p.tif", {"probability": probability}, GRID)

    overlay = draw_probability([tmp_path / "p.tif"])

    assert overlay is not None
    left, right = read_webp(overlay.image)[20, [15, 45]].astype(int)
    assert left == pytest.approx([GREY] * 3, abs=6)
    assert right[0] > 240
    assert right[2] > 150


def test_a_large_map_is_drawn_in_coarse_pixels(tmp_path: Path) -> None:
    far = Grid.from_corner("EPSG:32635", 220_005.0, -269_985.0, 40, 60)
    files = [
        write_colours(tmp_path / f"{i}.tif", grid, np.full(GRID.shape, 500, np.uint16))
        for i, grid in enumerate((GRID, far))
    ]

    canvas = canvas_of(files)

    assert canvas is not None
    assert max(canvas.shape) == LARGEST_PX


def test_without_files_there_is_no_layer() -> None:
    assert draw_true_colour([]) is None
    assert draw_probability([]) is None
