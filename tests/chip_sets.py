"""Little label sets on the disk: images and masks with names of any pattern."""

import warnings
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning

from minecover.core.lattice import Lattice
from minecover.sources.chips import ChipSet

#: Corner of a chip near Madre de Dios, in the southern name of its zone [m].
LEFT, TOP = 350_010.0, 8_580_030.0
CRS = "EPSG:32719"
LATTICE = Lattice("sentinel_2", 10)


def write_raster(
    path: Path,
    values: NDArray[np.generic],
    *,
    names: tuple[str, ...] = (),
    crs: str | None = CRS,
    left: float = LEFT,
    scale: float = 1.0,
) -> None:
    """Write (band, row, col) values with pixels of 10 m; without a CRS, without any place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count, rows, cols = values.shape
    place = {"crs": crs, "transform": Affine(10, 0, left, 0, -10, TOP)} if crs else {}
    with (
        warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning),
        rasterio.open(
            path,
            "w",
            driver="GTiff",
            count=count,
            height=rows,
            width=cols,
            dtype=values.dtype,
            **place,
        ) as sink,
    ):
        sink.write(values)
        sink.scales = (scale,) * count
        if names:
            sink.descriptions = names


def chip_set(folder: Path, **changed: object) -> ChipSet:
    """Return the label set of a folder that is laid out as the Amazon one."""
    fields: dict[str, object] = {
        "folder": str(folder),
        "images": "images/{chip}_{date}.tif",
        "masks": "masks/{chip}.tif",
        "days": {"t0": "2018-01-01", "t1": "2021-12-31"},
        "table": None,
        "classes": {"mine": [1], "other": [0], "look_alike": [2], "ignore": [255]},
    }
    return ChipSet(**{**fields, **changed})  # type: ignore[arg-type]
