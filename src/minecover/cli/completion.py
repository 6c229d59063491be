"""`minecover completion`: the Tab key, for three shells."""

import click


@click.command(short_help="Complete commands at the Tab key.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes a shell complete commands and options at the Tab key.

    Add the printed lines to ~/.bashrc, ~/.zshrc or ~/.config/fish/completions/minecover.fish,
    or try them in the shell that is open.

    \b
    minecover completion bash
    minecover completion zsh
    """
    from click.shell_completion import get_completion_class

    from minecover.cli import main

    found = get_completion_class(shell)
    assert found is not None  # click.Choice lets through what click itself completes
    click.echo(found(main, {}, "minecover", "_MINECOVER_COMPLETE").source())
