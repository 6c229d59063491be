"""The command line: `minecover ...`, results on stdout, everything else on stderr.

A command is a file of this folder that holds a click command (or group) of its own name.
"""

import importlib
import logging
import pkgutil
import sys

import click

from minecover import __version__
from minecover.core.errors import MinecoverError

#: An option of every command whose answer a script may want.
for_scripts = click.option("--json", "as_json", is_flag=True, help="For scripts.")
#: Columns of the list of commands, and characters of what a command does.
WIDTH, SHORT = 12, 54
#: What a command is for, and which come under it; a command that is not named comes last.
SECTIONS = {
    "Look first": ("simulate", "labels", "source", "plan"),
    "Build": ("params", "register", "summary"),
    "Compare": ("ui", "search", "compare", "adopt", "promote", "rollback", "trace", "verify"),
    "Use": ("predict", "map", "serve", "review", "archive"),
}


class _Folder(click.Group):
    """The commands of this folder; a user's mistake is one sentence and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name for module in pkgutil.iter_modules(__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(importlib.import_module(f"{__name__}.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Leave the options to the first line: there are two."""
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a line a command, by section and without a gap, so that all fit one screen."""
        there = self.list_commands(ctx)
        named = {name for names in SECTIONS.values() for name in names}
        sections = {**SECTIONS, "More": tuple(name for name in there if name not in named)}
        for title, names in sections.items():
            here = [name for name in names if name in there]
            for head, name in zip([title, *[""] * len(here)], here, strict=False):
                command = self.get_command(ctx, name)
                short = command.get_short_help_str(limit=SHORT) if command else ""
                formatter.write(f"{head:<{WIDTH}}{name:<{WIDTH}}{short}\n")

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MinecoverError as error:
            raise click.ClickException(str(error)) from error


@click.group(
    cls=_Folder,
    options_metavar="[--version] [-h]",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__)
def main() -> None:
    """Find mines. Exit codes: 0 done, 1 mend what the message says, 2 wrong usage."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    # It counts every file's records.
    logging.getLogger("pyogrio").setLevel(logging.WARNING)
