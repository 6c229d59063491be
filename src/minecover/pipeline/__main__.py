"""Run one stage: `python -m minecover.pipeline NAME`."""

import importlib
import logging
import sys

from minecover.core.config import PARAMS, Params, load_params
from minecover.core.digests import file_digest
from minecover.core.errors import report_error
from minecover.core.files import write_text
from minecover.core.paths import CHECKED
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
        params = load_params()
        check_once(params)
        stage = importlib.import_module(f"minecover.pipeline.stages.{arguments[0]}")
        stage.run(params)
    # Of any kind: the outermost place, after which there is only a traceback.
    except (Exception, KeyboardInterrupt) as error:
        sentence = report_error(error, f"the stage {arguments[0]}")
        sys.stderr.write(f"{arguments[0]}: {sentence}\n")
        return 1
    return 0


def check_once(params: Params) -> None:
    """Check a configuration as `minecover params --write` does, unless it was checked before.

    `dvc exp run --set-param` writes params.yaml itself, and a person may edit it. Whichever
    stage runs first checks it; the others, and later runs, take seconds less.

    Parameters
    ----------
    params : Params
        The content of params.yaml.
    """
    digest = file_digest(PARAMS)
    if CHECKED.is_file() and CHECKED.read_text(encoding="utf-8") == digest:
        return
    # By name: what is checked changes no output, so that its code is no dependency of stages.
    importlib.import_module("minecover.pipeline.choices").check_choices(params)
    write_text(CHECKED, digest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
