"""Stage `imagery`: the scenes of every site as raw patches."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import pandas as pd

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.cube import Cube
from minecover.core.errors import SceneError
from minecover.core.files import replacing
from minecover.core.ledger import Ledger
from minecover.core.parallel import parallel_map
from minecover.core.raster import read_cube
from minecover.core.sites import Site, read_sites
from minecover.core.watched import check_watched, paths_below
from minecover.sources.fetch import COLUMNS, FAILED, OK, Fetcher, Outcome

log = logging.getLogger(__name__)

#: Columns of the index; reasons stand in the fetch log, since they may differ between runs.
INDEX_COLUMNS = ["site_id", "status", "dates", "bytes", "sha256"]
#: Failed sites that an error names.
N_NAMED = 3


class Mask(Protocol):
    """What is needed here of `minecover.features.validity.Profile`.

    That package is no dependency of this stage: a change in it must not fetch scenes anew.
    """

    def obstacle(self, cube: Cube) -> str:
        """Return why the profile cannot be used on a cube, as a sentence; "" if it can."""
        ...


def run(params: Params) -> None:
    """Fetch the scenes of all sites; stop if more sites fail than the configuration allows."""
    check_files(params)
    is_remote = bool(params.value("source.is_remote"))
    ledger = Ledger(paths.FETCH_LEDGER, COLUMNS)
    fetcher = Fetcher(
        params.build("source.scenes"),
        params.value("source.scenes"),
        paths.SCENE_STORE if is_remote else None,
        paths.SCENES,
        ledger,
        Counter(line["digest"] for line in ledger.read()),
    )
    # Threads wait for a service; reading or computing takes a process per site.
    threads = int(params.value("network.at_once")) if is_remote else None
    mask: Mask = params.build(f"masks.{params.value('mask')}")
    outcomes = parallel_map(
        read_sites(paths.SITES),
        lambda site: fetch_site(fetcher, site, mask),
        "imagery",
        threads=threads,
    )
    _write(pd.DataFrame(outcomes)[INDEX_COLUMNS], paths.SCENE_INDEX)
    check_outcomes(
        outcomes, max_failed_fraction=float(params.value("source.max_failed_fraction"))
    )
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


def check_files(params: Params) -> None:
    """Refuse scenes that DVC does not watch.

    Parameters
    ----------
    params : Params
        Of it, `source` is read.
    """
    check_watched(
        paths_below(params.value("source.scenes"), "source.scenes"),
        watched=str(params.value("source.input")),
        fix="Set source.input (of a catalogue source.catalogue), from which the rest follows.",
    )


def fetch_site(fetcher: Callable[[Site], Outcome], site: Site, mask: Mask) -> Outcome:
    """Fetch a site, and refuse its scenes at once if the chosen mask cannot be used on them.

    Parameters
    ----------
    fetcher : callable
        Copies the scenes of a site into data/scenes, see `minecover.sources.fetch.Fetcher`.
    site : Site
        The site.
    mask : Mask
        The chosen mask profile.

    Returns
    -------
    Outcome
        Outcome of the site.

    Raises
    ------
    SceneError
        If the scenes lack what the mask needs, e.g. the quality band: the stage `features`
        would stop as well, after all sites were fetched.
    """
    outcome = fetcher(site)
    if outcome.status == OK:
        cube = read_cube(paths.SCENES / f"{site.site_id}.tif")
        if obstacle := mask.obstacle(cube):
            raise SceneError(f"site {site.site_id}: {obstacle}")
    return outcome


def check_outcomes(outcomes: Sequence[Outcome], *, max_failed_fraction: float) -> None:
    """Refuse a fetch in which too many sites failed.

    A site without a scene has not failed: it is left out, and never counts as ground without
    a mine.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One per site.
    max_failed_fraction : float
        Largest share of sites that may fail, 0 ... 1.

    Raises
    ------
    SceneError
        If more sites failed than allowed, or none has a scene.
    """
    failed = [one for one in outcomes if one.status == FAILED]
    if len(failed) > max_failed_fraction * len(outcomes):
        raise SceneError(
            f"{len(failed)} of {len(outcomes)} sites failed, more than "
            f"source.max_failed_fraction={max_failed_fraction:g} allows. Run "
            f"`dvc repro` again to fetch only those; {paths.FETCH_LEDGER} has the reasons. "
            f"{_describe_first(failed)}"
        )
    if not any(one.status == OK for one in outcomes):
        raise SceneError(f"no site has a scene. {_describe_first(outcomes)}")


def _describe_first(lost: Sequence[Outcome]) -> str:
    """Return the messages of the first sites."""
    text = "; ".join(f"{one.site_id}: {one.message}" for one in lost[:N_NAMED])
    return text + (f"; and {len(lost) - N_NAMED} more" if len(lost) > N_NAMED else "")


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV."""
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")
