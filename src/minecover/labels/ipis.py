"""Mine points from visits: open data of the International Peace Information Service (IPIS)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from minecover.core.errors import ConfigError, LabelError
from minecover.core.vector_checks import rows
from minecover.labels.dates import check_format, read_day
from minecover.labels.reading import read_features, require_columns
from minecover.labels.table import label_table
from minecover.labels.vector_files import read_outlines

#: Fields of every visit, whose column names are configured.
NEEDED = ("site", "name", "date", "longitude", "latitude")
#: English names of minerals by their French names, without accents and, for exports that lost
#: them, without the accented letters.
MINERALS = {
    "or": "gold",
    "cassitrite": "cassiterite",
    "diamant": "diamond",
    "cuivre": "copper",
    "argent": "silver",
    "plomb": "lead",
    "fer": "iron",
    "amethyste": "amethyst",
    "amthyste": "amethyst",
    "saphir": "sapphire",
    "manganse": "manganese",
    "heterognite": "heterogenite",
}


@dataclass(frozen=True, slots=True)
class IpisLabels:
    """Labels from visits to mining sites: one point per site, that of the latest visit.

    Parameters
    ----------
    visits : str
        CSV, GeoJSON, JSON response of a WFS, or any other file of points.
    polygons : str or None
        File of mine outlines, as `LabelFiles` reads it.
    columns : mapping of str to str
        Names in the file of ``site`` (the key that visits of one site share), ``name``,
        ``date``, ``longitude`` and ``latitude`` (these two are read from a CSV only).
    date_formats : sequence of str
        Formats of visits' dates (`datetime.strptime`), tried in this order; none may exchange
        day and month of another.
    area : sequence of float
        West, south, east, north of where mines can be [degrees], to detect swapped coordinates.
    layer, date_format : str or None
        Of the outlines, as for `LabelFiles`.

    References
    ----------
    https://ipisresearch.be, open data on artisanal mining sites in eastern DR Congo.
    """

    visits: str
    polygons: str | None
    columns: Mapping[str, str]
    date_formats: Sequence[str]
    area: Sequence[float]
    layer: str | None = None
    date_format: str | None = None

    def __post_init__(self) -> None:
        """Refuse an incomplete choice of columns and an invalid area."""
        if set(self.columns) != set(NEEDED):
            raise ConfigError(
                f"labels.reader.columns must name {', '.join(NEEDED)}, "
                f"found {', '.join(self.columns)}. Fix conf/labels/ipis.yaml."
            )
        if len(self.area) != 4 or self.area[0] >= self.area[2] or self.area[1] >= self.area[3]:
            raise ConfigError(
                "labels.reader.area must be [west, south, east, north] in degrees, "
                f"found {list(self.area)}. Fix conf/labels/ipis.yaml."
            )
        if not self.date_formats or _exchanged(self.date_formats):
            raise ConfigError(
                "labels.reader.date_formats must name at least one format, and none that "
                f"exchanges day and month of another, found {list(self.date_formats)}: "
                "03/04/2019 would be two days. Keep the one of the file."
            )
        check_format(self.date_format)

    def __call__(self) -> gpd.GeoDataFrame:
        """Read the visits, reduce them to the latest of each site, add the outlines.

        Returns
        -------
        GeoDataFrame
            The label table, see `minecover.labels.label_table`.

        Raises
        ------
        LabelError
            If a file cannot be read, lacks a column, or holds a visit without site,
            coordinates inside `area` or a readable date.
        """
        path = Path(self.visits)
        lon, lat = self.columns["longitude"], self.columns["latitude"]
        visits = read_features(path, longitude=lon, latitude=lat)
        needed = [self.columns[name] for name in ("site", "name", "date")]
        require_columns(visits, needed, path)
        self._check_places(visits, path)
        sites = latest_visits(visits, self.columns["site"], self._days(visits, path))
        points = gpd.GeoDataFrame(
            {
                "label_id": sites[self.columns["site"]].astype(str).to_numpy(),
                "kind": "point",
                "name": sites[self.columns["name"]].fillna("").astype(str).to_numpy(),
                "seen_from": "",
                "seen_to": "",
            },
            geometry=sites.geometry.to_numpy(),
            crs=sites.crs,
        )
        if self.polygons is None:
            return label_table(points)
        outlines = read_outlines(
            Path(self.polygons), layer=self.layer, date_format=self.date_format
        )
        return label_table(
            pd.concat([points.to_crs(outlines.crs), outlines], ignore_index=True)
        )

    def _check_places(self, visits: gpd.GeoDataFrame, path: Path) -> None:
        """Refuse visits without a site, outside the area, or that are not points."""
        nameless = visits[self.columns["site"]].isna().to_numpy()
        if nameless.any():
            raise LabelError(
                f"{path} has {int(nameless.sum())} visits without {self.columns['site']} "
                f"({rows(visits.index[nameless])}). Fill the column or delete the row."
            )
        wrong = sorted(set(visits.geom_type.dropna()) - {"Point"})
        if wrong:
            raise LabelError(
                f"{path} should hold one point per visit, found {', '.join(wrong)}. Export "
                "points; mine outlines belong in labels.reader.polygons."
            )
        geometry = visits.geometry.to_crs("EPSG:4326")
        west, south, east, north = self.area
        x, y = geometry.x.to_numpy(), geometry.y.to_numpy()
        # Missing coordinates are NaN, which is inside no range.
        outside = ~((west <= x) & (x <= east) & (south <= y) & (y <= north))
        if outside.any():
            row = int(outside.argmax())
            first = visits[self.columns["site"]].iloc[row]
            raise LabelError(
                f"{path} has {int(outside.sum())} visits without coordinates in "
                f"labels.reader.area={list(self.area)} (the first: row {visits.index[row]}, "
                f"{first}, longitude {x[row]:g}, latitude {y[row]:g}). Correct them (swapped? "
                "a decimal comma?), delete the rows, or widen the area."
            )

    def _days(self, visits: gpd.GeoDataFrame, path: Path) -> list[str]:
        """Return the ISO dates of the visits, "" where there is none."""
        days = []
        for row, value in visits[self.columns["date"]].items():
            try:
                days.append(read_day(value, self.date_formats))
            except ValueError as error:
                raise LabelError(
                    f"{path}, row {row}, {self.columns['date']}: {error}. Correct it, or add "
                    "its format to labels.reader.date_formats."
                ) from error
        return days


def _exchanged(formats: Sequence[str]) -> bool:
    """Whether one of the formats reads the text of another as a day of another month."""
    parts = str.maketrans({"d": "m", "m": "d"})
    return any(
        form != (other := form.translate(parts)) and other in formats for form in formats
    )


def latest_visits(visits: gpd.GeoDataFrame, site: str, days: Sequence[str]) -> gpd.GeoDataFrame:
    """Return the latest visit of each site, the last row among those of one day.

    Parameters
    ----------
    visits : GeoDataFrame
        One row per visit.
    site : str
        Name of the column that identifies sites.
    days : sequence of str
        ISO dates of the visits; "" counts as earlier than all.

    Returns
    -------
    GeoDataFrame
        One row per site, sorted by site.
    """
    order = np.argsort(np.array(days, dtype=str), kind="stable")
    return visits.iloc[order].drop_duplicates(site, keep="last").sort_values(site)


def mineral(name: str) -> str:
    """Return the English name of a mineral: ``"cassiterite"`` for ``"Cassitérite"``.

    An unknown name is returned in lower case without accents.
    """
    parts = unicodedata.normalize("NFKD", name.strip().lower())
    plain = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return MINERALS.get(plain, plain)
