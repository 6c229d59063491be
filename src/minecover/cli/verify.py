"""`minecover verify`: build a recorded model again, and compare."""

from pathlib import Path

import click


@click.command(short_help="Build TARGET again and check every byte.")
@click.argument("target")
@click.option(
    "--scratch", type=click.Path(path_type=Path), help="Build in this new folder, and keep it."
)
def verify(target: str, scratch: Path | None) -> None:
    """Build TARGET (a version or a commit) again in a scratch clone, and compare every byte.

    Everything is made anew with an empty cache: tables, model, scores. What differs from
    dvc.lock, from the registered model or from what lies here is named, the first stage first,
    and the exit code is 1. Takes as long as `make run`.

    \b
    minecover verify champion
    minecover verify HEAD --scratch /tmp/again
    """
    from minecover.core.errors import RegistryError
    from minecover.pipeline.release.verify import verify as verified

    found = verified(target, scratch)
    if found:
        raise RegistryError("\n".join([f"{target} was not built again as recorded:", *found]))
    click.echo(f"{target} was built again: model, tables and metrics are the same bytes.")
