"""The scores of a run with their bootstrap replicates: kept by the run, or computed again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from minecover.core.config import Params, load_params
from minecover.core.errors import RegistryError
from minecover.core.files import lock, replacing
from minecover.evaluation import (
    ScoredModel,
    compute_estimates,
    differences,
    labels_digest,
    score_replicates,
)
from minecover.evaluation.out_of_fold import read_out_of_fold
from minecover.evaluation.ranking import F64
from minecover.pipeline.stages.evaluate import evaluation_settings, score_model
from minecover.tracking import runs
from minecover.tracking.provenance import digest_of
from minecover.tracking.types import Tracking

#: Name of the artifact that jobs keep their scores in.
REPLICATES = "replicates.npz"
#: Scores of runs that were compared before.
CACHE = Path(".cache/scores")


@dataclass(frozen=True, slots=True, eq=False)
class RunScores:
    """The scores of a model with their replicates.

    Parameters
    ----------
    labels : str
        See `minecover.evaluation.labels_digest`.
    metrics : str
        Digest of the key `metrics`, which defines the scores and the drawn sites.
    dates : tuple of int
        Number of dates of each site, sorted by site.
    replicates : mapping of (1 + replicates,) float64
        See `minecover.evaluation.score_replicates`.
    """

    labels: str
    metrics: str
    dates: tuple[int, ...]
    replicates: Mapping[str, F64]

    @classmethod
    def of(
        cls, params: Params, model: ScoredModel, replicates: Mapping[str, F64] | None = None
    ) -> RunScores:
        """Describe a model's scores.

        Parameters
        ----------
        params : Params
            Of it, `metrics` is read.
        model : ScoredModel
            The model.
        replicates : mapping of (1 + replicates,) float64 or None
            Its scores; None computes them.
        """
        if replicates is None:
            estimates = compute_estimates(model, evaluation_settings(params))
            replicates = score_replicates(estimates)
        sites = sorted(model.sites, key=lambda site: site.site_id)
        dates = tuple(len(site.observation_probability) for site in sites)
        return cls(labels_digest(model), digest_of(params.value("metrics")), dates, replicates)

    def write(self, path: Path) -> None:
        """Write the scores to an .npz file, all or nothing."""
        about = json.dumps([self.labels, self.metrics, self.dates, list(self.replicates)])
        longest = max(len(each) for each in self.replicates.values())
        values = np.full((len(self.replicates), longest), np.nan)
        for row, each in zip(values, self.replicates.values(), strict=True):
            # A single site, or group of sites, has no replicates.
            row[: len(each)] = each
        with replacing(path) as temporary:
            np.savez_compressed(temporary, about=about, values=values)

    @classmethod
    def read(cls, path: Path) -> RunScores:
        """Read a file that `write` made."""
        with np.load(path) as found:
            labels, metrics, dates, names = json.loads(str(found["about"]))
            replicates = dict(zip(names, found["values"], strict=True))
        return cls(labels, metrics, tuple(dates), replicates)


def run_scores(tracking: Tracking, run_id: str, params: Params) -> RunScores:
    """Return the scores of a run, by the metrics of a configuration.

    Parameters
    ----------
    tracking : Tracking
        Names the store.
    run_id : str
        Id of a run of a build or of a job.
    params : Params
        Of it, `metrics` is read.

    Returns
    -------
    RunScores
        As the run keeps them; computed from its out-of-fold probabilities if it keeps none, or
        was scored by other metrics.

    Raises
    ------
    RegistryError
        If the run keeps no out-of-fold probabilities.
    """
    wanted = digest_of(params.value("metrics"))
    path = CACHE / f"{digest_of([tracking.uri, run_id, wanted])[:16]}.npz"
    if path.is_file():
        return RunScores.read(path)
    if tracking.is_read_only:  # and so is the checkout, most often
        return _found(tracking, run_id, params)
    with lock(path.with_suffix(".lock")):
        if not path.is_file():
            _found(tracking, run_id, params).write(path)
    return RunScores.read(path)


def differences_of(a: RunScores, b: RunScores, params: Params) -> pd.DataFrame | None:
    """Return the differences of the scores of two runs, b minus a.

    Parameters
    ----------
    a, b : RunScores
        By the same metrics.
    params : Params
        Of it, `metrics.bootstrap` is read.

    Returns
    -------
    DataFrame or None
        See `minecover.evaluation.paired_differences`; None if the runs were not scored on the
        same sites with the same labels.
    """
    if a.labels != b.labels:
        return None
    of_a = dict(a.replicates)
    if a.dates != b.dates:
        of_a = {key: each for key, each in of_a.items() if "observation" not in key.split(".")}
    return differences(of_a, b.replicates, params.build("metrics.bootstrap"))


def scored_run(tracking: Tracking, run_id: str) -> tuple[Params, ScoredModel]:
    """Fetch a run's out-of-fold probabilities, and score them with its own settings.

    Parameters
    ----------
    tracking : Tracking
        Names the store.
    run_id : str
        Id of a run of a build or of a job.

    Returns
    -------
    params : Params
        The run's configuration.
    model : ScoredModel
        Its out-of-fold predictions.

    Raises
    ------
    RegistryError
        If the run keeps none.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        params = load_params(runs.download_artifact(tracking, run_id, "params.yaml", folder))
        path = runs.download_artifact(tracking, run_id, "out_of_fold.parquet", folder)
        return params, score_model(params, read_out_of_fold(path))


def _found(tracking: Tracking, run_id: str, params: Params) -> RunScores:
    """Return the scores that a run keeps, or compute them."""
    kept = _kept(tracking, run_id)
    if kept is not None and kept.metrics == digest_of(params.value("metrics")):
        return kept
    return RunScores.of(params, scored_run(tracking, run_id)[1])


def _kept(tracking: Tracking, run_id: str) -> RunScores | None:
    """Return the scores that a run keeps; None if it keeps none."""
    with tempfile.TemporaryDirectory() as name:
        try:
            return RunScores.read(
                runs.download_artifact(tracking, run_id, REPLICATES, Path(name))
            )
        except RegistryError:
            return None
