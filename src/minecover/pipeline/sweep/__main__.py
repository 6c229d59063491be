"""Run a sweep: `python -m minecover.pipeline.sweep -m model=forest,boosted folds.n=5`."""

import os
import sys

import hydra
from hydra._internal.utils import get_args_parser
from omegaconf import DictConfig

from minecover.core.config import CONF

#: Flags of Hydra that show something and run nothing.
SHOWS = ("help", "hydra_help", "version", "cfg", "info", "shell_completion", "run")


def main() -> None:
    """Let Hydra compose and launch; `-m` is meant even where it is not typed."""
    asked = get_args_parser().parse_args()
    if not asked.multirun and not any(getattr(asked, flag) for flag in SHOWS):
        sys.argv.append("--multirun")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    hydra.main(str(CONF.resolve()), "config", version_base="1.3")(_alone)()


def _alone(config: DictConfig) -> None:
    """Tell what to type: the sweeper hands the launcher a task of its own."""
    sys.exit(
        "A sweep is run with -m: python -m minecover.pipeline.sweep -m model=forest,boosted"
    )


if __name__ == "__main__":
    main()
