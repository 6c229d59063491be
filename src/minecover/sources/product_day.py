"""The day of a product by its metadata, which must be one on which its satellite flew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType

from minecover.core.errors import SceneError

#: First days in orbit: USGS, Landsat satellite missions; ESA, Copernicus Sentinel-2 missions.
LAUNCHED: Mapping[str, date] = MappingProxyType(
    {
        "landsat-4": date(1982, 7, 16),
        "landsat-5": date(1984, 3, 1),
        "landsat-7": date(1999, 4, 15),
        "landsat-8": date(2013, 2, 11),
        "landsat-9": date(2021, 9, 27),
        "sentinel-2a": date(2015, 6, 23),
        "sentinel-2b": date(2017, 3, 7),
        "sentinel-2c": date(2024, 9, 5),
    }
)
#: Days in names: of Landsat since and before Collection 1, and of Sentinel-2.
_IN_NAMES = (
    (re.compile(r"L[A-Z]\d\d_\w{4}_\d{6}_(\d{8})_"), "%Y%m%d"),
    (re.compile(r"L[A-Z]\d\d{6}(\d{7})[A-Z]{3}\d\d"), "%Y%j"),
    (re.compile(r"S2[A-Z]_MSIL\w\w_(\d{8})T"), "%Y%m%d"),
)


def product_day(text: str, key: str, *, name: str, product: str, platform: str) -> date:
    """Return the day of a product.

    Parameters
    ----------
    text : str
        What its metadata say: ``"2017-01-15"``.
    key : str
        Under which key they say it.
    name : str
        Name of the metadata, for error messages.
    product : str
        Name of the product or of its file. Where it holds a day, it must be the same.
    platform : str
        The satellite.

    Raises
    ------
    SceneError
        If it is no day, lies before the launch of the satellite or after tomorrow (in some
        time zone it is tomorrow), or is another day than that of the name.
    """
    cure = "Replace the metadata by the file that was delivered with the product."
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise SceneError(f"{name}: {key} must be a date, found {text!r}. {cure}") from error
    if platform in LAUNCHED and day < LAUNCHED[platform]:
        raise SceneError(
            f"{name}: {key} is {day}, before {platform} was launched ({LAUNCHED[platform]}). "
            f"{cure}"
        )
    if day > date.today() + timedelta(days=1):
        raise SceneError(
            f"{name}: {key} is {day}, which lies in the future. {cure} If it is right, correct "
            "the clock of this computer."
        )
    named = _named_day(product)
    if named is not None and named != day:
        raise SceneError(
            f"{name}: {key} is {day}, but the name of the product says {named}. {cure}"
        )
    return day


def _named_day(product: str) -> date | None:
    """Return the day in the name of a product; None if there is none."""
    for form, order in _IN_NAMES:
        if found := form.match(product):
            try:
                return datetime.strptime(found[1], order).date()
            except ValueError:
                return None
    return None
