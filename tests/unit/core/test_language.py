"""Languages: no text is missing or loses a value, numbers and dates by locale."""

import re
from datetime import date

import pytest
from catalogues import catalogue_of, texts_of_the_code

from minecover.cli import LANGUAGES as OPTIONS
from minecover.core.errors import ConfigError
from minecover.core.language import LANGUAGES, Language

OTHERS = [code for code in LANGUAGES if code != "en"]


@pytest.mark.parametrize("code", OTHERS)
def test_no_text_is_missing_from_a_catalogue_or_left_over(code: str) -> None:
    texts = texts_of_the_code()
    catalogue = {str(one.id): str(one.string) for one in catalogue_of(code) if one.id}

    assert len(texts) > 150
    assert [text for text in texts if not catalogue.get(text)] == []
    assert sorted(set(catalogue) - set(texts)) == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_values_of_its_text(code: str) -> None:
    def values(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    texts = Language(code).texts
    wrong = [text for text, translated in texts.items() if values(text) != values(translated)]

    assert wrong == []


@pytest.mark.parametrize(
    ("code", "number", "day"),
    [
        pytest.param("en", "1,234.5", "30 Jan 2019", id="English"),
        pytest.param("fr", "1 234,5", "30 janv. 2019", id="French"),
        pytest.param("pt", "1.234,5", "30 de jan. de 2019", id="Portuguese"),
        pytest.param("es", "1.234,5", "30 ene 2019", id="Spanish"),
    ],
)
def test_numbers_and_dates_follow_the_language(code: str, number: str, day: str) -> None:
    language = Language(code)

    assert re.sub(r"\s", " ", language.number(1234.5, 1)) == number
    assert language.day(date(2019, 1, 30)) == day


def test_a_language_without_catalogue_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no language 'de' \(found: en, fr, pt, es\)"):
        Language("de")


def test_the_command_line_offers_the_languages_that_there_are() -> None:
    assert OPTIONS == LANGUAGES
