"""The scores of a run: kept beside the checkout, unless nothing can be written there."""

from pathlib import Path

import numpy as np
import pytest

from minecover.core.config import Params
from minecover.pipeline import run_scores as module
from minecover.pipeline.run_scores import CACHE, RunScores, run_scores
from minecover.tracking.provenance import digest_of
from minecover.tracking.types import Tracking

PARAMS = Params({"metrics": {"bootstrap": 2}})


@pytest.mark.parametrize("is_read_only", [False, True])
def test_scores_are_kept_where_something_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_read_only: bool
) -> None:
    scores = RunScores("l", digest_of(PARAMS.value("metrics")), (2, 3), {"f1": np.ones(3)})
    asked = []

    def kept(_: Tracking, run_id: str) -> RunScores:
        asked.append(run_id)
        return scores

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "_kept", kept)
    monkeypatch.setattr(Tracking, "is_read_only", is_read_only)
    tracking = Tracking("mlruns", "e", "m")

    found = [run_scores(tracking, "run", PARAMS) for _ in range(2)]

    assert [(one.labels, one.dates) for one in found] == [("l", (2, 3))] * 2
    assert len(asked) == (2 if is_read_only else 1)
    assert CACHE.exists() != is_read_only
