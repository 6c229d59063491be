"""A few mutations of good inputs: the same result, or a refusal in a sentence without a file.

`benchmarks/mutations.py` draws such mutations of every command by the hundred.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from click.testing import CliRunner, Result
from drawn_models import write_model
from products import DrawnProduct

from minecover.cli import main

Mutation = Callable[[Path], Path]
MODEL = "model.pkl"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def rewritten(change: Callable[[bytes], bytes]) -> Mutation:
    """Return what changes the bytes of a file."""

    def mutate(path: Path) -> Path:
        path.write_bytes(change(path.read_bytes()))
        return path

    return mutate


def renamed(name: str) -> Mutation:
    return lambda path: path.rename(path.with_name(name + path.suffix))


def with_heights(content: bytes) -> bytes:
    tree = json.loads(content)
    for feature in tree["features"]:
        for point in feature["geometry"]["coordinates"][0]:
            point.append(1200.5)
    return json.dumps(tree).encode()


def as_folder(path: Path) -> Path:
    path.unlink()
    path.mkdir()
    return path


def as_dangling_link(path: Path) -> Path:
    path.unlink()
    path.symlink_to("nowhere")
    return path


#: What changes nothing that matters, and what cannot be read.
HARMLESS = {
    "a byte order mark": rewritten(lambda content: b"\xef\xbb\xbf" + content),
    "Windows line ends": rewritten(lambda content: content.replace(b"\n", b"\r\n")),
    "heights": rewritten(with_heights),
    "blanks, brackets and an accent": renamed("mines [été], v 2"),
    "a percent sign and a quote": renamed("mines%20d'or"),
}
REFUSED = {
    "cut": rewritten(lambda content: content[: len(content) // 2]),
    "empty": rewritten(lambda content: b""),
    "a page of a server": rewritten(lambda content: b"<html><body>403</body></html>"),
    "compressed": rewritten(lambda content: b"\x1f\x8b\x08\0" + content),
    "UTF-16": rewritten(lambda content: content.decode().encode("utf-16")),
    "a folder": as_folder,
    "a dangling link": as_dangling_link,
}


@pytest.fixture
def outlines(tmp_path: Path) -> Path:
    """Two mines."""
    path = tmp_path / "mines.geojson"
    shapes = [shapely.box(28, -2, 28.002, -1.998), shapely.box(28.1, -2, 28.103, -1.998)]
    gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=shapes, crs="EPSG:4326").to_file(path)
    return path


@pytest.mark.parametrize("mutate", HARMLESS.values(), ids=list(HARMLESS))
def test_harmless_mutations_of_labels_change_nothing(outlines: Path, mutate: Mutation) -> None:
    good = run("labels", "check", outlines, "--json")

    done = run("labels", "check", mutate(outlines), "--json")

    assert (good.exit_code, done.exit_code) == (0, 0), done.output
    assert json.loads(done.stdout) == json.loads(good.stdout)


@pytest.mark.parametrize("mutate", REFUSED.values(), ids=list(REFUSED))
def test_labels_that_cannot_be_read_are_refused(outlines: Path, mutate: Mutation) -> None:
    done = run("labels", "check", mutate(outlines))

    assert done.exit_code == 1
    assert "mines.geojson" in done.stderr
    assert done.stderr.rstrip().endswith(".")
    assert "Traceback" not in done.output


def test_points_without_a_place_are_refused_after_the_report(outlines: Path) -> None:
    points = outlines.with_name("points.geojson")
    feature = {"type": "Feature", "properties": {"name": "a"}, "geometry": None}
    points.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))

    done = run("labels", "check", outlines, "--points", points)

    assert done.exit_code == 1
    assert "overlaps" in done.stdout
    assert "points.geojson has 1 features without geometry" in done.stderr


@pytest.fixture
def products(tmp_path: Path) -> Path:
    """Two dates of one band, beside a model that reads it."""
    write_model(tmp_path / MODEL, slope=20.0)
    for day in ("2017-01-15", "2017-03-04"):
        DrawnProduct(day=day).put(tmp_path / "l1", B4=12_000, QA_PIXEL=21824, QA_RADSAT=0)
    return tmp_path / "l1"


def predict(products: Path) -> tuple[Result, list[Path]]:
    """Map the products; return what was printed, and all that was written."""
    home, out = products.parent, products.parent / "maps"
    done = run("predict", "--model", home / MODEL, "--source", products, "--out", out)
    return done, sorted(out.rglob("*"))


@pytest.mark.parametrize(
    "name", ["L1 (été), v 2", "l1[2017]", "l1%20", "d'or", "a#b", "a,b", "a=b"]
)
def test_the_name_of_a_folder_of_products_changes_no_map(products: Path, name: str) -> None:
    _, written = predict(products)
    [plain] = [path for path in written if path.suffix == ".tif"]
    with rasterio.open(plain) as good:
        pixels = good.read()
    shutil.rmtree(plain.parent)

    done, written = predict(products.rename(products.with_name(name)))

    assert done.exit_code == 0, done.output
    [path] = [path for path in written if path.suffix == ".tif"]
    with rasterio.open(path) as found:
        np.testing.assert_array_equal(found.read(), pixels)


@pytest.mark.parametrize("file", ["*_B4.TIF", "*_MTL.json", "*_QA_PIXEL.TIF"])
@pytest.mark.parametrize("kind", ["cut", "a page of a server", "a dangling link"])
def test_products_that_cannot_be_read_leave_no_map(
    products: Path, file: str, kind: str
) -> None:
    REFUSED[kind](next(products.rglob(file)))

    done, written = predict(products)

    assert done.exit_code == 1
    assert done.stderr.rstrip().endswith(".")
    assert written == []


@pytest.mark.parametrize("file", [MODEL, "model.json"])
@pytest.mark.parametrize("kind", [kind for kind in REFUSED if kind != "UTF-16"])
def test_a_model_that_cannot_be_read_leaves_no_map(
    products: Path, file: str, kind: str
) -> None:
    # No model of another test, which this process may keep open.
    write_model(products.parent / MODEL, slope=100.0 + list(REFUSED).index(kind))
    REFUSED[kind](products.parent / file)

    done, written = predict(products)

    assert done.exit_code == 1
    assert done.stderr.rstrip().endswith(".")
    assert written == []
