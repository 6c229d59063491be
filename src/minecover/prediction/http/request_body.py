"""Questions to a served model: CSV or JSON in, probabilities or a sentence out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from minecover.core.cube import F32
from minecover.core.errors import ServingError
from minecover.learning.fitting import DECIMALS
from minecover.prediction.http.csv_numbers import parse, plain_split

#: The largest question: some 100,000 rows of a hundred features as JSON [bytes], and its rows.
MAX_BYTES, MAX_ROWS = 128_000_000, 100_000
JSON, CSV = "application/json", "text/csv"
#: Forms of a JSON question, as MLflow's scoring servers take them.
FORMS = ("dataframe_split", "dataframe_records", "inputs")
NO_ROW = "the question holds no row. Send at least one."
#: How an undefined value is written.
CSV_NULLS, JSON_NULLS = ("", "NaN", "nan", "NA", "null"), ("null", " null")
#: So many wrong names or values are named in a sentence.
SHOWN = 5


class QuestionError(ServingError):
    """A question that cannot be answered; `status` is the HTTP status that says so."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


Rows = Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """A model that answers questions in bytes.

    Parameters
    ----------
    model : fitted Pipeline
    features : sequence of str
        Its columns, in order. A question may have them in any order.
    """

    model: Pipeline
    features: Sequence[str]

    def answer(self, body: bytes, content_type: str) -> tuple[int, bytes]:
        """Answer one question.

        Parameters
        ----------
        body : bytes
            CSV with a header, or JSON of one of `FORMS`. An undefined value is empty in CSV and
            ``null`` in JSON.
        content_type : str
            The HTTP header; decides how the body is read.

        Returns
        -------
        status : int
            200, or 4xx.
        answer : bytes
            JSON: ``predictions``, the probability of a mine for each row, ``null`` where every
            value is undefined; or ``message``, what is wrong with the question.
        """
        try:
            X = read_question(body, content_type, self.features)
        except QuestionError as error:
            code = HTTPStatus(error.status).name
            return error.status, orjson.dumps({"error_code": code, "message": str(error)})
        # Not `training.probability`: looking for threads to limit takes longer than one row.
        score = self.model.predict_proba(X)[:, 1].round(DECIMALS)
        # Not observed is never no mine.
        score[np.isnan(X).all(axis=1)] = np.nan
        # A NaN is written as null.
        return 200, orjson.dumps({"predictions": score}, option=orjson.OPT_SERIALIZE_NUMPY)


def read_question(body: bytes, content_type: str, features: Sequence[str]) -> F32:
    """Read the rows of a question.

    Returns
    -------
    (n, n_features) float32
        NaN where a value is undefined or infinite.

    Raises
    ------
    QuestionError
        If it is empty, too large, of another form, or lacks columns or numbers.
    """
    mime, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = {part for part in parameters if part} - {"charset=utf-8", 'charset="utf-8"'}
    if mime not in READERS or charsets:
        raise QuestionError(
            f"the body should be {JSON} or {CSV} in UTF-8, found {content_type!r}. Set the "
            "header Content-Type.",
            415,
        )
    if len(body) > MAX_BYTES:
        raise _too_large("more")
    if not body.strip():
        raise QuestionError(f"the body is empty. Send rows of {len(features)} features.")
    X = READERS[mime](body, features)
    X[~np.isfinite(X)] = np.nan
    return X


def _read_csv(body: bytes, features: Sequence[str]) -> F32:
    """Read a table whose first line names its columns."""
    header, _, lines = body.partition(b"\n")
    text = header.decode("utf-8", "replace").lstrip("\ufeff")
    names = [name.strip().strip('"') for name in text.split(",")]
    _check_columns(names, features)
    _check_rows(lines.count(b"\n"))
    if not lines.strip():
        raise QuestionError(NO_ROW)
    try:
        return parse(lines, names, features, nulls=CSV_NULLS)
    except pa.ArrowInvalid as error:
        raise QuestionError(f"the body is no CSV of numbers: {error}.") from error


def _read_json(body: bytes, features: Sequence[str]) -> F32:
    """Read one of the forms of a JSON question."""
    plain = plain_split(body)
    if plain is not None and _are_columns(plain.names, features):
        _check_rows(plain.lines.count(b"\n") + 1)
        with suppress(pa.ArrowInvalid):  # what is wrong is said better below
            return parse(plain.lines, plain.names, features, nulls=JSON_NULLS)
    try:
        question = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise QuestionError(f"the body is no JSON: {error}. (Write null for NaN.)") from error
    forms = [form for form in FORMS if isinstance(question, dict) and form in question]
    if len(forms) != 1:
        raise QuestionError(
            f"a JSON question is an object with exactly one of {', '.join(FORMS)}, found "
            f"{', '.join(map(repr, question)) if isinstance(question, dict) else 'no object'}."
        )
    form = forms[0]
    names, rows = _TABLES[form](question[form])
    _check_columns(names, features)
    _check_rows(len(rows))
    if not rows:
        raise QuestionError(NO_ROW)
    values = _numbers(rows, names)[:, [names.index(name) for name in features]]
    with np.errstate(over="ignore"):
        narrow: F32 = values.astype(np.float32)
    return narrow


def _split(table: object) -> tuple[list[str], Rows]:
    """Read names and rows: {"columns": [...], "data": [[...], ...]}."""
    columns, data = (
        table.get(key) if isinstance(table, dict) else None for key in ("columns", "data")
    )
    if not isinstance(columns, list) or not isinstance(data, list):
        raise QuestionError('dataframe_split is {"columns": [names], "data": [[values], ...]}.')
    return [str(name) for name in columns], data


def _records(table: object) -> tuple[list[str], Rows]:
    """Read rows that name their values: [{name: value, ...}, ...]."""
    if not isinstance(table, list) or not all(isinstance(row, dict) for row in table):
        raise QuestionError("dataframe_records is [{name: value, ...}, ...].")
    names = list(table[0]) if table else []
    unlike = [number for number, row in enumerate(table) if row.keys() != table[0].keys()]
    if unlike:
        raise QuestionError(f"row {unlike[0]} has not the same names as row 0. Write null.")
    return names, [[row[name] for name in names] for row in table]


def _columns(table: object) -> tuple[list[str], Rows]:
    """Read columns: {name: [values], ...}."""
    if not isinstance(table, dict) or not all(isinstance(v, list) for v in table.values()):
        raise QuestionError("inputs is {name: [values], ...}.")
    lengths = {len(values) for values in table.values()}
    if len(lengths) > 1:
        raise QuestionError(f"the columns of inputs are of {len(lengths)} lengths, not one.")
    return list(table), list(zip(*table.values(), strict=True))


def _numbers(rows: Rows, names: Sequence[str]) -> NDArray[np.float64]:
    """Turn rows into numbers; what is no number is named."""
    for number, row in enumerate(rows):
        if not isinstance(row, list | tuple) or len(row) != len(names):
            raise QuestionError(
                f"row {number} should be a list of {len(names)} values, one a column."
            )
    try:
        values = np.array(rows, np.float64).reshape(len(rows), len(names))
    except (ValueError, TypeError, OverflowError) as error:
        raise QuestionError(_first_wrong(rows, names)) from error
    return values


def _first_wrong(rows: Rows, names: Sequence[str]) -> str:
    """Say which value is no number."""
    for number, row in enumerate(rows):
        for name, value in zip(names, row, strict=True):
            try:
                np.array([value, 0.0], np.float64)  # a list beside a number is no array
            except (ValueError, TypeError, OverflowError):
                return (
                    f"{name} should be a number, found {str(value)[:40]!r} in row {number}. "
                    "Write null where there is none."
                )
    return "the values are no numbers."


def _are_columns(names: Sequence[str], features: Sequence[str]) -> bool:
    return len(names) == len(features) and set(names) == set(features)


def _check_columns(names: Sequence[str], features: Sequence[str]) -> None:
    """Refuse columns that are missing, unknown or there twice."""
    found, wanted = set(names), set(features)
    wrong = [
        f"{word} {', '.join(sorted(which)[:SHOWN])}{' ...' if len(which) > SHOWN else ''}"
        for word, which in (("without", wanted - found), ("with unknown", found - wanted))
        if which
    ]
    if len(found) < len(names):
        wrong.append("with a name twice")
    if wrong:
        raise QuestionError(
            f"the columns should be the model's {len(features)} features, found {len(names)}, "
            f"{' and '.join(wrong)}. `features` in model.json lists them."
        )


def _check_rows(n: int) -> None:
    if n > MAX_ROWS:
        raise _too_large(f"{n:,} rows")


def _too_large(found: str) -> QuestionError:
    """Make the error that refuses a question for its size."""
    return QuestionError(
        f"a question has at most {MAX_ROWS:,} rows and {MAX_BYTES:,} bytes, found {found}. "
        "Ask in parts, or map whole scenes with `minecover predict`.",
        413,
    )


_TABLES: Mapping[str, Callable[[object], tuple[list[str], Rows]]] = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "inputs": _columns,
}
READERS: Mapping[str, Callable[[bytes, Sequence[str]], F32]] = {
    JSON: _read_json,
    CSV: _read_csv,
}
