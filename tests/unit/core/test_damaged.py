"""Files of earlier stages that are damaged: readers name the file, and how to restore it."""

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from minecover.core.damaged import read_json, reading_parquet
from minecover.core.errors import DamagedError
from minecover.core.feature_table import read_table
from minecover.core.sites import read_sites
from minecover.evaluation.out_of_fold import read_out_of_fold
from minecover.labels import read_labels


def features_of(path: Path) -> object:
    return read_table(path, features=["ndvi"], profile="strict", static=None)


READERS = {
    "sites": read_sites,
    "labels": read_labels,
    "out of fold": lambda path: list(read_out_of_fold(path)),
    "features": features_of,
    "json": read_json,
}


@pytest.mark.parametrize("read", READERS.values(), ids=list(READERS))
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"version https://git-lfs.github.com/spec/v1\n", id="a pointer"),
        pytest.param(b"PAR1\xb2\x00PAR1", id="cut"),
    ],
)
def test_a_damaged_file_is_named(
    tmp_path: Path, content: bytes, read: Callable[[Path], object]
) -> None:
    path = tmp_path / "table"
    path.write_bytes(content)

    with pytest.raises(
        DamagedError, match=r"table cannot be read as .* `dvc checkout .*table`"
    ):
        read(path)


@pytest.mark.parametrize("read", READERS.values(), ids=list(READERS))
def test_a_folder_in_place_of_the_file_is_named(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    with pytest.raises(DamagedError, match="it is a folder"):
        read(tmp_path)


def test_a_table_without_its_geometry_is_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.parquet"
    pd.DataFrame({"label_id": ["a"]}).to_parquet(path)

    with pytest.raises(DamagedError, match=r"labels\.parquet cannot be read"):
        read_labels(path)


def test_a_missing_file_stays_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.parquet"

    with pytest.raises(FileNotFoundError), reading_parquet(path):
        gpd.read_parquet(path)
    with pytest.raises(FileNotFoundError):
        read_json(path)
