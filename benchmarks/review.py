"""What does a round of review bring? Questions answered from the truth, then retrained.

    python benchmarks/review.py --sites 48 --questions 50

Builds a simulated world in a scratch folder, exports questions (candidates; where these are
fewer, suspicious labels, then uncertain ground), answers each by the share of its outline that
truly is mine, imports the answers, rebuilds, and prints one table: average precision of
locations before and after, with the paired interval of the difference, against the truth, which
is the same for both. Simulated data.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np

from minecover.core import paths
from minecover.core.config import Params, composed
from minecover.core.errors import LabelError
from minecover.core.outputs import fetched_sites
from minecover.core.raster import burn, read_planes
from minecover.core.sites import read_sites
from minecover.evaluation import (
    EvaluationSettings,
    ScoredModel,
    choose_thresholds,
    paired_differences,
    site_predictions,
)
from minecover.evaluation.out_of_fold import OutOfFold, read_out_of_fold
from minecover.labels import as_labels, read_labels, read_verdicts
from minecover.labels.burning import label_cube
from minecover.pipeline.review import export_questions
from minecover.pipeline.review_files import GEOPACKAGE
from minecover.pipeline.review_import import import_verdicts
from minecover.pipeline.stages import (
    context,
    evaluate,
    features,
    folds,
    imagery,
    labels,
    masks,
    predict,
    report,
    sites,
    train,
)

#: An outline is a mine from this share of true mine on, and none up to that one.
MINE_FROM, NONE_UP_TO = 0.5, 0.1
BEFORE = (
    labels,
    sites,
    imagery,
    masks,
    context,
    features,
    folds,
    train,
    evaluate,
    predict,
    report,
)
AFTER = (labels, masks, features, folds, train, evaluate)


def main() -> None:
    """Build, ask, answer, rebuild, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=48)
    parser.add_argument("--questions", type=int, default=50)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    params = composed(
        [
            f"seed={asked.seed}",
            f"world.n_sites={asked.sites}",
            "folds.n=3",
            "folds.gate=false",
        ],
        conf=Path("conf").resolve(),
    )
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        run(params, asked.questions)


def run(params: Params, n_questions: int) -> None:
    """Go once round, and print what came out."""
    for stage in BEFORE:
        stage.run(params)
    before, drawn = list(read_out_of_fold(paths.OUT_OF_FOLD)), read_labels(paths.LABELS)
    truth = drawn[drawn["kind"] == "truth"].union_all()
    burned = {site.site_id: planes_of(site.site_id) for site in fetched_sites()}
    answers: Counter[str] = Counter()
    for ask in ("candidates", "suspicious", "uncertain"):
        left = n_questions - answers.total()
        if left:
            answers += answered(params, ask, left, truth)
    for stage in AFTER:
        stage.run(params)
    changed, elsewhere = changes(params, burned)
    print(f"{len(before)} simulated sites, answers: {dict(answers)}")
    print(
        f"pixels with another label: {changed} by a verdict or its ring, {elsewhere} elsewhere"
    )
    after = list(read_out_of_fold(paths.OUT_OF_FOLD))
    settings = EvaluationSettings(
        bootstrap=params.build("metrics.bootstrap"),
        objects=params.build("metrics.objects"),
        prevalences=params.value("metrics.prevalences"),
    )
    table = paired_differences(
        score_site_tables(params, before), score_site_tables(params, after), settings
    )
    shown = table[table["score"].isin(["location.average_precision", "location.f1"])]
    print(shown.to_string(index=False))


def answered(params: Params, ask: str, top: int, truth: object) -> Counter[str]:
    """Ask so many questions of a kind, answer them, import the answers."""
    out = Path("asked") / ask
    try:
        export_questions(params, ask, top=top, out=out)
    except LabelError as nothing:
        print(nothing)
        return Counter()
    questions = gpd.read_file(out / GEOPACKAGE)
    share = questions.geometry.intersection(truth).area / questions.geometry.area
    questions["verdict"] = np.select(
        [share >= MINE_FROM, share <= NONE_UP_TO], ["mine", "not mine"], "unsure"
    )
    questions["why"] = [f"{s:.0%} of it truly is mine" for s in share]
    file = out / "answered.gpkg"
    questions.to_file(file)
    import_verdicts(
        params, [file], blanks={"who": "truth", "when": date.today().isoformat(), "why": ""}
    )
    return Counter(questions["verdict"])


def planes_of(site_id: str) -> np.ndarray:
    """Read the label planes of a site, (time, row, col)."""
    planes = read_planes(paths.MASKS / f"{site_id}.tif")
    return np.stack([planes[day] for day in planes if day[:1].isdigit()])


def changes(params: Params, before: dict[str, np.ndarray]) -> tuple[int, int]:
    """Count pixels whose label changed, where verdicts and their rings lie and elsewhere."""
    ring_m = float(params.value("labels.ignore_ring_m"))
    path = Path(str(params.value("labels.verdicts")))
    verdicts = as_labels(read_verdicts(path, params.value("labels.date_format")))
    near = elsewhere = 0
    for site in read_sites(paths.SITES):
        differs = (planes_of(site.site_id) != before[site.site_id]).any(axis=0)
        mines = verdicts.assign(kind=verdicts["kind"].replace("rejected", "confirmed"))
        touched, _ = label_cube(mines, site.grid, [date(2017, 1, 1)], ignore_ring_m=ring_m)
        reviewed = burn(verdicts.geometry.to_crs(site.grid.crs), site.grid, all_touched=True)
        allowed = reviewed | (touched[0] != 0)
        near += int((differs & allowed).sum())
        elsewhere += int((differs & ~allowed).sum())
    return near, elsewhere


def score_site_tables(params: Params, tables: list[OutOfFold]) -> ScoredModel:
    """Judge out-of-fold scores against the truth."""
    aggregation = params.build("aggregation")
    scored = [site_predictions(replace(one, label=one.truth), aggregation) for one in tables]
    return ScoredModel(scored, choose_thresholds(scored, params.value("design.threshold")))


if __name__ == "__main__":
    main()
