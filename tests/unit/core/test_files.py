"""A file is written whole, or it is the one that was there before."""

import json
import os
import stat
from pathlib import Path

import pytest

from minecover.core.files import replacing, write_json, write_text


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
