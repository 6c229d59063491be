"""Sentinel-2 products (SAFE) that tests draw, with the names and metadata of real ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from minecover.core.grid import Grid
from minecover.core.sensors import MSI

#: Side of the square at the tile's corner that images show [m]: a multiple of 60.
SIDE_M = 1200
OFFSET = {1: "RADIO_ADD_OFFSET", 2: "BOA_ADD_OFFSET"}
QUANTIFICATION = {1: "QUANTIFICATION_VALUE", 2: "BOA_QUANTIFICATION_VALUE"}

Plane = NDArray[np.uint16] | NDArray[np.uint8]


def write_image(path: Path, plane: Plane, crs: str, corner: tuple[float, float]) -> None:
    """Write an image of Sentinel-2 without loss, as JPEG 2000 or as GeoTIFF."""
    layers = plane if plane.ndim == 3 else plane[None]
    side_m = SIDE_M / layers.shape[1]
    lossless = {"driver": "JP2OpenJPEG", "QUALITY": 100, "REVERSIBLE": "YES"}
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        **(lossless if path.suffix == ".jp2" else {"driver": "GTiff"}),
        width=layers.shape[2],
        height=layers.shape[1],
        count=len(layers),
        dtype=layers.dtype,
        crs=crs,
        transform=Affine(side_m, 0, corner[0], 0, -side_m, corner[1]),
    ) as sink:
        sink.write(layers)


@dataclass(frozen=True)
class DrawnSafe:
    """A product to be written, with one digital number for all pixels of each band."""

    day: str = "2021-06-01"
    tile: str = "35MQU"
    level: int = 2
    baseline: str = "05.00"
    offset: int | None = -1000
    craft: str = "Sentinel-2A"
    crs: str = "EPSG:32735"
    corner: tuple[float, float] = (700_020.0, 9_800_020.0)
    suffix: str = ".jp2"
    generated: str = "2021-06-02T08:00:00.000Z"
    start: str = "08:26:11"
    strip: str = "08:26:11"
    classi: bool = False
    without: frozenset[str] = field(default_factory=frozenset)

    @property
    def sensing(self) -> str:
        return f"{self.day.replace('-', '')}T{self.start.replace(':', '')}"

    @property
    def product_id(self) -> str:
        kind = {1: "MSIL1C", 2: "MSIL2A"}[self.level]
        number = self.baseline.replace(".", "")
        made = self.generated[:19].replace("-", "").replace(":", "")
        craft = f"S2{self.craft[-1]}"
        return f"{craft}_{kind}_{self.sensing}_N{number}_R021_T{self.tile}_{made}"

    @property
    def granule(self) -> str:
        return f"GRANULE/L{self.level}_T{self.tile}"

    @property
    def grid(self) -> Grid:
        """The square that the images show, in pixels of 10 m of the northern zone."""
        left, top = self.corner
        north = top - 1e7 if self.crs.startswith("EPSG:327") else top
        crs = self.crs.replace("EPSG:327", "EPSG:326")
        n = SIDE_M // 10
        return Grid.from_corner(crs, left, north, n, n, pixel_m=10.0)

    def image(self, native: str) -> str:
        """Return the path of a band's image in the product, without suffix."""
        name = f"T{self.tile}_{self.sensing}_{native}"
        if self.level == 1:
            return f"{self.granule}/IMG_DATA/{name}"
        side = 20 if native == "SCL" else int(self.sides()[native])
        return f"{self.granule}/IMG_DATA/R{side}m/{name}_{side}m"

    def sides(self) -> dict[str, float]:
        """Return the side of the pixels of each band by the agency's names [m]."""
        names = MSI.bands if self.level == 1 else MSI.surface
        return {MSI.bands[name].native: MSI.bands[name].pixel_m for name in names}

    def put(self, folder: Path, **planes: int | Plane) -> Path:
        """Write metadata and an image per band ("B04", "SCL"); return the product's folder."""
        home = folder / f"{self.product_id}.SAFE"
        granule = home / self.granule
        granule.mkdir(parents=True, exist_ok=True)
        if "MTD" not in self.without:
            name = {1: "MTD_MSIL1C.xml", 2: "MTD_MSIL2A.xml"}[self.level]
            (home / name).write_text(self._metadata())
        (granule / "MTD_TL.xml").write_text(self._tile_metadata())
        for native, plane in planes.items():
            side = 20 if native == "SCL" else self.sides()[native]
            n = round(SIDE_M / side)
            dtype = np.uint8 if native == "SCL" else np.uint16
            pixels = np.full((n, n), plane, dtype) if isinstance(plane, int) else plane
            path = home / f"{self.image(native)}{self.suffix}"
            write_image(path, pixels, self.crs, self.corner)
        return home

    def _metadata(self) -> str:
        natives = [band.native for band in MSI.bands.values()]
        spectral = "".join(
            f'<Spectral_Information bandId="{i}" physicalBand="B{native[1:].lstrip("0")}"/>'
            for i, native in enumerate(natives)
        )
        offsets = "".join(
            f'<{OFFSET[self.level]} band_id="{i}">{self.offset}</{OFFSET[self.level]}>'
            for i in range(len(natives) if self.offset is not None else 0)
        )
        images = "".join(
            f"<IMAGE_FILE>{self.image(native)}</IMAGE_FILE>"
            for native in (*self.sides(), *(["SCL"] if self.level == 2 else []))
        )
        key = QUANTIFICATION[self.level]
        start = f"{self.day.replace('-', '')}T{self.strip.replace(':', '')}"
        strip = f"S2{self.craft[-1]}_OPER_MSI_L2A_DS_2APS_20210602T080000_S{start}_N05.00"
        return (
            f"<Product><PRODUCT_URI>{self.product_id}.SAFE</PRODUCT_URI>"
            f"<PROCESSING_LEVEL>Level-{ {1: '1C', 2: '2A'}[self.level] }</PROCESSING_LEVEL>"
            f"<PROCESSING_BASELINE>{self.baseline}</PROCESSING_BASELINE>"
            f"<GENERATION_TIME>{self.generated}</GENERATION_TIME>"
            f"<SPACECRAFT_NAME>{self.craft}</SPACECRAFT_NAME>"
            f"<DATATAKE_SENSING_START>{self.day}T{self.start}.024Z</DATATAKE_SENSING_START>"
            f'<Granule datastripIdentifier="{strip}">{images}</Granule>'
            f"<{key}>10000</{key}>{offsets}{spectral}</Product>"
        )

    def _tile_metadata(self) -> str:
        left, top = self.corner
        places = "".join(
            f'<Size resolution="{side}"><NROWS>{109_800 // side}</NROWS>'
            f"<NCOLS>{109_800 // side}</NCOLS></Size>"
            f'<Geoposition resolution="{side}"><ULX>{left:.0f}</ULX><ULY>{top:.0f}</ULY>'
            f"<XDIM>{side}</XDIM><YDIM>-{side}</YDIM></Geoposition>"
            for side in (10, 20, 60)
        )
        mask = f'<MASK_FILENAME type="MSK_CLASSI">{self.granule}/QI_DATA/MSK_CLASSI_B00.jp2'
        return (
            f"<Tile><HORIZONTAL_CS_CODE>{self.crs}</HORIZONTAL_CS_CODE>{places}"
            "<Mean_Sun_Angle><ZENITH_ANGLE>30.5</ZENITH_ANGLE>"
            "<AZIMUTH_ANGLE>50.25</AZIMUTH_ANGLE></Mean_Sun_Angle>"
            '<Mean_Viewing_Incidence_Angle bandId="0"><ZENITH_ANGLE>8</ZENITH_ANGLE>'
            "</Mean_Viewing_Incidence_Angle>"
            f"{f'{mask}</MASK_FILENAME>' if self.classi else ''}</Tile>"
        )
