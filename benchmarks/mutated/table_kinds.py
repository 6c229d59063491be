"""Mutations of tables of points (CSV)."""

from __future__ import annotations

import csv
import io

import numpy as np

from mutated.trial import ANY, DATES, REFUSED, SAME, Trial, kind, write

Rng = np.random.Generator
CSV = (".csv",)


def _rows(trial: Trial, role: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(trial.path(role).read_text(encoding="utf-8"))))


def _save(trial: Trial, role: str, rows: list[list[str]], delimiter: str = ",") -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    write(trial.path(role), text.getvalue())


@kind("table", suffixes=CSV, expected=SAME)
def _semicolons(trial: Trial, role: str, rng: Rng) -> str:
    _save(trial, role, _rows(trial, role), ";")
    return "all"


@kind("table", suffixes=CSV)
def _tabulators(trial: Trial, role: str, rng: Rng) -> str:
    _save(trial, role, _rows(trial, role), "\t")
    return "all"


@kind("table", suffixes=CSV)
def _decimal_commas(trial: Trial, role: str, rng: Rng) -> str:
    rows = [[cell.replace(".", ",") for cell in row] for row in _rows(trial, role)]
    _save(trial, role, rows, ";")
    return "with semicolons"


@kind("table", suffixes=CSV, expected=REFUSED)
def _a_coordinate_of_the_table_that_is_none(trial: Trial, role: str, rng: Rng) -> str:
    rows = _rows(trial, role)
    values = (
        "",
        "28°30'E",
        "NaN",
        "inf",
        "1e308",
        "abc",
        "28.1E",
        "28,1,5",
        "700000",
        "-",
        "95.0",
    )
    row, value = int(rng.integers(1, len(rows))), str(rng.choice(values))
    rows[row][rows[0].index("latitude")] = value
    _save(trial, role, rows)
    return f"row {row}: latitude {value!r}"


@kind("table", suffixes=CSV)
def _columns_swapped(trial: Trial, role: str, rng: Rng) -> str:
    rows = _rows(trial, role)
    a, b = (int(n) for n in rng.choice(len(rows[0]), 2, replace=False))
    rows[0][a], rows[0][b] = rows[0][b], rows[0][a]
    _save(trial, role, rows)
    return f"{rows[0][a]} and {rows[0][b]}"


@kind("table", suffixes=CSV, expected=SAME)
def _columns_in_another_order(trial: Trial, role: str, rng: Rng) -> str:
    order = rng.permutation(len(_rows(trial, role)[0]))
    _save(trial, role, [[row[n] for n in order] for row in _rows(trial, role)])
    return str(order)


@kind("table", suffixes=CSV, expected=REFUSED)
def _a_column_of_coordinates_missing(trial: Trial, role: str, rng: Rng) -> str:
    rows = _rows(trial, role)
    at = rows[0].index(str(rng.choice(["longitude", "latitude"])))
    _save(trial, role, [row[:at] + row[at + 1 :] for row in rows])
    return rows[0][at]


@kind("table", suffixes=CSV)
def _a_row_of_another_length(trial: Trial, role: str, rng: Rng) -> str:
    rows = _rows(trial, role)
    row = int(rng.integers(1, len(rows)))
    rows[row] = rows[row][:2] if rng.random() < 0.5 else [*rows[row], "and", "more"]
    _save(trial, role, rows)
    return f"row {row}: {len(rows[row])} cells"


@kind("table", suffixes=CSV)
def _an_open_quote(trial: Trial, role: str, rng: Rng) -> str:
    lines = trial.path(role).read_text(encoding="utf-8").splitlines()
    row = int(rng.integers(1, len(lines)))
    lines[row] = '"' + lines[row]
    write(trial.path(role), "\n".join(lines) + "\n")
    return f"row {row}"


@kind("table", suffixes=CSV, expected=ANY)
def _the_header_twice(trial: Trial, role: str, rng: Rng) -> str:
    rows = _rows(trial, role)
    rows.insert(int(rng.integers(1, len(rows))), rows[0])
    _save(trial, role, rows)
    return "in the middle"


@kind("table", suffixes=CSV)
def _a_column_name_twice(trial: Trial, role: str, rng: Rng) -> str:
    rows = _rows(trial, role)
    name = str(rng.choice(rows[0]))
    _save(trial, role, [[*row, name if row is rows[0] else "1.5"] for row in rows])
    return name


@kind("table", suffixes=CSV, expected=SAME)
def _blank_lines_between(trial: Trial, role: str, rng: Rng) -> str:
    text = trial.path(role).read_text(encoding="utf-8")
    write(trial.path(role), text.replace("\n", "\n\n"))
    return "all"


@kind("table", suffixes=CSV, expected=REFUSED)
def _a_header_alone(trial: Trial, role: str, rng: Rng) -> str:
    _save(trial, role, _rows(trial, role)[:1])
    return "no rows"


@kind("table", suffixes=CSV)
def _a_date_of_the_table(trial: Trial, role: str, rng: Rng) -> str:
    rows = _rows(trial, role)
    row, value = int(rng.integers(1, len(rows))), str(rng.choice(DATES))
    rows[row][rows[0].index("visit_date")] = value
    _save(trial, role, rows)
    return f"row {row}: {value!r}"
