"""The MLflow flavor of the registered model: the folder that is logged, and what answers.

MLflow imports this module to load a model (`_load_pyfunc`), also where only the requirements of
the model are installed: the folder brings `CODE`, this module among it.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import minecover
from minecover.core.digests import load_model
from minecover.core.errors import ModelError, first_names
from minecover.core.probabilities import row_classes, row_probabilities
from minecover.tracking.types import CARD, PICKLE

if TYPE_CHECKING:
    from mlflow.models import Model, ModelSignature
    from sklearn.pipeline import Pipeline

#: The packages of minecover that loading and predicting import; they are logged with the model.
CODE = ("core", "evaluation", "learning", "tracking")
#: What these import, beside MLflow. Without this list MLflow loads the model in another process
#: to find it out, for most of a minute.
REQUIREMENTS = (
    "affine",
    "filelock",
    "lightgbm",
    "numpy",
    "pandas",
    "pyproj",
    "scikit-learn",
    "scipy",
)
#: Keys of the card that the folder is made of: the columns, what a row is, from which
#: probability on a row is a mine, and rows of the training data.
KEYS = ("features", "row", "observation_threshold", "example")
#: The parameter of a prediction, and its values; the first is the default.
OUTPUT, OUTPUTS = "output", ("probability", "class")


class Answers(np.ndarray[tuple[int], np.dtype[np.float64]]):
    """Numbers, one a row; as a list, or as the JSON of a server, NaN is None (null)."""

    def tolist(self) -> list[float | None]:  # type: ignore[override]
        """Return the numbers, None where a row has none: JSON has no NaN."""
        return [None if value != value else value for value in np.asarray(self).tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class RowModel:
    """A model that answers one number for each row of a table, as MLflow asks for it.

    Parameters
    ----------
    pipeline : fitted Pipeline
        The unpickled model.
    card : mapping
        Content of model.json.
    """

    pipeline: Pipeline
    card: Mapping[str, Any]

    def predict(
        self, model_input: pd.DataFrame, params: Mapping[str, object] | None = None
    ) -> Answers:
        """Return the probability of a mine for each row, or its class.

        Parameters
        ----------
        model_input : DataFrame
            The columns are the features of the card, in any order; NaN is an undefined value.
        params : mapping or None
            ``output`` is ``probability``, or ``class``: 1 where the probability is at least
            `observation_threshold` of the card, else 0.

        Returns
        -------
        (n,) float64
            NaN where a row has no defined value.

        Raises
        ------
        MlflowException
            If a column is missing, or there is no such output.
        """
        output = str((params or {}).get(OUTPUT, OUTPUTS[0]))
        X = self._rows(model_input)
        answers = row_probabilities(self.pipeline, X) if len(X) else np.empty(0)
        if output == "class":
            answers = row_classes(answers, self.card["observation_threshold"])
        elif output not in OUTPUTS:
            raise refused(f"{OUTPUT} is {' or '.join(OUTPUTS)}, found {output!r}.")
        return answers.view(Answers)

    def get_raw_model(self) -> Pipeline:
        """Return the scikit-learn pipeline; MLflow calls it."""
        return self.pipeline

    def _rows(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """Return the features as the model takes them: (n, n_features) float32."""
        names = [str(name) for name in self.card["features"]]
        if missing := [name for name in names if name not in frame]:
            raise refused(
                f"the table lacks {len(missing)} of the model's {len(names)} columns: "
                f"{first_names(missing)} (`features` in {CARD} lists them)."
            )
        with np.errstate(over="ignore"):
            # Row by row in memory, as everywhere: the order of sums decides their last bits.
            X = np.ascontiguousarray(frame[names], np.float32)
        return np.where(np.isfinite(X), X, np.float32(np.nan))


def refused(message: str) -> Exception:
    """Return the error whose message MLflow's server passes on to the client."""
    from mlflow.exceptions import MlflowException

    error: Exception = MlflowException.invalid_parameter_value(message)
    return error


def _load_pyfunc(path: str) -> RowModel:
    """Load the model of a logged folder, if its pickle is the one that its card describes."""
    card = json.loads((Path(path) / CARD).read_text(encoding="utf-8"))
    return RowModel(load_model(Path(path) / PICKLE, str(card["sha256"])), card)


def save_model(
    path: str, mlflow_model: Model, *, model: Path, card: Path, validate_serving_input: bool
) -> None:
    """Write the folder of a model that is logged; `mlflow.models.Model.log` calls it.

    Parameters
    ----------
    path : str
        The folder, which is empty or does not exist.
    mlflow_model : Model
        What becomes the file MLmodel.
    model, card : Path
        The pickle and its card. The folder holds their very bytes.
    validate_serving_input : bool
        `Model.log` passes it on: whether it predicts the example, in this process.

    Raises
    ------
    ModelError
        If the card lacks a key.
    """
    import mlflow.pyfunc

    content = json.loads(card.read_text(encoding="utf-8"))
    if missing := [key for key in KEYS if key not in content]:
        raise ModelError(
            f"{card} has no {', '.join(missing)}: the model was made by another version of "
            "minecover. Train it again with `dvc repro train`."
        )
    # The same bytes unpickle without minecover's loader, as a scikit-learn pipeline.
    mlflow_model.add_flavor(
        "sklearn",
        pickled_model=PICKLE,
        serialization_format="pickle",
        sklearn_version=installed("scikit-learn"),
        code="code",
    )
    with tempfile.TemporaryDirectory(prefix="minecover-") as folder, own_path():
        mlflow.pyfunc.save_model(
            path,
            loader_module=__name__,
            code_paths=[str(_copy_code(Path(folder)))],
            mlflow_model=mlflow_model,
            signature=_signature(content["features"]),
            input_example=pd.DataFrame(
                content["example"]["rows"], columns=content["features"], dtype=np.float64
            ),
            pip_requirements=[f"{name}=={installed(name)}" for name in REQUIREMENTS],
            metadata={key: content[key] for key in ("row", "observation_threshold")},
        )
    shutil.copyfile(model, Path(path) / PICKLE)
    shutil.copyfile(card, Path(path) / CARD)


@contextmanager
def own_path() -> Iterator[None]:
    """Restore `sys.path` afterwards.

    MLflow leaves the code of a model that it loaded there, which holds a part of the package:
    processes that are started later would import that part, and miss the rest.
    """
    before = sys.path.copy()
    try:
        yield
    finally:
        sys.path[:] = before


def _signature(features: Sequence[str]) -> ModelSignature:
    """Return the signature: a column of doubles for each feature, a number for each row."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec

    # "Not required" is how MLflow marks a column with undefined values. It would name a missing
    # column in a message that holds the whole table: `RowModel` names it in a sentence.
    columns = Schema([ColSpec(DataType.double, name, required=False) for name in features])
    answers = Schema([TensorSpec(np.dtype(np.float64), (-1,))])
    params = ParamSchema([ParamSpec(OUTPUT, DataType.string, OUTPUTS[0])])
    return ModelSignature(columns, answers, params)


def _copy_code(folder: Path) -> Path:
    """Copy the packages of `CODE` and what imports them; return the copy of ``minecover``."""
    source = Path(minecover.__file__).parent
    copy = folder / source.name
    kept = {"__init__.py", *CODE}

    def others(where: str, names: list[str]) -> list[str]:
        is_top = Path(where) == source
        return [n for n in names if n == "__pycache__" or (is_top and n not in kept)]

    return shutil.copytree(source, copy, ignore=others)
