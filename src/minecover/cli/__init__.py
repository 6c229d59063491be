"""The command line: `minecover ...`, results on stdout, everything else on stderr.

A command is a file of this folder that holds a click command (or group) of its own name.
"""

import importlib
import logging
import pkgutil
import sys

import click

from minecover import __version__
from minecover.errors import MinecoverError


class _Folder(click.Group):
    """The commands of this folder; a user's mistake is one sentence and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name for module in pkgutil.iter_modules(__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(importlib.import_module(f"{__name__}.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MinecoverError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Folder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Find mines in public satellite imagery, pixel by pixel.

    Exit codes: 0 done, 1 something you can mend (the message says how), 2 wrong usage.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
