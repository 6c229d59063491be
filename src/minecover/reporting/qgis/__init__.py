"""QGIS styles of maps and candidates, and a project that opens all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from markupsafe import Markup

from minecover.core.files import write_text
from minecover.core.grid import LON_LAT
from minecover.core.map_classes import CLASS_COLOURS, CLASS_NAMES
from minecover.core.templates import templates_of

#: Colours of the outlines of candidates, as in the KML file.
KINDS = (
    {"value": "new", "label": "new", "colour": "213,94,0"},
    {"value": "known", "label": "touches a known mine", "colour": "0,114,178"},
)
#: Colours of mines by what became of them in a period.
CHANGE_COLOURS = {
    "appeared": "213,94,0",
    "grew": "230,159,0",
    "stable": "0,114,178",
    "shrank": "86,180,233",
    "split": "0,158,115",
    "merged": "204,121,167",
    # Not observed in that period: the outline that the others imply.
    "hidden": "138,138,134",
}
#: Names of columns that need a unit or a word more.
ALIASES = {
    "lat": "latitude",
    "lon": "longitude",
    "area_ha": "area [ha]",
    "dates_valid": "dates observed",
    "dates_seen": "dates on which it looked mined",
    "applicable": "the model is applicable",
    "at_edge": "ground beside it was not observed",
    "to_water_m": "distance to water [m]",
    "to_road_m": "distance to a road [m]",
    "to_known_mine_m": "distance to a known mine [m]",
    "known": "touches a known mine",
}
#: Matplotlib's magma in eight steps, the colours of probability in all pictures.
RAMP = (
    "#000004", "#1d1147", "#51127c", "#832681", "#b73779", "#e75263", "#fc8961", "#fec488",
    "#fcfdbf",
)  # fmt: skip

#: What QGIS adds to the number of a northern UTM zone in its list of CRS.
UTM_SRSID = 3084
#: The number of WGS 84 in that list.
LON_LAT_SRSID = 3452
#: Beginning of the ids of layers in a project: QGIS ignores ids of ten letters or less.
ID = "minecover_"


@dataclass(frozen=True, slots=True)
class RasterLayer:
    """A raster of a map.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        ``"probability"`` or ``"class"``.
    crs : str
        Its CRS, ``"EPSG:32635"``.
    """

    path: Path
    kind: str
    crs: str


def candidate_style() -> str:
    """Return the style of candidates as QML: known and new ones by colour, ranks as labels."""
    return _render("candidates.qml", kinds=KINDS, aliases=ALIASES)


def change_style() -> str:
    """Return the style of mines through time as QML, with the columns of their time."""
    kinds = [{"value": state, "colour": colour} for state, colour in CHANGE_COLOURS.items()]
    return _render("changes.qml", kinds=kinds)


def class_style() -> str:
    """Return the style of classes as QML, with their names."""
    colours = [
        {"hex": "#{:02x}{:02x}{:02x}".format(*colour[:3]), "alpha": colour[3], "label": label}
        for colour, label in zip(CLASS_COLOURS, CLASS_NAMES, strict=True)
    ]
    return _render("class.qml", colours=colours)


def probability_style(threshold: float) -> str:
    """Return the style of a probability as QML.

    Parameters
    ----------
    threshold : float
        Probability from which a location is a mine; the legend says so.
    """
    steps = len(RAMP) - 1
    marks = {step / steps: f"{step / steps:g}" for step in range(steps + 1)}
    marks[threshold] = f"{threshold:.3f} and more is a mine"
    items = [
        {"value": value, "colour": _colour(value), "label": marks[value]}
        for value in sorted(marks)
    ]
    return _render("probability.qml", items=items)


def write_styles(rasters: Sequence[RasterLayer], threshold: float) -> list[Path]:
    """Write the style of each raster beside it, where QGIS looks for it.

    Parameters
    ----------
    rasters : sequence of RasterLayer
        The rasters.
    threshold : float
        See `probability_style`.

    Returns
    -------
    list of Path
        The files written.
    """
    written = [raster.path.with_suffix(".qml") for raster in rasters]
    for raster, path in zip(rasters, written, strict=True):
        write_text(path, _style_of(raster, threshold))
    return written


def write_project(
    candidates: Path,
    rasters: Sequence[RasterLayer],
    *,
    threshold: float,
    bounds: Sequence[float],
    crs: str,
    title: str,
) -> Path:
    """Write a project that opens candidates and rasters, by paths relative to it.

    Parameters
    ----------
    candidates : Path
        The GeoPackage of the candidates; the project is written beside it, as ``*.qgs``.
    rasters : sequence of RasterLayer
        In the same folder or below it. The classes lie under the probabilities, switched off.
    threshold : float
        See `probability_style`.
    bounds : sequence of float
        West, south, east and north of what is shown at first, in `crs` [m].
    crs : str
        CRS of the project, a UTM zone: that of a raster, so that it is drawn without warping.
    title : str
        Title of the project.

    Returns
    -------
    Path
        The project.
    """
    folder = candidates.parent
    layers = [
        {
            "id": f"{ID}candidates",
            "name": "candidates",
            "kind": "vector",
            "source": f"./{candidates.name}|layername=candidates",
            "provider": "ogr",
            "crs": "EPSG:4326",
            "is_shown": True,
            "style": _inside(candidate_style()),
        }
    ]
    layers += [
        {
            "id": f"{ID}{raster.path.stem}",
            "name": raster.path.stem,
            "kind": "raster",
            "source": f"./{raster.path.relative_to(folder).as_posix()}",
            "provider": "gdal",
            "crs": raster.crs,
            "is_shown": raster.kind == "probability",
            "style": _inside(_style_of(raster, threshold)),
        }
        for raster in sorted(rasters, key=lambda raster: raster.kind, reverse=True)
    ]
    path = candidates.with_suffix(".qgs")
    text = _render("project.qgs", layers=layers, bounds=bounds, crs=crs, title=title)
    write_text(path, text)
    return path


def _style_of(raster: RasterLayer, threshold: float) -> str:
    return class_style() if raster.kind == "class" else probability_style(threshold)


def _inside(style: str) -> Markup:
    """Return the elements of a style, which a project holds without their root."""
    root = ElementTree.fromstring(style)
    return Markup("".join(ElementTree.tostring(child, encoding="unicode") for child in root))


def _colour(value: float) -> str:
    """Return the colour of a probability, between those of its neighbours in the ramp."""
    at = value * (len(RAMP) - 1)
    below = min(int(at), len(RAMP) - 2)
    first, second = (bytes.fromhex(RAMP[step][1:]) for step in (below, below + 1))
    mixed = (round(a + (b - a) * (at - below)) for a, b in zip(first, second, strict=True))
    return "#" + bytes(mixed).hex()


def _srsid(crs: str) -> int:
    """Return the number of a CRS in QGIS' own list: it reads no code of EPSG without one."""
    return LON_LAT_SRSID if crs == LON_LAT else UTM_SRSID + int(crs[-2:])


def _render(name: str, **values: object) -> str:
    return _TEMPLATES.get_template(name).render(values)


_TEMPLATES = templates_of("minecover.reporting.qgis")
_TEMPLATES.filters["srsid"] = _srsid
