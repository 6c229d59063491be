"""Run one stage: `python -m minecover.pipeline NAME`."""

import importlib
import logging
import sys

from minecover.core.config import load_params
from minecover.core.errors import report_error
from minecover.pipeline import STAGES


def main(arguments: list[str]) -> int:
    """Run the named stage with params.yaml, and return the exit code.

    Parameters
    ----------
    arguments : list of str
        The name of the stage.

    Returns
    -------
    int
        0, or 1 after an error, or 2 for a wrong command line.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    # Its INFO lines count the features of each file that it writes.
    logging.getLogger("pyogrio").setLevel(logging.WARNING)
    if len(arguments) != 1 or arguments[0] not in STAGES:
        sys.stderr.write(f"usage: python -m minecover.pipeline {{{','.join(STAGES)}}}\n")
        return 2
    try:
        stage = importlib.import_module(f"minecover.pipeline.stages.{arguments[0]}")
        stage.run(load_params())
    # Of any kind: the outermost place, after which there is only a traceback.
    except (Exception, KeyboardInterrupt) as error:
        sentence = report_error(error, f"the stage {arguments[0]}")
        sys.stderr.write(f"{arguments[0]}: {sentence}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
