"""Find mines in public satellite imagery, pixel by pixel, and make every step repeatable."""

from importlib import import_module

__version__ = "0.1.0"

#: What is offered here, and where it is: `import minecover` itself imports nothing. The types
#: stand in __init__.pyi.
_OFFERED = {"open_site": "minecover.api", "load_model": "minecover.api"}


def __getattr__(name: str) -> object:
    """Import what is asked for when it is asked for (PEP 562)."""
    if name not in _OFFERED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_OFFERED[name]), name)


def __dir__() -> list[str]:
    """List the names, those not imported yet included."""
    return sorted([*globals(), *_OFFERED])
