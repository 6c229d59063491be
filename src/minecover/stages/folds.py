"""Stage `folds`: which ground is tested with which, and the audit of leaks."""

import logging

from minecover.atomic import replacing, write_json
from minecover.config import Params
from minecover.errors import FoldError
from minecover.folds import GroupedFolds, audit
from minecover.stages import fetched_sites, over, paths
from minecover.table import read_table

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Deal the folds by labelled pixels, look for leaks, and stop at one."""
    splitter: GroupedFolds = params.build("folds.splitter")
    profile = str(params.value("mask.name"))
    sites = fetched_sites()
    labels = over(
        [paths.table("location", site.site_id) for site in sites],
        lambda path: read_table(path, features=[], profile=profile),
        "folds",
    )
    tables = {site.site_id: table for site, table in zip(sites, labels, strict=True)}
    positives = {name: int((table.label == 1).sum()) for name, table in tables.items()}
    folds = splitter.deal(sites, positives)
    with replacing(paths.FOLDS) as temporary:
        folds.to_parquet(temporary, index=False)
    found = audit(sites, folds, tables, seed=int(params.value("seed")))
    write_json(paths.LEAKAGE, found)
    log.info(
        "folds: %s labelled pixels a fold, position-only lift %.2f",
        folds.groupby("fold")["positives"].sum().tolist(),
        found["position_only_lift"],
    )
    if params.value("folds.gate") and not found["passed"]:
        raise FoldError(
            f"the leakage audit failed: {found}. Look at sites.group_within_m and at the "
            "jitter of sites.layouts; folds.gate=false reports without stopping."
        )
