"""Read rows from JSON of the forms that MLflow's scoring servers take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.prediction.http.checks import RequestError, check_columns, check_n_rows
from minecover.tracking.flavor import OUTPUT, OUTPUTS

Rows = Sequence[Sequence[object]]


def read_json(body: bytes, features: Sequence[str]) -> F32:
    """Read rows from a JSON object with exactly one of the keys of `FORMS`.

    Parameters
    ----------
    body : bytes
        JSON text; ``null`` is an undefined value.
    features : sequence of str
        Column names of the result, in order.

    Returns
    -------
    (n, n_features) float32
        NaN where a value is ``null``.

    Raises
    ------
    RequestError
        If the body is not such an object, or if its columns are not the features or hold
        anything but numbers.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"the body is no JSON: {error}. (Write null for NaN.)") from error
    forms = [form for form in FORMS if isinstance(content, dict) and form in content]
    if len(forms) != 1:
        raise RequestError(
            f"a JSON body is an object with exactly one of {', '.join(FORMS)}, found "
            f"{', '.join(map(repr, content)) if isinstance(content, dict) else 'no object'}."
        )
    names, rows = FORMS[forms[0]](content[forms[0]])
    check_columns(names, features)
    check_n_rows(len(rows))
    values = _numbers(rows, names)[:, [names.index(name) for name in features]]
    with np.errstate(over="ignore"):
        narrow: F32 = values.astype(np.float32)
    return narrow


def read_output(body: bytes) -> str:
    """Return what a JSON body asks for: ``probability``, or the `output` of its `params`.

    Parameters
    ----------
    body : bytes
        A body that `read_json` has read.

    Raises
    ------
    RequestError
        If there is no such output.
    """
    params = orjson.loads(body).get("params") or {}
    output = params.get(OUTPUT, OUTPUTS[0]) if isinstance(params, dict) else params
    if output not in OUTPUTS:
        raise RequestError(
            f'params is {{"{OUTPUT}": "{" or ".join(OUTPUTS)}"}}, found {OUTPUT} {output!r}.'
        )
    return str(output)


def _split(table: object) -> tuple[list[str], Rows]:
    """Read names and rows from {"columns": [...], "data": [[...], ...]}."""
    columns, data = (
        table.get(key) if isinstance(table, dict) else None for key in ("columns", "data")
    )
    if not isinstance(columns, list) or not isinstance(data, list):
        raise RequestError('dataframe_split is {"columns": [names], "data": [[values], ...]}.')
    return [str(name) for name in columns], data


def _records(table: object) -> tuple[list[str], Rows]:
    """Read names and rows from [{name: value, ...}, ...]."""
    if not isinstance(table, list) or not all(isinstance(row, dict) for row in table):
        raise RequestError("dataframe_records is [{name: value, ...}, ...].")
    check_n_rows(len(table))
    names = list(table[0])
    differing = [number for number, row in enumerate(table) if row.keys() != table[0].keys()]
    if differing:
        raise RequestError(
            f"row {differing[0]} does not have the same names as row 0. Write null."
        )
    return names, [[row[name] for name in names] for row in table]


def _columns(table: object) -> tuple[list[str], Rows]:
    """Read names and rows from {name: [values], ...}."""
    if not isinstance(table, dict) or not all(isinstance(v, list) for v in table.values()):
        raise RequestError("inputs is {name: [values], ...}.")
    lengths = {len(values) for values in table.values()}
    if len(lengths) > 1:
        raise RequestError(f"the columns of inputs are of {len(lengths)} lengths, not one.")
    return list(table), list(zip(*table.values(), strict=True))


def _numbers(rows: Rows, names: Sequence[str]) -> NDArray[np.float64]:
    """Convert rows to numbers; an error names the first value that is none."""
    for number, row in enumerate(rows):
        if not isinstance(row, list | tuple) or len(row) != len(names):
            raise RequestError(
                f"row {number} should be a list of {len(names)} values, one for each column."
            )
    try:
        values = np.array(rows, np.float64).reshape(len(rows), len(names))
    except (ValueError, TypeError, OverflowError) as error:
        raise RequestError(_first_wrong(rows, names)) from error
    return values


def _first_wrong(rows: Rows, names: Sequence[str]) -> str:
    """Say which value is not a number."""
    for number, row in enumerate(rows):
        for name, value in zip(names, row, strict=True):
            try:
                np.array([value, 0.0], np.float64)  # a list beside a number is no array
            except (ValueError, TypeError, OverflowError):
                return (
                    f"{name} should be a number, found {str(value)[:40]!r} in row {number}. "
                    "Write null where there is none."
                )
    return "the values are not numbers."


FORMS: Mapping[str, Callable[[object], tuple[list[str], Rows]]] = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "inputs": _columns,
}
