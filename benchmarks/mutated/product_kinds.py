"""Mutations of Landsat products: names, metadata, and pixels of the rasters."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning

from mutated.trial import ANY, REFUSED, SAME, NotApplicableError, Trial, kind, write

Rng = np.random.Generator
Pixels = np.ndarray[Any, np.dtype[Any]]


def _some(trial: Trial, role: str, rng: Rng, pattern: str) -> Path:
    """Choose one of the files that a mutation is about."""
    found = [path for path in trial.files(role) if re.search(pattern, path.name)]
    if not found:
        raise NotApplicableError
    return found[int(rng.integers(len(found)))]


#: Rasters that the model of one band reads, and all bands.
READ, BAND, QUALITY = r"_B4\.TIF$", r"_B\d+\.TIF$", r"_QA_\w+\.TIF$"


def _again(
    path: Path, change: Callable[[Pixels, dict[str, Any]], Pixels], **profile: object
) -> None:
    """Write a raster again with other pixels or another profile."""
    with rasterio.open(path) as dataset:
        new = {**dataset.profile, "driver": "GTiff", **profile}
        pixels = change(dataset.read(), new)
    path.unlink()
    new = {k: v for k, v in new.items() if k not in ("blockxsize", "blockysize", "tiled")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", **new) as dataset:
            dataset.write(pixels)


def _profile(path: Path, **profile: object) -> str:
    _again(path, lambda pixels, _: pixels, **profile)
    return f"{path.name[-12:]}: {profile}"


@kind("product", "raster")
def _pixels_of_another_type(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, f"{READ}|{QUALITY}|^dem")
    dtype = str(rng.choice(["int16", "float32", "float64", "uint8", "int32", "uint32"]))
    _again(
        path, lambda pixels, new: _cast(pixels, new, dtype), dtype=dtype, nodata=None, count=1
    )
    return f"{path.name[-12:]}: {dtype}"


def _cast(pixels: Pixels, new: dict[str, Any], dtype: str) -> Pixels:
    if np.issubdtype(np.dtype(dtype), np.integer):
        pixels = np.clip(pixels, np.iinfo(dtype).min, np.iinfo(dtype).max)
    return pixels[:1].astype(dtype)


@kind("product", "raster")
def _pixels_that_are_no_numbers(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, f"{READ}|^dem")
    value = [np.nan, np.inf, -np.inf, 1e30, -9999.0, -32768.0][int(rng.integers(6))]

    def change(pixels: Pixels, new: dict[str, Any]) -> Pixels:
        scaled = pixels.astype(np.float32) * np.float32(2e-5) - np.float32(0.1)
        scaled[:, ::2] = value
        return scaled

    _again(path, change, dtype="float32", nodata=None)
    return f"{path.name[-12:]}: reflectance with {value}"


@kind("product", "raster")
def _nodata_everywhere(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, f"{READ}|^dem")
    value = int(rng.choice([0, 65535, 1]))
    _again(path, lambda pixels, _: np.full_like(pixels, value))
    return f"{path.name[-12:]}: {value}"


@kind("product")
def _a_nodata_value_that_is_data(trial: Trial, role: str, rng: Rng) -> str:
    return _profile(_some(trial, role, rng, READ), nodata=int(rng.integers(5000, 9000)))


@kind("product")
def _quality_bits_all_one(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, QUALITY)
    value = int(rng.choice([0, 1, 65535, 21824]))
    _again(path, lambda pixels, _: np.full_like(pixels, value))
    return f"{path.name[-14:]}: {value}"


@kind("product", "raster")
def _fewer_pixels(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, f"{READ}|{QUALITY}|^dem")

    def change(pixels: Pixels, new: dict[str, Any]) -> Pixels:
        new["height"] = max(1, pixels.shape[1] // 2)
        return pixels[:, : new["height"]]

    _again(path, change)
    return path.name[-14:]


@kind("product")
def _another_pixel_size(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, f"{READ}|{QUALITY}")
    factor = float(rng.choice([0.5, 2.0, 1.01]))

    def change(pixels: Pixels, new: dict[str, Any]) -> Pixels:
        new["transform"] = new["transform"] @ Affine.scale(factor)
        return pixels

    _again(path, change)
    return f"{path.name[-14:]} times {factor}"


@kind("product", "raster")
def _another_place(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, f"{READ}|{QUALITY}|^dem")
    with rasterio.open(path) as dataset:
        transform = dataset.transform
    moves = (
        Affine.identity(), transform @ Affine.translation(500, 0),
        transform @ Affine.rotation(10),
        transform @ Affine.scale(1, -1), Affine(np.nan, 0, 0, 0, 1, 0),
        transform @ Affine.shear(9),
    )  # fmt: skip
    at = int(rng.integers(len(moves)))
    _again(path, lambda pixels, _: pixels, transform=moves[at])
    return f"{path.name[-14:]}, " + ("none", "far", "turned", "mirrored", "NaN", "sheared")[at]


@kind("product", "raster")
def _another_reference_system_of_a_raster(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, f"{READ}|{QUALITY}|^dem")
    crs = [None, "EPSG:4326", "EPSG:3857", "EPSG:32636", "EPSG:32735"][int(rng.integers(5))]
    return _profile(path, crs=crs)


@kind("product")
def _two_bands_in_a_file(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, f"{READ}|{QUALITY}")
    _again(path, lambda pixels, _: np.concatenate([pixels, pixels]), count=2)
    return path.name[-14:]


@kind("product")
def _a_band_renamed(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, READ)
    end = str(rng.choice(["b4.tif", "B04.TIF", "B4 (1).TIF", "B4.TIFF", "B44.TIF", "red.TIF"]))
    path.rename(path.with_name(path.name.replace("B4.TIF", end)))
    return end


@kind("product", expected=REFUSED)
def _a_band_missing(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, READ)
    path.unlink()
    return path.name


@kind("product")
def _a_line_of_the_metadata_missing(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, r"MTL\.txt$")
    lines = path.read_text().splitlines()
    at = int(rng.integers(len(lines)))
    write(path, "\n".join(lines[:at] + lines[at + 1 :]) + "\n")
    return lines[at].strip()


def _set_value(path: Path, key: str, value: str) -> None:
    text = path.read_text()
    if path.suffix == ".json":
        tree = json.loads(text)
        for group in tree["LANDSAT_METADATA_FILE"].values():
            if key in group:
                group[key] = value
        write(path, json.dumps(tree))
    else:
        write(path, re.sub(rf"(?m)^(\s*{key} = ).*$", lambda m: m[1] + value, text))


@kind("product")
def _a_coefficient_that_is_none(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, r"MTL\.(txt|json)$")
    key = str(rng.choice(["REFLECTANCE_MULT_BAND_4", "REFLECTANCE_ADD_BAND_4"]))
    values = (
        "0",
        "-2e-05",
        "1e308",
        "NaN",
        "inf",
        "abc",
        "",
        "2,0E-05",
        "1e-300",
        "2.75",
        "-9999",
    )
    value = str(rng.choice(values))
    _set_value(path, key, value)
    return f"{key} = {value}"


@kind("product")
def _other_metadata(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, r"MTL\.(txt|json)$")
    values = {
        "SUN_ELEVATION": ("0", "-5", "91", "NA", "1e-9", "NaN"),
        "DATE_ACQUIRED": ("15/01/2017", "2017-13-01", "", "20170115", "9999-12-31", "2017"),
        "SPACECRAFT_ID": ("LANDSAT_7", "", '"LANDSAT_9"', "landsat_8"),
        "PROCESSING_LEVEL": ("L9XX", "", '"L2SP"', "L1GT"),
        "COLLECTION_NUMBER": ("3", "", "01", "two"),
        "WRS_PATH": ("x", "-1", "", "9999"),
    }
    key = str(rng.choice(list(values)))
    value = str(rng.choice(values[key]))
    _set_value(path, key, value)
    return f"{key} = {value}"


@kind("product")
def _a_key_of_the_metadata_twice(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, r"MTL\.txt$")
    text = path.read_text()
    line = "    REFLECTANCE_MULT_BAND_4 = 7.0000E-05\n"
    write(path, text.replace("  END_GROUP = LEVEL1_RAD", line + "  END_GROUP = LEVEL1_RAD", 1))
    return line.strip()


@kind("product", expected=SAME)
def _windows_line_ends_in_the_metadata(trial: Trial, role: str, rng: Rng) -> str:
    path = _some(trial, role, rng, r"MTL\.(txt|json)$")
    write(path, b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    return "with a byte order mark"


@kind("product", expected=SAME)
def _folders_within_folders(trial: Trial, role: str, rng: Rng) -> str:
    one = trial.files(role)[0].parent
    deep = trial.path(role) / "2017" / "a b (1)"
    deep.mkdir(parents=True)
    one.rename(deep / one.name)
    return str(deep.relative_to(trial.folder))


@kind("product")
def _a_product_in_an_archive(trial: Trial, role: str, rng: Rng) -> str:
    one = trial.files(role)[0].parent
    end = str(rng.choice([".tar", ".tar.gz"]))
    path = trial.path(role) / f"{one.name}{end}"
    with tarfile.open(path, "w:gz" if end == ".tar.gz" else "w") as archive:
        for inside in sorted(one.iterdir()):
            archive.add(inside, inside.name)
    shutil.rmtree(one)
    return end


@kind("product")
def _a_product_twice(trial: Trial, role: str, rng: Rng) -> str:
    one = trial.files(role)[0].parent
    copy = one.with_name(one.name[:-20] + "20210101_02_T1")
    shutil.copytree(one, copy)
    for path in copy.iterdir():
        path.rename(copy / path.name.replace(one.name, copy.name))
    return copy.name


@kind("product", expected=SAME)
def _other_files_beside(trial: Trial, role: str, rng: Rng) -> str:
    names = ("._x_B4.TIF", "Thumbs.db", "readme.txt", ".DS_Store", "x.TIF.aux.xml")
    for name in names:
        write(trial.path(role) / name, b"\0\1\2")
    (trial.path(role) / "__MACOSX").mkdir()
    return ", ".join(names)


@kind("product", expected=ANY)
def _metadata_of_another_product(trial: Trial, role: str, rng: Rng) -> str:
    found = [path for path in trial.files(role) if "_MTL." in path.name]
    write(found[0], found[-1].read_bytes())
    return found[0].name
