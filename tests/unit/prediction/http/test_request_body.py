"""Requests to a served model: the right response, or one sentence and a 4xx."""

import io
import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from minecover.learning.known_dates import KnownDates
from minecover.prediction.http import MAX_BYTES, MAX_ROWS, Scorer, read_request

JSON, CSV = "application/json", "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
FEATURES = ("ndvi", "bsi", "red")
KNOWN = KnownDates(min=1, median=5.0, max=7, share_with_one=0.001, fewest=2)
ROWS = [[0.5, -0.25, 0.1], [0.0, 1.5, 2e-3]]
NAN = np.nan


def split(columns: Sequence[str] = FEATURES, rows: object = ROWS) -> bytes:
    return json.dumps({"dataframe_split": {"columns": list(columns), "data": rows}}).encode()


def csv(text: str) -> bytes:
    return text.encode()


def arrow(columns: Mapping[str, object], *, batch_rows: int = 1_000_000) -> bytes:
    table, body = pa.table(dict(columns)), io.BytesIO()
    with pa.ipc.new_stream(body, table.schema) as stream:
        stream.write_table(table, max_chunksize=batch_rows)
    return body.getvalue()


COLUMNS = dict(zip(FEATURES, zip(*ROWS, strict=True), strict=True))
RECORDS = [dict(zip(FEATURES, row, strict=True)) for row in ROWS]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(split(), JSON, id="split"),
        pytest.param(split().replace(b" ", b""), f"{JSON}; charset=UTF-8", id="no spaces"),
        pytest.param(b'{"dataframe_split":{"data":[[0.5,-0.25,0.1],[0,1.5,0.002]],'
                     b'"columns":["ndvi","bsi","red"]}}', JSON, id="data first"),
        pytest.param(split(("red", "ndvi", "bsi"), [[0.1, 0.5, -0.25], [2e-3, 0, 1.5]]), JSON,
                     id="columns in another order"),
        pytest.param(json.dumps({"dataframe_records": RECORDS}).encode(), JSON, id="records"),
        pytest.param(json.dumps({"inputs": pd.DataFrame(RECORDS).to_dict("list")}).encode(),
                     JSON, id="columns"),
        pytest.param(csv("ndvi,bsi,red\n0.5,-0.25,0.1\n0,1.5,2e-3\n"), CSV, id="csv"),
        pytest.param(csv('\ufeff"red","ndvi","bsi"\r\n0.1,0.5,-0.25\r\n0.002,0,1.5'), CSV,
                     id="csv of a spreadsheet"),
        pytest.param(arrow(COLUMNS), ARROW, id="arrow"),
        pytest.param(arrow(dict(reversed(COLUMNS.items())), batch_rows=1), ARROW,
                     id="arrow in two batches, columns in another order"),
    ],
)  # fmt: skip
def test_rows_are_read_whatever_their_form(body: bytes, kind: str) -> None:
    X = read_request(body, kind, FEATURES)

    np.testing.assert_array_equal(X, np.array(ROWS, np.float32))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(split(rows=[[None, 1, 2], [1, 2, None]]), JSON, id="null"),
        pytest.param(csv("ndvi,bsi,red\n,1,2\n1,2,NaN\n"), CSV, id="csv"),
        pytest.param(csv("ndvi,bsi,red\n-inf,1,2\n1,2,inf\n"), CSV, id="infinite"),
        pytest.param(
            arrow({"ndvi": [None, 1], "bsi": [1, 2], "red": [2, None]}),
            ARROW,
            id="null integers in arrow",
        ),
        pytest.param(
            arrow({"ndvi": [NAN, 1], "bsi": [1.0, 2], "red": [2, np.inf]}),
            ARROW,
            id="NaN and infinite in arrow",
        ),
    ],
)
def test_what_is_undefined_is_nan(body: bytes, kind: str) -> None:
    X = read_request(body, kind, FEATURES)

    np.testing.assert_array_equal(X, [[NAN, 1, 2], [1, 2, NAN]])


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(200, 3)).astype(np.float32)
    model: Pipeline = make_pipeline(SimpleImputer(), LogisticRegression())
    return Scorer(model.fit(X, (X[:, 0] > 0).astype(np.int8)), FEATURES, 0.5, KNOWN)


@pytest.mark.parametrize(
    ("dates", "warnings"),
    [
        pytest.param([2, 5], 0, id="as many as the model knows"),
        pytest.param([1, 5], 1, id="one row has fewer"),
        pytest.param([1, 1], 1, id="all rows have fewer, one sentence"),
    ],
)
def test_fewer_dates_than_the_model_knows_are_told(
    scorer: Scorer, dates: list[int], warnings: int
) -> None:
    names = ("ndvi", "bsi", "dates_seen")
    counting = Scorer(scorer.model, names, 0.5, KNOWN)

    status, response = counting.respond(split(names, [[0.1, 0.2, n] for n in dates]), JSON)

    content = json.loads(response)
    assert status == 200
    assert len(content["predictions"]) == 2
    assert len(content.get("warnings", [])) == warnings
    assert all(
        f"{dates.count(1)} of 2 rows have fewer than 2 valid dates" in sentence
        for sentence in content.get("warnings", [])
    )


def test_a_column_of_nulls_is_nan() -> None:
    X = read_request(arrow({"ndvi": [0.5], "bsi": pa.nulls(1), "red": [1]}), ARROW, FEATURES)

    np.testing.assert_array_equal(X, [[0.5, NAN, 1]])


def test_a_response_is_the_probability_of_each_row(scorer: Scorer) -> None:
    status, response = scorer.respond(split(), JSON)

    wanted = scorer.model.predict_proba(np.array(ROWS, np.float32))[:, 1]
    assert status == 200
    np.testing.assert_allclose(json.loads(response)["predictions"], wanted, atol=1e-6)


def test_a_request_may_ask_for_classes(scorer: Scorer) -> None:
    rows = [[5, 0, 0], [None, None, None], [-5, 0, 0]]
    body = json.loads(split(rows=rows)) | {"params": {"output": "class"}}

    status, response = scorer.respond(json.dumps(body).encode(), JSON)

    assert (status, json.loads(response)) == (200, {"predictions": [1.0, None, 0.0]})


def test_what_was_not_observed_has_no_probability(scorer: Scorer) -> None:
    status, response = scorer.respond(split(rows=[[None, None, None], [1, 2, 3]]), JSON)

    first, second = json.loads(response)["predictions"]
    assert status == 200
    assert first is None
    assert 0 < second < 1


@pytest.mark.parametrize(
    ("body", "kind", "status", "sentence"),
    [
        pytest.param(b"", JSON, 400, "body is empty", id="empty"),
        pytest.param(b" \n", CSV, 400, "body is empty", id="blank"),
        pytest.param(csv("ndvi,bsi,red\n"), CSV, 400, "holds no rows", id="header only"),
        pytest.param(split(rows=[]), JSON, 400, "holds no rows", id="no rows"),
        pytest.param(
            split()[:-1] + b', "params": {"output": "classes"}}', JSON, 400,
            'params is {"output": "probability or class"}, found output', id="another output",
        ),
        pytest.param(split(), "", 415, "Set the header Content-Type", id="no type"),
        pytest.param(split(), "text/xml", 415, "found 'text/xml'", id="another type"),
        pytest.param(split(), f"{JSON}; charset=latin-1", 415, "UTF-8", id="charset"),
        pytest.param(split(("ndvi", "bsi", "nir08")), JSON, 400,
                     "without red and with unknown nir08", id="another column"),
        pytest.param(csv("ndvi,bsi\n1,2\n"), CSV, 400, "without red", id="too few columns"),
        pytest.param(split((*FEATURES, "red"), [[1, 2, 3, 4]]), JSON, 400, "with repeated red",
                     id="a column twice"),
        pytest.param(split(rows=[[1, 2, 3], [1, "high", 3]]), JSON, 400,
                     "bsi should be a number, found 'high' in row 1", id="a string"),
        pytest.param(split(rows=[[1, 2, {}]]), JSON, 400, "red should be a number", id="map"),
        pytest.param(split(rows=[[1, 2, [3]]]), JSON, 400, "red should be a number", id="list"),
        pytest.param(csv("ndvi,bsi,red\n1,high,3\n"), CSV, 400, "invalid value 'high'",
                     id="a string in csv"),
        pytest.param(csv("ndvi,bsi,red\n1,2\n"), CSV, 400, "Expected 3 columns, got 2",
                     id="a short line"),
        pytest.param(split(rows=[[1, 2, 3], [1, 2]]), JSON, 400, "row 1 should be a list of 3",
                     id="a short row"),
        pytest.param(b"[[1, 2, 3]]", JSON, 400, "found no object", id="a bare list"),
        pytest.param(b'{"rows": []}', JSON, 400, "found 'rows'", id="another form"),
        pytest.param(b'{"dataframe_split": [1]}', JSON, 400, "split is", id="no split"),
        pytest.param(b'{"inputs": {"ndvi": [1], "bsi": [1, 2]}}', JSON, 400, "2 lengths",
                     id="ragged columns"),
        pytest.param(b'{"dataframe_records": [{"ndvi": 1}, {"bsi": 1}]}', JSON, 400,
                     "does not have the same names", id="ragged records"),
        pytest.param(split(rows=[[NAN, 1, 2]]), JSON, 400, "Write null for NaN", id="bare NaN"),
        pytest.param(b"\xff\xfe{", JSON, 400, "no JSON", id="no UTF-8"),
        pytest.param(csv("ndvi,bsi,red\n" + "1,2,3\n" * (MAX_ROWS + 1)), CSV, 413,
                     "at most 100,000 rows", id="too many rows"),
        pytest.param(split(rows=[[1, 2, 3]] * (MAX_ROWS + 1)), JSON, 413, "minecover predict",
                     id="too many rows in JSON"),
        pytest.param(b"ndvi,bsi,red\n1,2,3", ARROW, 400, "no Arrow IPC stream", id="no arrow"),
        pytest.param(arrow(COLUMNS)[:-100], ARROW, 400, "no Arrow IPC stream",
                     id="arrow cut off"),
        pytest.param(arrow({"ndvi": [1], "bsi": [1]}), ARROW, 400, "without red",
                     id="too few columns in arrow"),
        pytest.param(arrow({"ndvi": [1], "bsi": ["high"], "red": [1]}), ARROW, 400,
                     "bsi should be a number, found a column of type string",
                     id="a string in arrow"),
        pytest.param(arrow(dict.fromkeys(FEATURES, pa.array([], pa.float32()))), ARROW, 400,
                     "holds no rows", id="no rows in arrow"),
        pytest.param(arrow(dict.fromkeys(FEATURES, np.ones(MAX_ROWS + 1)), batch_rows=60_000),
                     ARROW, 413, "at most 100,000 rows", id="too many rows in arrow"),
    ],
)  # fmt: skip
def test_a_bad_request_is_a_sentence(
    scorer: Scorer, body: bytes, kind: str, status: int, sentence: str
) -> None:
    found, response = scorer.respond(body, kind)

    assert found == status
    assert sentence in json.loads(response)["message"]


def test_a_huge_request_is_not_read(scorer: Scorer) -> None:
    status, response = scorer.respond(bytes(MAX_BYTES + 1), CSV)

    assert status == 413
    assert "128,000,000 bytes" in json.loads(response)["message"]
