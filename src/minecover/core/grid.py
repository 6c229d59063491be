"""North-up pixel grids on the ground, aligned with the pixels of Landsat or Sentinel-2."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import Geod, Transformer

from minecover.core.lattice import LANDSAT, Lattice

F64 = NDArray[np.float64]
#: Longitude and latitude: the only CRS not in metres, used by archives that are not resampled.
LON_LAT = "EPSG:4326"


@dataclass(frozen=True, slots=True)
class Grid:
    """A north-up pixel grid on the ground.

    Parameters
    ----------
    crs : str
        Coordinate reference system, e.g. ``"EPSG:32635"``.
    transform : Affine
        From (column, row) of a pixel's upper left corner to (x, y) [m].
    shape : (rows, cols)
        Number of rows and columns.
    """

    crs: str
    transform: Affine
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        """Check that the grid is north-up and has pixels."""
        t = self.transform
        is_north_up = t.b == 0 and t.d == 0 and t.a > 0 and t.e < 0
        if not (is_north_up and all(map(math.isfinite, tuple(t)[:6]))):
            raise ValueError(f"a Grid must be north-up, found the transform {tuple(t)[:6]}.")
        if min(self.shape) < 1:
            raise ValueError(
                f"a Grid must have at least one row and column, found {self.shape}."
            )

    @classmethod
    def around(
        cls, crs: str, x_m: float, y_m: float, *, size_px: int, lattice: Lattice = LANDSAT
    ) -> Grid:
        """Return a square around a point, aligned with the pixels of a lattice.

        Parameters
        ----------
        crs : str
            A UTM zone, always the northern one ("EPSG:326zz"), as in Landsat products.
        x_m, y_m : float
            Easting and northing of the centre, which is met within a pixel of Landsat [m].
        size_px : int
            Side of the square [pixels].
        lattice : Lattice
            The lattice; the square of any other one is the nearest to that of Landsat's.
        """
        half = size_px * lattice.pixel_m // (2 * LANDSAT.pixel_m) * LANDSAT.pixel_m
        left, top = (
            lattice.nearest(LANDSAT.below(at) + shift)
            for at, shift in ((x_m, -half), (y_m, half))
        )
        return cls.from_corner(crs, left, top, size_px, size_px, pixel_m=lattice.pixel_m)

    @classmethod
    def from_corner(
        cls,
        crs: str,
        left_m: float,
        top_m: float,
        rows: int,
        cols: int,
        *,
        pixel_m: float = LANDSAT.pixel_m,
    ) -> Grid:
        """Return a grid of square pixels with the given upper left corner [m]."""
        return cls(crs, Affine(pixel_m, 0.0, left_m, 0.0, -pixel_m, top_m), (rows, cols))

    def xy(self, row: float, col: float) -> tuple[float, float]:
        """Return x and y of a pixel's centre [m]."""
        x, y = self.transform @ (col + 0.5, row + 0.5)
        return float(x), float(y)

    def rowcol(self, x_m: float, y_m: float) -> tuple[int, int]:
        """Return row and column of the pixel at a point [m]; it may lie outside the grid."""
        col, row = ~self.transform @ (x_m, y_m)
        return math.floor(row), math.floor(col)

    def positions(self, other: Grid) -> tuple[F64, F64]:
        """Return the pixel centres of another grid in pixel coordinates of this one.

        Parameters
        ----------
        other : Grid
            A grid of any CRS.

        Returns
        -------
        col, row : float64 arrays of the shape of `other`
            Positions from the upper left corner of this grid [pixels]; not finite where this
            CRS is not defined.
        """
        x, y = np.meshgrid(*other.centres())
        if other.crs != self.crs:
            x, y = Transformer.from_crs(other.crs, self.crs, always_xy=True).transform(x, y)
        col, row = ~self.transform @ (x, y)
        return col, row

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top edge of the grid [m]."""
        rows, cols = self.shape
        left, top = self.transform @ (0, 0)
        right, bottom = self.transform @ (cols, rows)
        return float(left), float(bottom), float(right), float(top)

    def is_on(self, lattice: Lattice) -> bool:
        """Return whether the pixels are those of a lattice, so that none is resampled."""
        t, side_m = self.transform, lattice.pixel_m
        edges = (t.c % side_m, t.f % side_m)
        return (t.a, -t.e) == (side_m, side_m) and edges == (lattice.edge_m,) * 2

    @property
    def side_m(self) -> float:
        """Side of the central pixel [m], the mean of width and height."""
        width, height = self.pixel_m
        return (width + height) / 2

    @property
    def pixel_m(self) -> tuple[float, float]:
        """Width and height of the central pixel [m], also if the CRS is in degrees."""
        t = self.transform
        if self.crs != LON_LAT:
            return float(t.a), float(-t.e)
        lon, lat = self.xy(self.shape[0] // 2, self.shape[1] // 2)
        earth = Geod(ellps="WGS84")
        width = earth.line_length([lon - t.a / 2, lon + t.a / 2], [lat, lat])
        height = earth.line_length([lon, lon], [lat + t.e / 2, lat - t.e / 2])
        return float(width), float(height)

    def overlaps(self, other: Grid) -> bool:
        """Return whether two grids overlap by more than an edge; their CRS may differ."""
        bounds = other.bounds
        if other.crs != self.crs:
            to_here = Transformer.from_crs(other.crs, self.crs, always_xy=True)
            bounds = to_here.transform_bounds(*bounds)
        left, bottom, right, top = self.bounds
        return left < bounds[2] and bounds[0] < right and bottom < bounds[3] and bounds[1] < top

    def grown(self, margin_px: int) -> Grid:
        """Return the grid with a margin added on every side; a negative one is removed."""
        rows, cols = self.shape
        return Grid(
            self.crs,
            self.transform @ Affine.translation(-margin_px, -margin_px),
            (rows + 2 * margin_px, cols + 2 * margin_px),
        )

    def split(self, n: int) -> Grid:
        """Return the grid with every pixel divided into n x n."""
        rows, cols = self.shape
        return Grid(self.crs, self.transform @ Affine.scale(1 / n), (rows * n, cols * n))

    def merged(self, n: int) -> Grid:
        """Return the grid with blocks of n x n pixels merged into one; a remainder is lost."""
        rows, cols = self.shape
        return Grid(self.crs, self.transform @ Affine.scale(n), (rows // n, cols // n))

    def cut(self, top: int, left: int, bottom: int, right: int) -> Grid:
        """Return the part with rows ``top:bottom`` and columns ``left:right``."""
        corner = self.transform @ Affine.translation(left, top)
        return Grid(self.crs, corner, (bottom - top, right - left))

    def windows(self, size_px: int) -> Iterator[tuple[slice, slice, Grid]]:
        """Yield square windows of the grid, row by row; the last ones may be smaller.

        Parameters
        ----------
        size_px : int
            Side of a window [pixels].

        Yields
        ------
        rows, cols : slice
            Position of the window in the grid.
        square : Grid
            Grid of the window.
        """
        rows, cols = self.shape
        for top in range(0, rows, size_px):
            for left in range(0, cols, size_px):
                bottom, right = min(top + size_px, rows), min(left + size_px, cols)
                square = self.cut(top, left, bottom, right)
                yield slice(top, bottom), slice(left, right), square

    def centres(self) -> tuple[F64, F64]:
        """Return x of the column centres, (cols,), and y of the row centres, (rows,) [m]."""
        rows, cols = self.shape
        t = self.transform
        x_m = np.float64(t.c) + np.float64(t.a) * (np.arange(cols, dtype=np.float64) + 0.5)
        y_m = np.float64(t.f) + np.float64(t.e) * (np.arange(rows, dtype=np.float64) + 0.5)
        return x_m.astype(np.float64), y_m.astype(np.float64)


def odd_px(side_m: float, pixel_m: float) -> int:
    """Return the odd number of pixels nearest to a length: squares with a centre.

    Parameters
    ----------
    side_m, pixel_m : float
        Side of the square, and of a pixel [m].

    Returns
    -------
    int
        At least 1; of two that are equally near, the larger one.
    """
    return 2 * math.floor(side_m / pixel_m / 2) + 1


def utm_crs(lon: float, lat: float) -> str:
    """Return the UTM zone of a point, ``"EPSG:326zz"``: northern everywhere, as in Landsat.

    Parameters
    ----------
    lon, lat : float
        WGS 84 longitude and latitude [degrees].

    Raises
    ------
    ValueError
        If the point does not lie between 80 S and 84 N.
    """
    if not (-180 <= lon <= 180 and -80 <= lat <= 84):
        raise ValueError(f"no UTM zone contains longitude {lon}, latitude {lat}.")
    zone = min(int((lon + 180) // 6) + 1, 60)
    return f"EPSG:326{zone:02d}"


def transformed_bounds(grid: Grid, crs: str) -> tuple[float, float, float, float]:
    """Return left, bottom, right and top of a grid in another CRS [m]."""
    if grid.crs == crs:
        return grid.bounds
    left, bottom, right, top = Transformer.from_crs(
        grid.crs, crs, always_xy=True
    ).transform_bounds(*grid.bounds)
    return float(left), float(bottom), float(right), float(top)


def project(lon: float, lat: float, crs: str) -> tuple[float, float]:
    """Return easting and northing in `crs` [m] of a WGS 84 point [degrees]."""
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    return float(x), float(y)
