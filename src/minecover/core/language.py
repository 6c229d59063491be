"""Languages of what people read: gettext catalogues, numbers and dates by locale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from minecover.core.errors import ConfigError

#: Languages that there are; the texts in the code are the catalogue of the first.
LANGUAGES = ("en", "fr", "pt", "es")
ENGLISH = LANGUAGES[0]
#: Name of the catalogues in the folder ``locale``.
CATALOGUE = "minecover.po"


@dataclass(frozen=True, slots=True)
class Language:
    """A language.

    Parameters
    ----------
    code : str
        One of `LANGUAGES`.

    Raises
    ------
    ConfigError
        If there is no such language.
    """

    code: str

    def __post_init__(self) -> None:
        """Refuse a language that has no catalogue."""
        if self.code not in LANGUAGES:
            raise ConfigError(
                f"there is no language {self.code!r} (found: {', '.join(LANGUAGES)}). "
                "Choose one of these with --lang."
            )

    @property
    def texts(self) -> dict[str, str]:
        """Every text of the catalogue by its English one; empty for English."""
        return _catalogue(self.code)

    def text(self, english: str, **values: object) -> str:
        """Return a text, with values in place of its ``{names}``.

        Parameters
        ----------
        english : str
            The text as in the code; it is returned where the catalogue lacks it.
        **values : object
            Text as it is to be shown: numbers by `number`, dates by `day`.
        """
        found = _catalogue(self.code).get(english, english)
        return found.format(**values) if values else found

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number with separators of the language: 1,234.5 or 1 234,5."""
        places = f".{'0' * decimals}" if decimals else ""
        return str(format_decimal(value, format=f"#,##0{places}", locale=self.code))

    def day(self, day: date) -> str:
        """Return a date as it is written in the language: Jan 30, 2019 or 30 janv. 2019."""
        pattern = "d MMM yyyy" if self.code == ENGLISH else "medium"
        return str(format_date(day, pattern, locale=self.code))


IN_ENGLISH = Language(ENGLISH)


@cache
def _catalogue(code: str) -> dict[str, str]:
    """Read a catalogue; texts that are not translated or only guessed are left out."""
    if code == ENGLISH:
        return {}
    path = files("minecover.core").joinpath("locale", code, "LC_MESSAGES", CATALOGUE)
    with path.open("rb") as file:
        catalogue = read_po(file, locale=code)
    return {
        str(message.id): str(message.string)
        for message in catalogue
        if message.id and message.string and not message.fuzzy
    }
