"""Stage `folds`: which ground is tested with which, and the audit of leaks."""

import logging
from collections.abc import Sequence

from joblib import Parallel, delayed

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.errors import FoldError
from minecover.core.feature_table import read_table
from minecover.core.files import replacing, write_json
from minecover.core.outputs import fetched_sites
from minecover.core.sites import Site
from minecover.learning.folds import GroupedFolds
from minecover.learning.leakage import Audit, Evidence, audit, feature_names

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Deal the folds by labelled pixels, look for leaks, and stop at one."""
    splitter = GroupedFolds(params.value("folds.n"), params.value("folds.buffer_m"))
    sites = fetched_sites()
    columns, evidence = look_at(params, sites)
    positives = {
        site.site_id: int((one.label == 1).sum())
        for site, one in zip(sites, evidence, strict=True)
    }
    folds = splitter.deal(sites, positives)
    with replacing(paths.FOLDS) as temporary:
        folds.to_parquet(temporary, index=False)
    found = audit(
        sites,
        folds,
        evidence,
        features=columns,
        buffer_m=splitter.buffer_m,
        seed=int(params.value("seed")),
    )
    write_json(paths.LEAKAGE, found)
    log.info(
        "folds: %s labelled pixels a fold, position-only lift %.2f, site-only lift %.2f, "
        "a random split would add %.3f",
        folds.groupby("fold")["positives"].sum().tolist(),
        *(found[f"{name}_only_lift"] for name in ("position", "site")),
        found["random_minus_grouped"],
    )
    pass_gate(params, found)


def look_at(params: Params, sites: Sequence[Site]) -> tuple[list[str], list[Evidence]]:
    """Gather what the audit looks at: the names of the features, and the evidence by site."""
    profile, seed = str(params.value("mask")), int(params.value("seed"))
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
    return columns, evidence


def pass_gate(params: Params, found: Audit) -> None:
    """Stop at a leak, unless the configuration says that it is only reported.

    Raises
    ------
    FoldError
        If the audit failed.
    """
    if params.value("folds.gate") and not found["passed"]:
        raise FoldError(
            f"the leakage audit failed in {found['failed']}: {found}. Look at "
            "sites.group_within_m, at the jitter of sites.layouts and at features that name "
            "the site; folds.gate=false reports without stopping."
        )
