"""Write simulated scenes as Landsat Collection 2 product folders."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import numpy as np
from affine import Affine
from tqdm import tqdm

from minecover.core.errors import SceneError
from minecover.core.files import write_text
from minecover.core.grid import Grid
from minecover.core.landsat import TOA_OFFSET, TOA_SCALE
from minecover.core.raster.streamed_cog import CogWriter, cog_writer
from minecover.core.sensors import OLI
from minecover.sources.simulation.sensor import THERMAL_CONSTANTS, Bits
from minecover.sources.simulation.streams import F64
from minecover.sources.simulation.wide_area import Area, Cell

#: Path and row of the area in the Worldwide Reference System.
PATH, ROW = 173, 65
#: Name of the raster of the true mines, beside the products.
TRUTH = "truth.tif"
#: ORIGIN in the metadata of products, where USGS writes "Image courtesy of the U.S. Geological
#: Survey".
ORIGIN = "Simulated by minecover, no image of the Earth"
NATIVE = tuple(band.native for band in OLI.bands.values())


def write_products(area: Area, folder: Path, *, quiet: bool) -> list[Path]:
    """Write the scenes of an area, and a raster of its true mines.

    The area is simulated cell by cell, so that memory does not grow with its size.

    Parameters
    ----------
    area : Area
        The area.
    folder : Path
        Must not exist or be empty, so that products of two areas are not mixed.
    quiet : bool
        Whether to hide the progress bar.

    Returns
    -------
    list of Path
        The product folders, by date.

    Raises
    ------
    SceneError
        If the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise SceneError(
            f"{folder} is not empty. Delete it, or choose another folder for --out."
        )
    folders = [folder / product_id(day) for day in area.days]
    with ExitStack() as open_files:
        truth = open_files.enter_context(cog_writer(folder / TRUTH, area.grid, np.uint8))
        scenes = [open_files.enter_context(_open_product(one, area.grid)) for one in folders]
        cells = list(area.cells())
        for cell in tqdm(cells, "simulate", unit="cell", disable=quiet):
            ground = area.ground(cell)
            truth.write(ground.is_mine.astype(np.uint8), cell.row, cell.col)
            for day, files in zip(area.days, scenes, strict=True):
                _write(files, cell, *area.expose(cell, ground, day))
    for product, day in zip(folders, area.days, strict=True):
        write_text(product / f"{product.name}_MTL.txt", mtl_text(day, area.sun(day).up))
    return folders


def are_simulated(folder: Path) -> bool:
    """Return whether a folder holds products that `write_products` wrote.

    Parameters
    ----------
    folder : Path
        Folder of products.
    """
    files = (path for one in (folder, *folder.glob("*/")) for path in one.glob("*_MTL.*"))
    return any(ORIGIN in path.read_text(encoding="utf-8", errors="replace") for path in files)


def product_id(day: date) -> str:
    """Return the product id of a day."""
    return f"LC08_L1TP_{PATH}{ROW:03d}_{day:%Y%m%d}_20200905_02_T1"


def mtl_text(day: date, sun_up: float) -> str:
    """Return the text of the MTL file of a scene, as far as `minecover.sources.mtl` reads it.

    Parameters
    ----------
    day : date
        Day of acquisition.
    sun_up : float
        Sine of the sun's elevation.
    """
    groups: dict[str, dict[str, object]] = {
        "PRODUCT_CONTENTS": {
            "ORIGIN": f'"{ORIGIN}"',
            "LANDSAT_PRODUCT_ID": f'"{product_id(day)}"',
            "PROCESSING_LEVEL": '"L1TP"',
            "COLLECTION_NUMBER": "02",
        },
        "IMAGE_ATTRIBUTES": {
            "SPACECRAFT_ID": '"LANDSAT_8"',
            "SENSOR_ID": '"OLI_TIRS"',
            "WRS_PATH": PATH,
            "WRS_ROW": ROW,
            "DATE_ACQUIRED": day.isoformat(),
            "SUN_ELEVATION": repr(math.degrees(math.asin(sun_up))),
        },
        "LEVEL1_RADIOMETRIC_RESCALING": {
            **{f"REFLECTANCE_MULT_BAND_{n}": f"{TOA_SCALE:.4E}" for n in range(1, 10)},
            **{f"REFLECTANCE_ADD_BAND_{n}": f"{TOA_OFFSET:.6f}" for n in range(1, 10)},
            **_thermal(RADIANCE_MULT_BAND="mult", RADIANCE_ADD_BAND="add"),
        },
        "LEVEL1_THERMAL_CONSTANTS": _thermal(K1_CONSTANT_BAND="k1", K2_CONSTANT_BAND="k2"),
    }
    return _odl("LANDSAT_METADATA_FILE", groups)


def _thermal(**names: str) -> dict[str, object]:
    return {
        f"{key}_{band}": constants[name]
        for key, name in names.items()
        for band, constants in zip((10, 11), THERMAL_CONSTANTS, strict=True)
    }


def _odl(root: str, groups: Mapping[str, Mapping[str, object]]) -> str:
    lines = [f"GROUP = {root}"]
    for name, keys in groups.items():
        lines += [f"  GROUP = {name}"]
        lines += [f"    {key} = {value}" for key, value in keys.items()]
        lines += [f"  END_GROUP = {name}"]
    return "\n".join([*lines, f"END_GROUP = {root}", "END", ""])


Files = dict[str, CogWriter]


@contextmanager
def _open_product(folder: Path, grid: Grid) -> Iterator[Files]:
    """Open all files of a product for writing, by the part of the name after the id."""
    parts = [*NATIVE, "QA_PIXEL", "QA_RADSAT"]
    with ExitStack() as open_files:
        yield {
            part: open_files.enter_context(
                cog_writer(
                    folder / f"{folder.name}_{part}.TIF",
                    _pan(grid) if part == "B8" else grid,
                    np.uint16,
                )
            )
            for part in parts
        }


def _write(files: Files, cell: Cell, dn: Bits, qa: Bits) -> None:
    """Write the pixels of one cell on one date."""
    for band, plane in zip(NATIVE, dn, strict=True):
        if band == "B8":
            rows, cols = (2 * n for n in cell.shape)
            # The pan raster ends at the centre of the last pixel; inside the area, cells meet.
            rows -= 2 * cell.row + rows > files[band].shape[0]
            cols -= 2 * cell.col + cols > files[band].shape[1]
            fine = _interpolate_rows(_interpolate_rows(plane.astype(np.float64)).T).T
            values = np.rint(fine[:rows, :cols]).astype(np.uint16)
            files[band].write(values, 2 * cell.row, 2 * cell.col)
        else:
            files[band].write(plane, cell.row, cell.col)
    files["QA_PIXEL"].write(qa, cell.row, cell.col)
    files["QA_RADSAT"].write(np.zeros_like(qa), cell.row, cell.col)


def _pan(grid: Grid) -> Grid:
    """Return the grid of the 15 m pan pixels, which share their centres with the 30 m ones."""
    corner = grid.transform @ Affine.translation(0.25, 0.25) @ Affine.scale(0.5)
    rows, cols = grid.shape
    return Grid(grid.crs, corner, (2 * rows - 1, 2 * cols - 1))


def _interpolate_rows(values: F64) -> F64:
    """Return rows with the mean of neighbours inserted between them, and the last row twice."""
    fine = np.repeat(values, 2, axis=0)
    fine[1:-1:2] = (values[:-1] + values[1:]) / 2
    return fine
