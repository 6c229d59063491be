"""Time reading by windows: a band of Sentinel-2 as JPEG 2000 and as Cloud Optimized GeoTIFF.

The band is drawn: smooth ground with noise of 40 digital numbers, which takes 8 bits a pixel
without loss, in blocks of 1024 pixels as ESA writes them. Time is that of the processor.

    python benchmarks/jpeg2000.py
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from scipy.ndimage import gaussian_filter

from minecover.core.grid import Grid
from minecover.core.raster import read_band

#: Corner of a tile in its southern zone.
CRS, LEFT_M, TOP_M = "EPSG:32735", 700_020.0, 9_800_040.0
#: Sides of the windows: a small one, and a tile of a map.
WINDOWS_PX, N_WINDOWS = (256, 1024), 12
FORMATS = {
    "jp2": {"driver": "JP2OpenJPEG", "QUALITY": 100, "REVERSIBLE": "YES", "BLOCKXSIZE": 1024}
    | {"BLOCKYSIZE": 1024},
    "cog.tif": {"driver": "COG", "compress": "deflate", "predictor": 2, "blocksize": 512},
}


def main() -> None:
    """Print the speed of each format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=5490, help="pixels a side")
    side = parser.parse_args().side
    rng = np.random.default_rng(7)
    ground = gaussian_filter(rng.normal(0, 1, (side // 6, side // 6)), 12) * 20_000
    band = np.kron(ground, np.ones((6, 6))) + rng.normal(2000, 40, ground.shape).repeat(
        6, 0
    ).repeat(6, 1)
    band = (band + rng.normal(0, 40, band.shape)).clip(1, 60_000).astype(np.uint16)
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(Path(folder) / f"band.{suffix}", band) for suffix in FORMATS]
        packed = Path(folder) / "band.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(paths[0], paths[0].name)
        for path in (*paths, packed / paths[0].name):
            size = path.stat().st_size if path.is_file() else packed.stat().st_size
            print(f"{path.relative_to(folder)}: {8 * size / band.size:.1f} bits a pixel")
            for window_px in WINDOWS_PX:
                corners = rng.integers(0, side - window_px, (N_WINDOWS, 2))
                for pixel_m in (10.0, 30.0):
                    speed = statistics.median(speeds(path, corners, window_px, pixel_m))
                    print(
                        f"  {window_px:4} px a side onto {pixel_m:g} m: {speed / 1e6:6.2f} "
                        "million pixels a second"
                    )


def write(path: Path, band: np.ndarray) -> Path:
    """Write the band in the format of the file's suffix."""
    options = FORMATS[path.name.partition(".")[2]]
    with rasterio.open(
        path,
        "w",
        **options,
        width=band.shape[1],
        height=band.shape[0],
        count=1,
        dtype="uint16",
        crs=CRS,
        transform=Affine(10, 0, LEFT_M, 0, -10, TOP_M),
    ) as sink:
        sink.write(band, 1)
    return path


def speeds(path: Path, corners: np.ndarray, window_px: int, pixel_m: float) -> list[float]:
    """Return how many pixels of the file each window reads a second."""
    found = []
    for row, col in corners.tolist():
        n = int(window_px * 10 / pixel_m)
        grid = Grid.from_corner(CRS, LEFT_M + 10 * col, TOP_M - 10 * row, n, n, pixel_m=pixel_m)
        begin = time.process_time()
        read_band(path, grid, resampling="adaptive")
        found.append((n * pixel_m / 10) ** 2 / (time.process_time() - begin))
    return found[1:]  # the first compiles loops, and reads the file into the disk's cache


if __name__ == "__main__":
    main()
