"""The command line `minecover`: results go to stdout, messages to stderr."""

import importlib
import logging
import os
import re
import sys
from pathlib import Path

import click

from minecover import __version__
from minecover.core.errors import DEBUG, report_error

#: The option --json of commands whose result a script may read.
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
#: The option --mask of commands that map with a model.
mask_option = click.option(
    "--mask",
    type=click.Choice(["model", "none"]),
    default="model",
    show_default=True,
    help="The mask that the model was trained with, or none for products without quality bits.",
)
#: As `minecover.core.language.LANGUAGES`, which takes a while to import.
LANGUAGES = ("en", "fr", "pt", "es")
#: The option --lang of commands that write what people read.
lang_option = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="Language of the page and of the summary.",
)
#: The options --model, --source and --out of commands that use a model.
model_option = click.option(
    "--model",
    default="models:/minecover@champion",
    show_default=True,
    help="A registered model, or the path of a pickle.",
)
source_option = click.option(
    "--source", required=True, help="A product folder, or an option of conf/source."
)
out_option = click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to.",
)
#: The option --pictures of commands that write a page.
pictures_option = click.option(
    "--pictures",
    default=100,
    show_default=True,
    type=click.IntRange(0),
    help="Number of candidates, by rank, with pictures of every date on the page.",
)
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
        "change": "change",
        "predict": "predict",
        "evaluate": "evaluate",
        "serve": "serve",
        "review": "review",
    },
    "Other": {
        "archive": "archive",
        "completion": "completion",
    },
}
#: Numbers with commas between them, as in a bounding box, or its beginning.
NUMBERS = re.compile(r"\s*[-+]?[\d.][-+\d.eE]*,[-+\d.eE,\s]*")
#: A word of the command line that holds nothing, and an option that does.
EMPTY = re.compile(r"\s*|--[\w-]+=\s*")
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

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse empty words; accept --debug after the command, where it is typed next time."""
        if empty := [n for n, word in enumerate(args) if EMPTY.fullmatch(word)]:
            before = " ".join(args[max(empty[0] - 1, 0) : empty[0] + 1]).strip()
            raise click.UsageError(
                f"nothing follows {before or 'minecover'!r}: a variable of the shell may be "
                "unset. An empty path would mean the working directory.",
                ctx,
            )
        others = [word for word in args if word != "--debug"]
        return super().parse_args(ctx, ["--debug"] * (len(others) < len(args)) + others)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; turn an error of any kind into a sentence and exit code 1."""
        try:
            return super().invoke(ctx)
        # What click itself shows; a reader that closed the pipe has seen enough.
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        # Of any kind: the outermost place, after which there is only a traceback.
        except (Exception, KeyboardInterrupt) as error:
            doing = f"minecover {ctx.invoked_subcommand}"
            raise click.ClickException(report_error(error, doing)) from error


class AreaCommand(click.Command):
    """A command whose AREA may begin with a minus: a box west of Greenwich is no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Move a bounding box behind all options, and join one that was typed with blanks."""
        words: list[str] = []
        for word in args:
            is_rest = words and NUMBERS.fullmatch(words[-1]) and words[-1].endswith(",")
            words[-1:] = [words[-1] + word] if is_rest else [*words[-1:], word]
        boxes = [word for word in words if word.startswith("-") and NUMBERS.fullmatch(word)]
        if "--" in words or not boxes:
            return super().parse_args(ctx, words)
        others = [word for word in words if word not in boxes]
        return super().parse_args(ctx, [*others, "--", *boxes])


def _set_debug(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Ask for tracebacks, in worker processes too."""
    if value:
        os.environ[DEBUG] = "1"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    callback=_set_debug,
    help="Print the traceback of an error as well.",
)
def main() -> None:
    """Find mines in public satellite imagery.

    Exit codes: 0 success, 1 an error that the message explains, 2 wrong usage. "minecover
    COMMAND --help" describes a command and shows an example.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    # pyogrio logs the number of records of every file.
    logging.getLogger("pyogrio").setLevel(logging.WARNING)
