"""Stage `imagery`: every site's scenes, as raw patches."""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.errors import SceneError
from minecover.core.files import replacing
from minecover.core.parallel import parallel_map
from minecover.core.sites import read_sites
from minecover.sources.fetch import FAILED, OK, Fetcher, Ledger, Outcome

log = logging.getLogger(__name__)

#: Columns of the index; the reasons stand in the ledger, since they may differ between runs.
COLUMNS = ["site_id", "status", "dates", "bytes", "sha256"]
#: Lost sites that an error names.
NAMED = 3


def run(params: Params) -> None:
    """Fetch all sites; stop if more fail than the configuration allows."""
    is_remote = bool(params.value("source.is_remote"))
    ledger = Ledger(paths.LEDGER)
    fetcher = Fetcher(
        params.build("source.scenes"),
        params.value("source.scenes"),
        paths.SCENE_STORE if is_remote else None,
        paths.SCENES,
        ledger,
        ledger.opened(),
    )
    # A service is waited for, on threads; what is computed or read here takes a core a site.
    threads = int(params.value("network.at_once")) if is_remote else None
    outcomes = parallel_map(read_sites(paths.SITES), fetcher, "imagery", threads=threads)
    _write(pd.DataFrame(outcomes)[COLUMNS], paths.SCENE_INDEX)
    check(outcomes, max_failed_fraction=float(params.value("source.max_failed_fraction")))
    count = Counter(one.status for one in outcomes)
    scenes = sum(len(one.dates.split()) for one in outcomes)
    size = sum(one.bytes for one in outcomes) / 1e6
    log.info(
        "imagery: %d sites, %d scenes, %.0f MB%s",
        count[OK],
        scenes,
        size,
        "".join(f"; {n} {status}" for status, n in sorted(count.items()) if status != OK),
    )


def check(outcomes: Sequence[Outcome], *, max_failed_fraction: float) -> None:
    """Refuse to go on with too few sites.

    A site that is not observed is no failure: it is left out, and never taken for ground
    without a mine.

    Raises
    ------
    SceneError
        If more sites failed than allowed, or none has a scene.
    """
    failed = [one for one in outcomes if one.status == FAILED]
    if len(failed) > max_failed_fraction * len(outcomes):
        raise SceneError(
            f"{len(failed)} of {len(outcomes)} sites failed, more than "
            f"source.max_failed_fraction={max_failed_fraction:g} allows. Run it again to ask "
            f"for those alone; {paths.LEDGER} says what happened. {_first(failed)}"
        )
    if not any(one.status == OK for one in outcomes):
        raise SceneError(f"no site has a scene. {_first(outcomes)}")


def _first(lost: Sequence[Outcome]) -> str:
    """Tell of the first lost sites."""
    told = "; ".join(f"{one.site_id}: {one.message}" for one in lost[:NAMED])
    return told + (f"; and {len(lost) - NAMED} more" if len(lost) > NAMED else "")


def _write(frame: pd.DataFrame, path: Path) -> None:
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")
