"""Render a page as one HTML file that needs no network: template, styles, scripts, data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from minecover.core.language import Language
from minecover.reporting.page.scores import TEMPLATES

STYLES = ("leaflet/leaflet.css", "page.css")


def render_file(
    template: str,
    scripts: Sequence[str],
    data: Mapping[str, object],
    language: Language,
    values: Mapping[str, object],
) -> str:
    """Render a page as HTML, the same for the same content.

    Parameters
    ----------
    template : str
        Name of a template of this package.
    scripts : sequence of str
        Names of scripts of this package, in the order in which they run.
    data : mapping
        What the scripts read; JSON can hold it.
    language : Language
        Language of the page.
    values : mapping
        Further values of the template.
    """
    return TEMPLATES.get_template(template).render(
        _=language.text,
        lang=language.code,
        style=Markup("\n".join(_read(name) for name in STYLES)),
        scripts=[Markup(_read(name)) for name in scripts],
        data=_script_json(data),
        **values,
    )


def _script_json(content: object) -> Markup:
    """Return JSON that is safe inside a script element."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c"))


@cache
def _read(name: str) -> str:
    """Read a file of this package."""
    return files("minecover.reporting.page").joinpath(name).read_text(encoding="utf-8")
