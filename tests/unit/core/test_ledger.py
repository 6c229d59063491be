"""Ledgers: lines that were written stay, whatever happens to the next ones."""

from pathlib import Path

import pytest

from minecover.core.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "logs" / "ledger.csv", ("name", "tries", "message"))


def line(name: str, message: str = "") -> dict[str, object]:
    return {"name": name, "tries": 1, "message": message}


def test_lines_are_read_as_they_were_appended(ledger: Ledger) -> None:
    assert ledger.read() == []
    ledger.append(line("a"))
    ledger.append(line("b", "busy"))

    assert ledger.read() == [
        {"name": "a", "tries": "1", "message": ""},
        {"name": "b", "tries": "1", "message": "busy"},
    ]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param('he said "no", twice', id="quotes and commas"),
        pytest.param("one\nbelow\u2028the other", id="several lines"),
    ],
)
def test_a_message_is_one_cell_of_one_line(ledger: Ledger, message: str) -> None:
    ledger.read()
    ledger.append(line("a", message))
    ledger.append(line("b"))

    assert len(ledger.path.read_text().splitlines()) == 3
    assert ledger.read()[0]["message"] == " ".join(message.split())


def test_a_truncated_line_does_not_damage_the_next(ledger: Ledger) -> None:
    ledger.read()
    ledger.append(line("a"))
    with ledger.path.open("a") as stream:
        stream.write("b,1")

    ledger.read()
    ledger.append(line("c"))

    assert [one["name"] for one in ledger.read()] == ["a", "c"]


def test_a_file_with_other_columns_is_begun_anew(ledger: Ledger) -> None:
    ledger.path.parent.mkdir()
    ledger.path.write_text("name,status\na,ok\n")

    assert ledger.read() == []
    assert ledger.path.read_text() == "name,tries,message\n"
