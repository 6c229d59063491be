"""A file is written whole, or it is the one that was there before."""

import json
import os
import stat
from pathlib import Path

import pytest
from full_disk import largest_file

from minecover.core.files import (
    check_space,
    replacing,
    replacing_together,
    write_json,
    write_text,
)


def test_a_file_appears_in_a_folder_that_did_not_exist(tmp_path: Path) -> None:
    with replacing(tmp_path / "new" / "a.csv") as temporary:
        temporary.write_text("a\n")

    assert (tmp_path / "new" / "a.csv").read_text() == "a\n"


def test_nothing_is_seen_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"

    with replacing(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert (temporary.parent, temporary.suffix) == (path.parent, ".csv")


def test_a_failure_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")

    with pytest.raises(UnicodeEncodeError), replacing(path) as temporary:
        temporary.write_text("Uélé", encoding="ascii")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_others_may_read_what_was_written(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_text(tmp_path / "a.txt", "a")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o644


def test_text_has_unix_line_ends(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "Katanga\nUélé\n")

    assert (tmp_path / "a.txt").read_bytes() == "Katanga\nUélé\n".encode()


def test_json_ends_in_a_newline_and_refuses_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"f1": 0.6})

    assert json.loads((tmp_path / "a.json").read_text()) == {"f1": 0.6}
    assert (tmp_path / "a.json").read_bytes().endswith(b"}\n")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "b.json", {"f1": float("nan")})
    assert not (tmp_path / "b.json").exists()


def test_files_that_belong_together_replace_the_old_ones(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("old")
    (tmp_path / "other.csv").write_text("other")

    with replacing_together(tmp_path, last="a.json") as new:
        (new / "a.json").write_text("{}")
        (new / "a.csv").write_text("new")
        assert (tmp_path / "a.csv").read_text() == "old"

    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {"a.csv": "new", "a.json": "{}", "other.csv": "other"}


@pytest.mark.parametrize("n_bytes", [0, 10, 99])
def test_of_files_that_belong_together_none_is_written_after_an_error(
    tmp_path: Path, n_bytes: int
) -> None:
    (tmp_path / "a.csv").write_text("old")

    def write() -> None:
        with replacing_together(tmp_path, last="a.json") as new:
            (new / "a.csv").write_text("new")
            (new / "a.json").write_text("x" * 100)

    with largest_file(n_bytes), pytest.raises(OSError, match="too large"):
        write()

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.csv": "old"}


def test_the_reason_of_the_system_is_found(tmp_path: Path) -> None:
    check_space(tmp_path / "a.gpkg")

    with largest_file(40_000), pytest.raises(OSError, match=r"too large.*a\.gpkg"):
        check_space(tmp_path / "a.gpkg")

    assert list(tmp_path.iterdir()) == []
