"""The data sets of a run: files and folders of the pipeline with DVC's digests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from minecover.core import paths
from minecover.core.errors import RegistryError
from minecover.tracking.record import Dataset

#: What a model is trained on, and what that was made from, with what each one gives.
TRAINING = paths.FEATURES
LINEAGE = {
    paths.FOLDS: "folds",
    paths.LABELS: "labels",
    paths.MASKS: "labels by pixel",
    paths.SCENES: "imagery",
    paths.SITES: "sites",
}


def recorded_datasets(lock: Path) -> tuple[Dataset, ...]:
    """Return the data sets of a build as DVC recorded them.

    Parameters
    ----------
    lock : Path
        Path of dvc.lock.

    Returns
    -------
    tuple of Dataset
        The feature tables first, then what they were made from; what DVC did not record is left
        out.

    Raises
    ------
    RegistryError
        If DVC recorded no feature tables.
    """
    stages = yaml.safe_load(lock.read_text(encoding="utf-8")).get("stages", {})
    outs = {out["path"]: out for stage in stages.values() for out in stage.get("outs", ())}
    if TRAINING.as_posix() not in outs:
        raise RegistryError(f"{lock} records no {TRAINING}. Run `dvc repro folds`.")
    wanted = {TRAINING: "training", **LINEAGE}
    return tuple(
        _dataset(outs[path.as_posix()], context)
        for path, context in wanted.items()
        if path.as_posix() in outs
    )


def _dataset(out: Mapping[str, object], context: str) -> Dataset:
    """Return the data set of an output of a stage."""
    path, size, files = str(out["path"]), out.get("size"), out.get("nfiles")
    return Dataset(
        name=path,
        source=path,
        digest=str(out["md5"]),
        context=context,
        size_bytes=size if isinstance(size, int) else None,
        files=files if isinstance(files, int) else None,
    )
