"""Stage `folds`: the fold of every site, and the leakage audit."""

import logging
from collections.abc import Sequence

from joblib import Parallel, delayed

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.errors import FoldError
from minecover.core.feature_table import feature_names, read_table
from minecover.core.files import replacing, write_json
from minecover.core.outputs import fetched_sites
from minecover.core.sites import Site
from minecover.learning.folds import GroupedFolds
from minecover.learning.leakage import Audit, Evidence, audit

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Assign sites to folds, audit them for leakage, and stop if the audit fails."""
    splitter = GroupedFolds(params.value("folds.n"), params.value("folds.buffer_m"))
    sites = fetched_sites()
    columns, evidence = gather_evidence(params, sites)
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
    check_audit(params, found)


def gather_evidence(params: Params, sites: Sequence[Site]) -> tuple[list[str], list[Evidence]]:
    """Read what the leakage audit needs of the location tables.

    Parameters
    ----------
    params : Params
        Of it, `mask`, `seed` and `source.bands` are read.
    sites : sequence of Site
        Sites that have a location table.

    Returns
    -------
    columns : list of str
        Names of the features, those of the source's bands first.
    evidence : list of Evidence
        One per site, in their order.
    """
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


def check_audit(params: Params, found: Audit) -> None:
    """Refuse folds that leak, unless ``folds.gate`` is false.

    Parameters
    ----------
    params : Params
        Of it, `folds.gate` is read.
    found : Audit
        Result of the audit.

    Raises
    ------
    FoldError
        If the audit failed.
    """
    if params.value("folds.gate") and not found["passed"]:
        raise FoldError(
            f"the leakage audit failed in {found['failed']}: {found}. Check "
            "sites.group_within_m, the jitter of sites.layouts and features that identify the "
            "site; folds.gate=false reports without stopping."
        )
