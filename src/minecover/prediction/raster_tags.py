"""Tags by which the raster files of a map say what they are and what they were made from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from minecover import __version__
from minecover.core.map_classes import CLASS_NAMES
from minecover.prediction.bundle import ModelBundle

#: Tag of the acquisition dates: a list of days, or the first and the last one, divided by "/".
DATES_TAG = "MINECOVER_DATES"
LEGEND = ", ".join(f"{number} {name}" for number, name in enumerate(CLASS_NAMES))
#: What a layer of a map shows, as the image description of its files.
SHOWS = {
    "probability": "Probability of a mine, 0 to 1; at least {threshold} is a mine. "
    "NaN: not observed.",
    "class": f"{LEGEND}. A mine has a probability of at least {{threshold}}.",
}
#: What the bands of a map of a folder or site show.
BANDS = {
    "probability": SHOWS["probability"],
    "valid_dates": "Number of dates on which the location was observed.",
    "dissimilarity": "Dissimilarity to the training data.",
    "disagreement": "Probability of the contrary by models of parts of the training ground.",
    "applicable": "1: the model is applicable; 0: it extrapolates. NaN: not observed.",
}


def raster_tags(bundle: ModelBundle, *, source: str, dates: Sequence[date]) -> dict[str, str]:
    """Return tags that name model, threshold, source and dates; the same for the same map.

    Parameters
    ----------
    bundle : ModelBundle
        The model that made the map.
    source : str
        Name of the folder or of the option of conf/source that the scenes came from.
    dates : sequence of date
        Acquisition dates of the scenes.
    """
    return {
        "MINECOVER_VERSION": __version__,
        "MINECOVER_MODEL": bundle.name,
        "MINECOVER_MODEL_SHA256": bundle.sha256,
        "MINECOVER_MODEL_TRAINED_ON": _trained_on(bundle),
        "MINECOVER_THRESHOLD": threshold_text(bundle),
        "MINECOVER_MASK": str(bundle.card.value("mask")["name"]),
        "MINECOVER_SOURCE": source,
        DATES_TAG: " ".join(day.isoformat() for day in dates),
    }


def layer_tags(
    bundle: ModelBundle, layer: str, source: str, dates: Sequence[date]
) -> dict[str, str]:
    """Return the tags of a layer of a region's map, with a description that viewers show.

    Parameters
    ----------
    bundle, source, dates
        See `raster_tags`.
    layer : str
        A key of `SHOWS`.
    """
    shown = SHOWS[layer].format(threshold=threshold_text(bundle))
    return {
        "TIFFTAG_IMAGEDESCRIPTION": shown,
        **raster_tags(bundle, source=source, dates=dates),
    }


def threshold_text(bundle: ModelBundle) -> str:
    """Return the threshold of a model, as exact as its card has it."""
    return repr(float(bundle.card.value("threshold")))


def band_meanings(bundle: ModelBundle) -> dict[str, str]:
    """Return what each band of a map of a folder or site shows, by its name."""
    return {name: text.format(threshold=threshold_text(bundle)) for name, text in BANDS.items()}


def _trained_on(bundle: ModelBundle) -> str:
    """Return what a model was trained on; empty if its card does not say."""
    content = bundle.card.content
    said = " (simulated)" if content.get("is_simulated") else ""
    return f"{content.get('source', '')}{said}"
