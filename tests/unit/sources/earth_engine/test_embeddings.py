"""Annual embeddings from Earth Engine and from files: unit vectors, one date a year."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from servers.ee_assets import DrawnAssets
from servers.ee_drawing import NETWORK, LocalService
from servers.ee_graph import Asset
from servers.ee_sentinel_2 import ANNUAL, CORNER, SIDE_M, annual_embedding, square_of

from minecover.core.config import composed
from minecover.core.cube import F32
from minecover.core.errors import ConfigError, NotCoveredError, SceneError
from minecover.core.grid import Grid, project
from minecover.core.lattice import Lattice
from minecover.core.sites import Site
from minecover.sources.earth_engine import EarthEngineScenes, EmbeddingImages
from minecover.sources.embeddings import EmbeddingFiles
from minecover.sources.embeddings.alphaearth import BANDS, decoded, unit_vectors

SQUARE = square_of(10.0, CORNER, "EPSG:32735")
X, Y = CORNER[0] + SIDE_M / 2, CORNER[1] - 1e7 - SIDE_M / 2
CHOICE = ["labels=files", "labels.input=mines", "context=none"]


def site_of(pixel_m: float, family: str = "sentinel_2", crs: str = "EPSG:32635") -> Site:
    lattice = Lattice(family, pixel_m)
    x, y = (X, Y) if crs == "EPSG:32635" else project(28.8, -1.81, crs)
    grid = Grid.around(crs, x, y, size_px=int(360 / pixel_m), lattice=lattice)
    return Site("site", "site", grid, 2)


def stored(seed: int = 1) -> NDArray[np.int8]:
    """Return bytes of vectors of about length 1, with a hole, (64, row, col)."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(64, *SQUARE.shape))
    values /= np.sqrt((values**2).sum(axis=0))
    found = np.rint(np.sign(values) * np.sqrt(np.abs(values)) * 127.5).astype(np.int8)
    found[:, 58:68, 58:68] = -128
    return found


def put(path: Path, values: NDArray[np.int8], *, is_south_up: bool = True) -> None:
    """Write a file of embeddings, as published with the south on top."""
    path.parent.mkdir(parents=True, exist_ok=True)
    t, rows = SQUARE.transform, SQUARE.shape[0]
    south = Affine(t.a, 0, t.c, 0, -t.e, t.f + rows * t.e)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=SQUARE.shape[1],
        height=rows,
        count=len(values),
        dtype=values.dtype,
        crs=SQUARE.crs,
        transform=south if is_south_up else t,
        nodata=-128,
    ) as sink:
        sink.write(values[:, ::-1] if is_south_up else values)


def served(service: LocalService, *images: Asset) -> EarthEngineScenes:
    service.server.catalogue = DrawnAssets({ANNUAL: images})
    return EarthEngineScenes(
        client=replace(service.client, network=NETWORK),
        platforms=("alphaearth",),
        collections={"alphaearth": ANNUAL},
        images=EmbeddingImages(),
        bands=BANDS,
        first_day="2017-01-01",
        last_day="2018-12-31",
        cloud_cover_max=100.0,
    )


def files_in(folder: Path) -> EmbeddingFiles:
    return EmbeddingFiles(str(folder), BANDS, "2017-01-01", "2018-12-31")


def length(values: F32) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.sqrt((values.astype(np.float64) ** 2).sum(axis=1))
    return found


@pytest.mark.parametrize(
    "site",
    [
        pytest.param(site_of(10.0), id="10 m"),
        pytest.param(site_of(20.0), id="20 m"),
        pytest.param(site_of(30.0), id="30 m"),
        pytest.param(site_of(30.0, "landsat"), id="30 m of Landsat, half a pixel off"),
    ],
)
def test_both_paths_give_the_same_unit_vectors(
    service: LocalService, tmp_path: Path, site: Site
) -> None:
    numbers = stored()
    put(tmp_path / "2017/35S/x.tiff", numbers)
    exact = unit_vectors(decoded(numbers)).astype(np.float64)
    source = served(service, annual_embedding(2017, exact, SQUARE))

    from_files, from_service = files_in(tmp_path).scenes(site), source.scenes(site)

    one = from_service.values()
    np.testing.assert_allclose(length(one)[np.isfinite(length(one))], 1.0, atol=1e-5)
    np.testing.assert_allclose(from_files.values(), one, atol=2e-6)
    assert np.isnan(one).any()
    assert np.nanstd(one) > 0.03
    assert from_files.dates == from_service.dates == (date(2017, 7, 1),)
    assert from_files.qa_layout == from_service.qa_layout == "none"
    assert from_files.bands == from_service.bands == BANDS


def test_a_file_with_the_south_on_top_is_turned(tmp_path: Path) -> None:
    numbers = stored()
    put(tmp_path / "turned/2017/x.tif", numbers)
    put(tmp_path / "plain/2017/x.tif", numbers, is_south_up=False)
    site = site_of(10.0)

    turned, plain = (files_in(tmp_path / name).scenes(site) for name in ("turned", "plain"))

    np.testing.assert_array_equal(turned.values(), plain.values())
    t = site.read_grid.transform
    col, row = (round(at) for at in ~SQUARE.transform @ (t.c, t.f + 1e7))
    expected = unit_vectors(decoded(numbers))[:, row : row + 40, col : col + 40]
    np.testing.assert_allclose(turned.values()[0], expected, atol=1e-6)


def test_a_file_of_the_next_zone_is_interpolated_to_unit_vectors(tmp_path: Path) -> None:
    put(tmp_path / "2017/x.tif", stored())
    site = site_of(10.0, crs="EPSG:32636")

    cube = files_in(tmp_path).scenes(site)

    found = length(cube.values())
    assert np.isfinite(found).any()
    np.testing.assert_allclose(found[np.isfinite(found)], 1.0, atol=1e-5)


def test_every_year_is_one_date(service: LocalService, tmp_path: Path) -> None:
    for year in (2016, 2017, 2018, 2019):
        put(tmp_path / f"{year}/x.tif", stored(year))
    images = [
        annual_embedding(year, unit_vectors(decoded(stored(year))).astype(np.float64), SQUARE)
        for year in (2019, 2018, 2017, 2016)
    ]

    cubes = [
        files_in(tmp_path).scenes(site_of(30.0)),
        served(service, *images).scenes(site_of(30.0)),
    ]

    years = (date(2017, 7, 1), date(2018, 7, 1))
    assert [cube.dates for cube in cubes] == [years, years]
    assert np.nanmax(np.abs(cubes[0].values()[0] - cubes[0].values()[1])) > 0.1


def test_a_year_is_read_if_its_middle_lies_in_the_period(
    service: LocalService, tmp_path: Path
) -> None:
    put(tmp_path / "2017/x.tif", stored())
    exact = unit_vectors(decoded(stored())).astype(np.float64)
    source = served(service, annual_embedding(2017, exact, SQUARE))
    day = "2017-07-01"

    cubes = [
        replace(files_in(tmp_path), first_day=day, last_day=day).scenes(site_of(30.0)),
        replace(source, first_day=day, last_day=day).scenes(site_of(30.0)),
    ]

    assert [cube.dates for cube in cubes] == [(date(2017, 7, 1),)] * 2


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("2017/35S/x2099-0000000000-0000008192.tiff", id="published"),
        pytest.param("vectors_2017_a.tif", id="in its own name"),
    ],
)
def test_the_year_is_that_of_a_folder_before_that_of_the_name(
    tmp_path: Path, name: str
) -> None:
    put(tmp_path / name, stored())

    assert files_in(tmp_path).scenes(site_of(30.0)).dates == (date(2017, 7, 1),)


def test_some_bands_are_those_of_whole_vectors(tmp_path: Path) -> None:
    put(tmp_path / "2017/x.tif", stored())
    whole = files_in(tmp_path)

    some = replace(whole, bands=("A63", "A05")).scenes(site_of(30.0))

    np.testing.assert_array_equal(
        some.values(), whole.scenes(site_of(30.0)).values("A63", "A05")
    )


def test_the_bytes_are_those_of_the_formula() -> None:
    assert decoded(np.array([-128, -127, 0, 64, 127], np.int8)).tolist() == pytest.approx(
        [np.nan, -((127 / 127.5) ** 2), 0.0, (64 / 127.5) ** 2, (127 / 127.5) ** 2], nan_ok=True
    )


def test_ground_without_a_file_is_not_covered(tmp_path: Path) -> None:
    put(tmp_path / "2015/x.tif", stored())

    with pytest.raises(NotCoveredError, match="no embeddings over site site from 2017-01-01"):
        files_in(tmp_path).scenes(site_of(10.0))


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        pytest.param("2017/x.tif", stored()[:6], "64 bands of int8, found 6 of int8", id="few"),
        pytest.param(
            "2017/x.tif", stored().astype(np.int16), "found 64 of int16", id="other numbers"
        ),
        pytest.param("a/x.tif", stored(), "does not say of which year it is", id="no year"),
        pytest.param("2017/x.jp2.xml", None, "has no GeoTIFF of embeddings", id="none"),
    ],
)
def test_other_files_are_refused(
    tmp_path: Path, name: str, values: NDArray[np.int8] | None, message: str
) -> None:
    folder = tmp_path / "in"
    (folder / name).parent.mkdir(parents=True)
    if values is not None:
        put(folder / name, values)

    with pytest.raises(SceneError, match=message):
        files_in(folder).scenes(site_of(10.0))


@pytest.mark.parametrize("option", ["embeddings", "embeddings_folder"])
def test_the_configuration_reads_all_bands_of_a_year(option: str) -> None:
    params = composed([f"source={option}", "source.input=here", *CHOICE])

    built: EarthEngineScenes | EmbeddingFiles = params.build("source.scenes")

    assert tuple(built.bands) == BANDS
    assert built.first_day <= "2017-07-01" <= built.last_day
    assert (params.value("features"), params.value("mask")) == (["bands"], "none")


def test_unknown_bands_are_refused() -> None:
    with pytest.raises(ConfigError, match="A00 to A63, each once, found A64"):
        EmbeddingFiles("in", ["A64"], "2017-01-01", "2017-12-31")
