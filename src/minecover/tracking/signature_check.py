"""Whether a registered model answers through its signature as it does without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minecover.core.digests import load_model
from minecover.tracking import calm
from minecover.tracking.types import Resolved

#: Rows that both are asked about.
N_ROWS = 400
#: Characters kept of an error: MLflow puts the table that it refuses in front of the reason.
MAX_SAID = 160


def complaints(found: Resolved) -> list[str]:
    """Ask a model in every form that callers send rows in.

    Parameters
    ----------
    found : Resolved
        A registered model whose digests were checked: it is unpickled here.

    Returns
    -------
    list of str
        What differs from the model's own answer to the same rows as float32, in words; empty
        if float64, integers, NaN and reordered columns change nothing and a missing column is
        refused.
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
        "int64": (pd.DataFrame(whole.astype(np.int64), columns=names), whole),
        "NaN": (pd.DataFrame(holes, columns=names), holes),
        "reordered columns": (frame[names[::-1]], plain),
    }
    said = []
    for form, (rows, same) in forms.items():
        answer = _ask(found.folder, rows)
        if isinstance(answer, str):
            said.append(f"{form} is refused ({answer})")
        elif not np.array_equal(answer, model.predict(same.astype(np.float32))):
            said.append(f"{form} gives other answers")
    if not isinstance(_ask(found.folder, frame[names[1:]]), str):
        said.append(f"a missing column ({names[0]}) is not refused")
    return said


def _ask(folder: Path, rows: pd.DataFrame) -> NDArray[np.int64] | str:
    """Let a model answer as MLflow's server does; why it would not, if it refuses."""
    import mlflow.pyfunc
    from mlflow.exceptions import MlflowException

    try:
        with calm():
            return np.asarray(mlflow.pyfunc.load_model(str(folder)).predict(rows))
    except (MlflowException, TypeError, ValueError) as error:
        return " ".join(str(error).split())[-MAX_SAID:]
