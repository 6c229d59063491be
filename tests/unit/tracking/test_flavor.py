"""The registered model answers through plain MLflow, without the checkout, as served."""

import json
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from stores import write_model

from minecover.core.digests import load_model
from minecover.core.errors import ModelError
from minecover.core.probabilities import row_probabilities
from minecover.tracking import Dataset, Record, Tracking, connect
from minecover.tracking.flavor import own_path
from minecover.tracking.provenance import folder_digest
from minecover.tracking.record import REQUIRED_TAGS
from minecover.tracking.registry import register, resolve
from minecover.tracking.signature_check import signature_problems
from minecover.tracking.types import RegisteredModel

Numbers = NDArray[np.float64]
URI = "models:/flavored/1"
RECORD = Record(
    name="one",
    params={},
    metrics={},
    tags=dict.fromkeys((*REQUIRED_TAGS, "build_digest"), "known"),
    dataset=Dataset("tables", "data/features", "d"),
    artifacts=(),
    description='The line `load_model("models:/flavored@champion")` is an example.',
    by_fold={},
)


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracking]:
    """A store with one registered model of four features."""
    folder = tmp_path_factory.mktemp("flavor")
    model, card = write_model(folder, takes_nan=True)
    found = Tracking(str(folder / "mlruns"), experiment="e", registered_name="flavored")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        register(found, RECORD, model=model, card=card)
        yield found


@pytest.fixture(scope="module")
def registered(tracking: Tracking) -> RegisteredModel:
    return resolve(tracking, URI)


@pytest.fixture
def frame(registered: RegisteredModel) -> pd.DataFrame:
    """Rows on both sides of the threshold, one that misses a value, one that misses all."""
    rows = np.array(
        [[0.9, 0.5, 0.5, 0.5], [0.1, 0.5, 0.5, 0.5], [0.9, np.nan, 0.5, 0.5], [np.nan] * 4]
    )
    return pd.DataFrame(rows, columns=list(registered.features))


def predict(registered: RegisteredModel, rows: pd.DataFrame, **params: object) -> Numbers:
    """Predict as anybody with MLflow does."""
    import mlflow.pyfunc

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"mlflow\.")
        with own_path():
            model = mlflow.pyfunc.load_model(str(registered.folder))
            answers: Numbers = model.predict(rows, params=params or None)
            return answers


def test_checking_a_model_leaves_its_code_to_itself(registered: RegisteredModel) -> None:
    """Processes that are started later would import the part of it that lies there."""
    before = sys.path.copy()

    signature_problems(registered)

    assert sys.path == before


def test_it_answers_as_served(registered: RegisteredModel, frame: pd.DataFrame) -> None:
    pipeline = load_model(registered.model, registered.sha256)

    answers = predict(registered, frame)

    served = row_probabilities(pipeline, frame.to_numpy(np.float32))
    np.testing.assert_array_equal(answers, served)
    assert answers[0] > 0.4 > answers[1] > 0
    assert np.isfinite(answers[2])
    assert np.isnan(answers[3])


def test_it_gives_classes_where_asked(registered: RegisteredModel, frame: pd.DataFrame) -> None:
    assert predict(registered, frame, output="class").tolist() == [1, 0, 1, None]


def test_its_classes_are_those_of_the_pickle(
    registered: RegisteredModel, frame: pd.DataFrame
) -> None:
    observed = frame.iloc[:3]

    classes = load_model(registered.model, registered.sha256).predict(observed.to_numpy())

    assert predict(registered, observed, output="class").tolist() == classes.tolist()


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32"])
def test_the_signature_takes(
    registered: RegisteredModel, frame: pd.DataFrame, dtype: str
) -> None:
    rows = (100 * frame.iloc[:2]).astype(dtype)[list(frame.columns[::-1])]

    assert list(predict(registered, rows)) == list(predict(registered, rows.astype(float)))


def test_the_columns_are_doubles_and_the_rest_is_said(registered: RegisteredModel) -> None:
    from mlflow.models import Model

    signed = Model.load(str(registered.folder))

    assert signed.signature is not None
    assert [str(c.type) for c in signed.signature.inputs] == ["DataType.double"] * 4
    assert signed.metadata == {"row": "one place", "observation_threshold": 0.4}


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        pytest.param(
            ["red", "nir08", "bsi"],
            "the table lacks 1 of the model's 4 columns: ndvi (`features` in model.json lists "
            "them).",
            id="one",
        ),
        pytest.param(
            [],
            "the table lacks 4 of the model's 4 columns: red, nir08, ndvi, bsi (`features` in "
            "model.json lists them).",
            id="all",
        ),
    ],
)
def test_missing_columns_are_one_sentence(
    registered: RegisteredModel, frame: pd.DataFrame, columns: list[str], sentence: str
) -> None:
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException) as caught:
        predict(registered, frame[columns])

    assert str(caught.value) == sentence


def test_another_output_is_refused(registered: RegisteredModel, frame: pd.DataFrame) -> None:
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException, match=r"^output is probability or class, found 'odds'"):
        predict(registered, frame, output="odds")


def test_its_signature_has_no_problems(registered: RegisteredModel) -> None:
    assert signature_problems(registered) == []


#: Loads a model and predicts its example, in a process that can import the standard library,
#: what the model requires and what that requires, and nothing else.
ALONE = """
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from packaging.requirements import Requirement

folder = Path(sys.argv[1])
wanted = (folder / "requirements.txt").read_text().split()
allowed = set()
while wanted:
    one = Requirement(wanted.pop())
    name = one.name.lower().replace("_", "-")
    if name not in allowed and (one.marker is None or one.marker.evaluate({"extra": ""})):
        allowed.add(name)
        try:
            wanted += requires(name) or []
        except PackageNotFoundError:  # not needed on this system
            pass
blocked = {
    module
    for module, names in packages_distributions().items()
    if not {name.lower().replace("_", "-") for name in names} & allowed
} - {"minecover"}

class Required(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in blocked else PathFinder.find_spec(name, path, target)

found = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
sys.meta_path = [Required if finder is PathFinder else finder for finder in found]
sys.path = [path for path in sys.path if not (Path(path) / "minecover").is_dir()]
assert find_spec("minecover") is None, "the checkout can be imported"
assert "rasterio" in blocked

import mlflow.pyfunc
model = mlflow.pyfunc.load_model(str(folder))
print(model.predict(model.input_example).tolist())
import minecover
print(minecover.__file__)
"""


def test_it_loads_with_nothing_but_its_requirements(registered: RegisteredModel) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MLFLOW"))}

    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(registered.folder)],
        env={**env, "MLFLOW_DISABLE_TELEMETRY": "true"},
        cwd=registered.folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    answers, where = done.stdout.splitlines()
    model = load_model(registered.model, registered.sha256)
    example = json.loads((registered.folder / "model.json").read_text())["example"]["rows"]
    assert (
        json.loads(answers) == row_probabilities(model, np.array(example, np.float32)).tolist()
    )
    assert where == str(registered.folder / "code/minecover/__init__.py")


def test_what_loading_leaves_behind_changes_no_digest(
    registered: RegisteredModel, tracking: Tracking
) -> None:
    before = folder_digest(registered.folder)
    compiled = registered.folder / "code/minecover/__pycache__/__init__.cpython-311.pyc"
    compiled.parent.mkdir(exist_ok=True)
    compiled.write_bytes(b"")

    assert folder_digest(registered.folder) == before
    assert resolve(tracking, URI).folder == registered.folder


def test_changed_code_is_refused(registered: RegisteredModel, tracking: Tracking) -> None:
    code = registered.folder / "code/minecover/tracking/flavor.py"
    before = code.read_bytes()
    code.write_bytes(before + b"\n")

    with pytest.raises(ModelError, match="is not what was recorded"):
        resolve(tracking, URI)

    code.write_bytes(before)


def test_plain_mlflow_opens_no_pickle_that_the_card_does_not_describe(
    registered: RegisteredModel, frame: pd.DataFrame
) -> None:
    before = registered.model.read_bytes()
    registered.model.write_bytes(pickle.dumps("another"))

    with pytest.raises(ModelError, match=r"model\.pkl is not what was recorded"):
        predict(registered, frame)

    registered.model.write_bytes(before)


def test_the_model_has_a_description_and_its_version_names_itself(tracking: Tracking) -> None:
    client, _ = connect(tracking)

    assert "alias `champion`" in str(client.get_registered_model("flavored").description)
    assert 'load_model("models:/flavored/1")' in str(
        client.get_model_version("flavored", "1").description
    )


def test_a_card_of_another_version_of_minecover_is_refused(
    tmp_path: Path, tracking: Tracking
) -> None:
    model, card = write_model(tmp_path, takes_nan=True)
    content = json.loads(card.read_text())
    del content["example"], content["row"]
    card.write_text(json.dumps(content))
    other = replace(RECORD, tags={**RECORD.tags, "build_digest": "other"})

    with pytest.raises(ModelError, match=r"has no row, example: .*dvc repro train"):
        register(tracking, other, model=model, card=card)
