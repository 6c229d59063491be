"""Files by a pattern such as ``images/{chip}_{date}.tif``, and the days in their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from minecover.core.errors import ConfigError

#: A part of a pattern that stands for text of a name, or ``*`` for any text.
PLACE = re.compile(r"\{(\w+)\}|\*")
#: The part that says when an image was taken.
DATE = "date"
#: Key of the day of images whose names have no date.
ALL = "all"
#: How days are written in names.
FORMATS = ("%Y-%m-%d", "%Y%m%d")
#: A year alone: the day in its middle, since such images are composites.
YEAR = re.compile(r"\d{4}")


def placeholders(pattern: str) -> list[str]:
    """Return the names in braces of a pattern, in order."""
    return [found for found in PLACE.findall(pattern) if found]


def matching(folder: Path, pattern: str) -> dict[Path, dict[str, str]]:
    """Return the files that match a pattern, sorted, each with the text at the placeholders.

    Parameters
    ----------
    folder : Path
        Where the pattern begins.
    pattern : str
        A path in the folder. ``{name}`` stands for text without a slash; of two, the first
        takes as much as it can. ``*`` stands for any text without a slash.
    """
    parts, end = [], 0
    for found in PLACE.finditer(pattern):
        name = found[1]
        parts += [
            re.escape(pattern[end : found.start()]),
            f"(?P<{name}>[^/]+)" if name else "[^/]*",
        ]
        end = found.end()
    whole = re.compile("".join([*parts, re.escape(pattern[end:])]))
    files = sorted(folder.glob(PLACE.sub("*", pattern)))
    matches = {file: whole.fullmatch(file.relative_to(folder).as_posix()) for file in files}
    return {file: match.groupdict() for file, match in matches.items() if match}


def day_of(tag: str, days: Mapping[str, str], file: Path) -> date:
    """Return the day of an image.

    Parameters
    ----------
    tag : str
        What its name has in place of ``{date}``; `ALL` if it has none.
    days : mapping of str to str
        ISO days by tag.
    file : Path
        The image, for the error.

    Returns
    -------
    date
        The day that `days` states; else that of a tag such as ``2019-01-25`` or ``20190125``,
        and 1 July of a year.

    Raises
    ------
    ConfigError
        If the tag is no day, and `days` does not state one.
    """
    text = str(days.get(tag, tag))
    for form in FORMATS:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    if YEAR.fullmatch(text):
        return date(int(text), 7, 1)
    raise ConfigError(
        f"{file} has no day: found {text!r}, which is neither a day such as 2019-01-25 or "
        f"20190125 nor a year. Write {{date}} where the names of source.chips.images have it, "
        f"or state its day as source.chips.days.{tag}."
    )
