"""The entry of a sweep: Hydra composes the jobs, and the sweeper `resuming` runs them."""

import os
import sys
from collections.abc import Sequence

import hydra
from hydra._internal.utils import get_args_parser
from omegaconf import DictConfig

from minecover.core.config import CONF

#: Options of Hydra that show something and run nothing.
SHOWS = ("help", "hydra_help", "cfg", "info", "shell_completion", "run")


def run(arguments: Sequence[str]) -> None:
    """Run a sweep.

    Parameters
    ----------
    arguments : sequence of str
        Hydra's command line: overrides and options. ``-m`` is added where it is missing.
    """
    options = get_args_parser().parse_args(arguments)
    shows = any(getattr(options, name, False) for name in SHOWS)
    multirun = [] if options.multirun or shows else ["--multirun"]
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    sys.argv = ["minecover sweep", *arguments, *multirun]
    hydra.main(str(CONF.resolve()), "config", version_base="1.3")(_single_run)()


def _single_run(config: DictConfig) -> None:
    """Refuse a single run: the sweeper hands the launcher a task of its own."""
    sys.exit("A sweep lists values: minecover sweep model=forest,boosted")
