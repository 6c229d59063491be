"""Maps of product folders: one for each zone, and none is overwritten by another."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from drawn_models import write_model
from products import FOOTPRINT, DrawnProduct

from minecover.core.config import composed
from minecover.core.errors import SceneError
from minecover.core.raster import read_grid, read_planes
from minecover.prediction.bundle import NO_MASK
from minecover.prediction.maps import predict_folder

CONF = Path("conf").resolve()
LATER = DrawnProduct(day="2017-01-31")


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "model.pkl"
    write_model(path, slope=2.0)
    return str(path)


def put(product: DrawnProduct, folder: Path, dn: int = 12_000) -> Path:
    product.put(folder, B4=dn, QA_PIXEL=21824, QA_RADSAT=0)
    return folder


def content(paths: list[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths]


def test_a_map_has_the_name_of_its_folder(model: str, tmp_path: Path) -> None:
    (path,) = predict_folder(model, put(DrawnProduct(), tmp_path / "LC08"), tmp_path / "maps")

    assert path == tmp_path / "maps/LC08.tif"
    assert read_grid(path) == FOOTPRINT
    assert np.unique(read_planes(path)["valid_dates"]).tolist() == [1]


@pytest.mark.parametrize(
    ("products", "warned"),
    [
        pytest.param([DrawnProduct()], True, id="one date"),
        pytest.param([DrawnProduct(), LATER], False, id="two dates"),
    ],
)
def test_fewer_dates_than_the_model_knows_are_told_in_one_sentence(
    products: list[DrawnProduct],
    warned: bool,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    known = {"min": 1, "median": 5.0, "max": 7, "share_with_one": 0.001, "fewest": 2}
    write_model(tmp_path / "model.pkl", slope=2.0, dates=known)
    folder = [put(product, tmp_path / "LC08") for product in products][0]

    (path,) = predict_folder(str(tmp_path / "model.pkl"), folder, tmp_path / "maps")

    n_px = FOOTPRINT.shape[0] * FOOTPRINT.shape[1]
    sentence = f"{n_px:,} of {n_px:,} observed locations have fewer than 2 valid dates"
    assert (sentence in caplog.text) == warned
    assert len(caplog.records) == int(warned)
    assert np.unique(read_planes(path)["applicable"]).tolist() == [0.0 if warned else 1.0]


def test_products_without_a_quality_band_are_mapped_without_a_mask(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    strict = composed(conf=CONF).value("masks.strict")
    write_model(tmp_path / "model.pkl", slope=2.0, mask=strict)
    model, folder = str(tmp_path / "model.pkl"), tmp_path / "LC08"
    DrawnProduct().put(folder, B4=12_000)

    with pytest.raises(SceneError, match="no quality band.*--mask none of `minecover predict`"):
        predict_folder(model, folder, tmp_path / "maps")
    (path,) = predict_folder(model, folder, tmp_path / "maps", is_masked=False)

    assert np.unique(read_planes(path)["valid_dates"]).tolist() == [1]
    assert "no mask is used" in caplog.text
    assert "trained with mask=strict" in caplog.text


def test_no_mask_is_the_option_none_of_conf() -> None:
    assert composed(conf=CONF).value("masks.none") == NO_MASK


def test_two_folders_of_one_name_have_two_maps(
    model: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = put(DrawnProduct(), tmp_path / "2016/LC08")
    two = put(LATER, tmp_path / "2017/LC08")
    first = predict_folder(model, one, tmp_path / "maps")
    before = content(first)

    second = predict_folder(model, two, tmp_path / "maps")

    assert second[0].name.startswith("LC08-")
    assert "LC08.tif is a map of other scenes or of another model and is kept" in caplog.text
    assert content(first) == before
    assert predict_folder(model, two, tmp_path / "maps") == second
    assert predict_folder(model, one, tmp_path / "maps") == first
    assert len(list((tmp_path / "maps").iterdir())) == 2


def test_the_same_scenes_may_be_mapped_again(model: str, tmp_path: Path) -> None:
    folder = put(DrawnProduct(), tmp_path / "LC08")

    first = predict_folder(model, folder, tmp_path / "maps")
    before = content(first)
    second = predict_folder(model, folder, tmp_path / "maps")

    assert second == first
    assert content(second) == before


def test_a_map_of_another_model_is_kept(model: str, tmp_path: Path) -> None:
    folder = put(DrawnProduct(), tmp_path / "LC08")
    first = predict_folder(model, folder, tmp_path / "maps")
    before = content(first)

    write_model(Path(model), slope=20.0)

    assert predict_folder(model, folder, tmp_path / "maps") != first
    assert content(first) == before


def test_a_file_that_is_no_map_is_kept(model: str, tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps/LC08.tif").write_text("my own notes")

    (path,) = predict_folder(model, put(DrawnProduct(), tmp_path / "LC08"), tmp_path / "maps")

    assert path.name.startswith("LC08-")
    assert (tmp_path / "maps/LC08.tif").read_text() == "my own notes"


def test_each_zone_has_its_own_map(model: str, tmp_path: Path) -> None:
    far = replace(FOOTPRINT, crs="EPSG:32618")
    put(DrawnProduct(), tmp_path / "LC08")
    put(replace(LATER, grid=far), tmp_path / "LC08")

    paths = predict_folder(model, tmp_path / "LC08", tmp_path / "maps")

    assert [p.name for p in paths] == ["LC08-EPSG32618.tif", "LC08-EPSG32635.tif"]
    assert [read_grid(path) for path in paths] == [far, FOOTPRINT]


def test_scenes_far_apart_are_not_laid_on_one_grid(model: str, tmp_path: Path) -> None:
    north = Affine(30, 0, FOOTPRINT.transform.c, 0, -30, FOOTPRINT.transform.f + 9_000_000)
    west = Affine(30, 0, FOOTPRINT.transform.c - 500_010, 0, -30, FOOTPRINT.transform.f)
    put(DrawnProduct(), tmp_path / "LC08")
    put(replace(LATER, grid=replace(FOOTPRINT, transform=north)), tmp_path / "LC08")
    put(DrawnProduct(row=62, grid=replace(FOOTPRINT, transform=west)), tmp_path / "LC08")

    with pytest.raises(SceneError, match=r"at most 250,000,000 .*Use `minecover map`"):
        predict_folder(model, tmp_path / "LC08", tmp_path / "maps")
    assert not (tmp_path / "maps").exists()
