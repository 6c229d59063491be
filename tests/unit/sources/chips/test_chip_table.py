"""The table of a label set, as spreadsheets and people write it."""

from pathlib import Path

import pytest

from minecover.core.errors import LabelError
from minecover.sources.chips import ChipTable
from minecover.sources.chips.chip_table import ChipRow

TABLE = ChipTable("chips.csv", chip="chip", label="label", group="group", keep={}, kind="kind")
ROWS = ("chip,label,group,kind", "pit,1,7,aluvião", "bar,0,8,river")
IMAGES = ("pit", "bar")
FOUND = {"pit": ChipRow(1, "7", "aluvião"), "bar": ChipRow(0, "8", "river")}


def rows(folder: Path, table: ChipTable = TABLE) -> dict[str, ChipRow]:
    return table.rows(folder, IMAGES)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_of_spreadsheets_in_any_language(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    text = "\r\n".join(ROWS).replace(",", delimiter)
    (tmp_path / "chips.csv").write_text(text, encoding=encoding, newline="")

    assert rows(tmp_path) == FOUND


def test_columns_in_another_order_beside_others(tmp_path: Path) -> None:
    text = 'note,kind,group,label,chip\n"a, b",river,8,0,bar\n,aluvião,7,1,pit\n'
    (tmp_path / "chips.csv").write_text(text)

    assert rows(tmp_path) == FOUND


def test_rows_without_any_text_are_no_chips(tmp_path: Path) -> None:
    (tmp_path / "chips.csv").write_text("\n".join([*ROWS, ",,,", "", ",,,"]))

    assert list(rows(tmp_path)) == ["pit", "bar"]


def test_rows_with_more_cells_than_the_header_are_refused(tmp_path: Path) -> None:
    head, *others = ROWS
    (tmp_path / "chips.csv").write_text("\n".join([head, *(f"{row},a" for row in others)]))

    with pytest.raises(LabelError, match=r"rows of .* more cells than its header .* quotes"):
        rows(tmp_path)


def test_values_that_no_row_has_are_named(tmp_path: Path) -> None:
    (tmp_path / "chips.csv").write_text("\n".join(ROWS))
    table = ChipTable("chips.csv", "chip", "label", None, keep={"kind": ["rivr"]})

    with pytest.raises(LabelError, match=r"keep.*\{'kind': \['rivr'\]\}.*kind: aluvião, river"):
        rows(tmp_path, table)
