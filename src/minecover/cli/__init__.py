"""The command line `minecover`: results go to stdout, messages to stderr."""

import importlib
import logging
import sys

import click

from minecover import __version__
from minecover.core.errors import MinecoverError

#: The option --json of commands whose result a script may read.
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
#: Sections of the help text: the commands of each, and the module of this package that defines
#: the command. Modules are imported when their command is used.
SECTIONS = {
    "Inputs": {
        "simulate": "simulate",
        "labels": "labels",
        "source": "source",
    },
    "Build": {
        "params": "params",
        "summary": "summary",
        "ui": "ui",
    },
    "Experiments": {
        "sweep": "sweep",
        "search": "sweep",
        "compare": "sweep",
        "adopt": "release",
    },
    "Registry": {
        "register": "release",
        "promote": "release",
        "rollback": "release",
        "trace": "release",
        "verify": "release",
    },
    "Maps and review": {
        "plan": "plan",
        "map": "map",
        "predict": "predict",
        "serve": "serve",
        "review": "review",
    },
    "Other": {
        "archive": "archive",
        "completion": "completion",
    },
}
MODULES = {name: module for group in SECTIONS.values() for name, module in group.items()}


class LazyGroup(click.Group):
    """A group that imports a command when it is used, and reports errors in one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the help text."""
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if there is no command of that name."""
        if cmd_name not in MODULES:
            return None
        module = importlib.import_module(f"{__name__}.{MODULES[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section, one line each."""
        width = max(len(name) for name in MODULES)
        for title, group in SECTIONS.items():
            with formatter.section(title):
                for name in group:
                    command = self.get_command(ctx, name)
                    text = command.get_short_help_str(limit=60) if command else ""
                    formatter.write(f"  {name:<{width}}  {text}\n")

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; turn a `MinecoverError` into a message and exit code 1."""
        try:
            return super().invoke(ctx)
        except MinecoverError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Find mines in public satellite imagery.

    Exit codes: 0 success, 1 an error that the message explains, 2 wrong usage. "minecover
    COMMAND --help" describes a command and shows an example.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    # pyogrio logs the number of records of every file.
    logging.getLogger("pyogrio").setLevel(logging.WARNING)
