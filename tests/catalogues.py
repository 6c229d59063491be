"""Texts of the code that people read, and the catalogues that translate them.

    python tests/catalogues.py

adds new texts to the catalogues and takes out those that the code no longer has; a new text is
empty until somebody translates it, and a test fails for as long as one is.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from minecover.core.language import CATALOGUE, ENGLISH, LANGUAGES

SOURCE = Path(__file__).parents[1] / "src/minecover"
LOCALE = SOURCE / "core/locale"
#: Functions that translate their first argument.
KEYWORDS = {"_": None, "say": None}
#: How to find texts in each kind of file; templates are read by Jinja's own extractor.
METHODS = {
    ".py": "python",
    ".js": "javascript",
    ".html": "jinja2.ext:babel_extract",
    ".kml": "jinja2.ext:babel_extract",
}


def texts_of_the_code() -> dict[str, list[tuple[str, int]]]:
    """Return every text that is translated, with the files that have it, sorted."""
    found: dict[str, list[tuple[str, int]]] = {}
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix not in METHODS or "leaflet" in path.parts:
            continue
        # Texts within template strings of JavaScript as well.
        options = {"trimmed": "false", "parse_template_string": "true"}
        with path.open("rb") as file:
            messages = list(extract(METHODS[path.suffix], file, KEYWORDS, (), options))
        for _, message, _, _ in messages:
            name = str(message if isinstance(message, str) else message[0])
            where = (str(path.relative_to(SOURCE)), 0)
            if where not in found.setdefault(name, []):
                found[name].append(where)
    return dict(sorted(found.items()))


def catalogue_of(language: str) -> Catalog:
    """Read the catalogue of a language, empty if there is none."""
    path = LOCALE / language / "LC_MESSAGES" / CATALOGUE
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> int:
    """Write a catalogue with the texts of the code; return how many are not translated."""
    before = catalogue_of(language)
    after = Catalog(
        locale=language,
        project="minecover",
        version="",
        copyright_holder="",
        fuzzy=False,
        creation_date=None,
        header_comment="# Texts of minecover that people read.",
    )
    for text, where in texts_of_the_code().items():
        known = before.get(text)
        after.add(text, str(known.string) if known else "", locations=where)
    stream = BytesIO()
    write_po(stream, after, width=96, include_lineno=False, omit_header=True)
    head = (
        f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    )
    path = LOCALE / language / "LC_MESSAGES" / CATALOGUE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head.encode() + stream.getvalue().strip() + b"\n")
    return sum(not message.string for message in after if message.id)


if __name__ == "__main__":
    for code in LANGUAGES:
        if code != ENGLISH:
            print(code, update(code), "texts are not translated")
