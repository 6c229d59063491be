"""`minecover completion`: print the shell completion script."""

import click


@click.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that lets SHELL complete commands and options.

    Add the printed lines to ~/.bashrc, ~/.zshrc or ~/.config/fish/completions/minecover.fish,
    or run them in the current shell.

    \b
    minecover completion bash
    minecover completion zsh
    """
    from click.shell_completion import get_completion_class

    from minecover.cli import main

    found = get_completion_class(shell)
    assert found is not None  # the choices above are the shells that click supports
    click.echo(found(main, {}, "minecover", "_MINECOVER_COMPLETE").source())
