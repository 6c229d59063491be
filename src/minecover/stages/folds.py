"""Stage `folds`: which ground is tested with which, and the audit of leaks."""

import logging

from joblib import Parallel, delayed

from minecover.atomic import replacing, write_json
from minecover.config import Params
from minecover.errors import FoldError
from minecover.folds import GroupedFolds
from minecover.leakage import Evidence, audit, feature_names
from minecover.stages import fetched_sites, paths
from minecover.table import read_table

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Deal the folds by labelled pixels, look for leaks, and stop at one."""
    splitter: GroupedFolds = params.build("folds.splitter")
    profile, seed = str(params.value("mask.name")), int(params.value("seed"))
    sites = fetched_sites()
    tables = [paths.table("location", site.site_id) for site in sites]
    present = feature_names(tables[0])
    bands = [name for name in params.value("source.bands") if name in present] or present
    columns = [*bands, *(name for name in present if name not in bands)]

    def gather(index: int) -> Evidence:
        table = read_table(tables[index], features=columns, profile=profile, static=None)
        return Evidence.of(table, len(bands), seed=seed + index)

    # Threads: reading takes less time than other processes take to start.
    evidence: list[Evidence] = Parallel(n_jobs=-1, prefer="threads")(
        delayed(gather)(index) for index in range(len(sites))
    )
    positives = {
        site.site_id: int((one.label == 1).sum())
        for site, one in zip(sites, evidence, strict=True)
    }
    folds = splitter.deal(sites, positives)
    with replacing(paths.FOLDS) as temporary:
        folds.to_parquet(temporary, index=False)
    found = audit(
        sites, folds, evidence, features=columns, buffer_m=splitter.buffer_m, seed=seed
    )
    write_json(paths.LEAKAGE, found)
    log.info(
        "folds: %s labelled pixels a fold, position-only lift %.2f, site-only lift %.2f, "
        "a random split would add %.3f",
        folds.groupby("fold")["positives"].sum().tolist(),
        *(found[f"{name}_only_lift"] for name in ("position", "site")),
        found["random_minus_grouped"],
    )
    if params.value("folds.gate") and not found["passed"]:
        raise FoldError(
            f"the leakage audit failed in {found['failed']}: {found}. Look at "
            "sites.group_within_m, at the jitter of sites.layouts and at features that name "
            "the site; folds.gate=false reports without stopping."
        )
