"""Check that a model predicts the same through its MLflow signature as without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minecover.core.digests import load_model
from minecover.core.probabilities import row_probabilities
from minecover.tracking.client import quiet_mlflow
from minecover.tracking.flavor import own_path
from minecover.tracking.types import RegisteredModel

#: Rows of the comparison.
N_ROWS = 400
#: Characters shown of an error, from its end: MLflow writes the table before the reason.
MAX_ERROR = 160


def signature_problems(found: RegisteredModel) -> list[str]:
    """Compare a model's predictions with and without its signature, for every form of input.

    Parameters
    ----------
    found : RegisteredModel
        A registered model whose digests were checked: it is unpickled here.

    Returns
    -------
    list of str
        One phrase for each form of input (float64, int32, NaN, reordered columns) that is
        refused or changes a prediction, and one if a missing column is accepted. Empty if
        there is no problem. MLflow itself refuses int64, which no double can hold, so it is
        no problem.
    """
    model = load_model(found.model, found.sha256)
    names = list(found.features)
    rng = np.random.default_rng(0)
    plain = rng.random((N_ROWS, len(names)), np.float32)
    whole = np.rint(100 * plain)
    holes = np.where(rng.random(plain.shape) < 0.2, np.float32(np.nan), plain)
    frame = pd.DataFrame(plain, columns=names)
    forms = {
        "float32": (frame, plain),
        "float64": (frame.astype(np.float64), plain),
        "int32": (pd.DataFrame(whole.astype(np.int32), columns=names), whole),
        "NaN": (pd.DataFrame(holes, columns=names), holes),
        "reordered columns": (frame[names[::-1]], plain),
    }
    problems = []
    for form, (rows, same) in forms.items():
        result = _predict(found.folder, rows)
        if isinstance(result, str):
            problems.append(f"{form} is refused ({result})")
        elif not np.array_equal(result, row_probabilities(model, same), equal_nan=True):
            problems.append(f"{form} changes the predictions")
    if not isinstance(_predict(found.folder, frame[names[1:]]), str):
        problems.append(f"a missing column ({names[0]}) is not refused")
    return problems


def _predict(folder: Path, rows: pd.DataFrame) -> NDArray[np.float64] | str:
    """Predict as MLflow's scoring server does; return the reason if the rows are refused."""
    import mlflow.pyfunc
    from mlflow.exceptions import MlflowException

    try:
        with quiet_mlflow(), own_path():
            return np.asarray(mlflow.pyfunc.load_model(str(folder)).predict(rows))
    except (MlflowException, TypeError, ValueError) as error:
        return " ".join(str(error).split())[-MAX_ERROR:]
