"""The entry of a sweep: Hydra composes the jobs, and the sweeper `resuming` runs them."""

import os
import sys
from collections.abc import Sequence

import hydra
from hydra._internal.utils import get_args_parser
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from minecover.core.composition import one_line, parses
from minecover.core.config import CONF
from minecover.core.errors import ConfigError
from minecover.core.overrides import not_composed, quoted

#: Options of Hydra that show something and run nothing.
SHOWS = ("help", "hydra_help", "cfg", "info", "shell_completion", "run")


def run(arguments: Sequence[str]) -> None:
    """Run a sweep.

    Parameters
    ----------
    arguments : sequence of str
        Hydra's command line: overrides and options. ``-m`` is added where it is missing.

    Raises
    ------
    ConfigError
        If an override cannot be read, or names an unknown key or option.
    """
    options = get_args_parser().parse_args(arguments)
    shows = any(getattr(options, name, False) for name in SHOWS)
    multirun = [] if options.multirun or shows else ["--multirun"]
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # Hydra would print a traceback of its own and end the process.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    # What Hydra reads may be a list of values; what it does not read is a path or text.
    words = [
        one if one.startswith("-") or parses(one) else quoted(one, parses) for one in arguments
    ]
    sys.argv = ["minecover sweep", *words, *multirun]
    try:
        hydra.main(str(CONF.resolve()), "config", version_base="1.3")(_single_run)()
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(not_composed(one_line(error), options.overrides, CONF)) from error


def _single_run(config: DictConfig) -> None:
    """Refuse a single run: the sweeper hands the launcher a task of its own."""
    sys.exit("A sweep lists values: minecover sweep model=forest,boosted")
