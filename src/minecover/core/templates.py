"""Jinja templates that lie beside the modules which fill them in."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined


def templates_of(package: str) -> Environment:
    """Return the templates of a package, for HTML and XML.

    Values are escaped, and a name without a value is an error.

    Parameters
    ----------
    package : str
        Dotted name of the package whose folder holds the files.
    """
    return Environment(
        loader=PackageLoader(package, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
