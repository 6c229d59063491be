"""Find mines in public satellite imagery, pixel by pixel, and make every step repeatable."""

from importlib import import_module

__version__ = "0.1.0"

#: Public names and their modules. They are imported on first use, so that `import minecover` is
#: fast; __init__.pyi declares their types.
_PUBLIC = {"open_site": "minecover.api", "load_model": "minecover.api"}


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    """Return all names, including those that are not imported yet."""
    return sorted([*globals(), *_PUBLIC])
