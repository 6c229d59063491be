"""What a map found, in sentences that a person reads: warnings first, then what was mapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd

from minecover.core import paths
from minecover.core.language import Language
from minecover.learning.model_card import ModelCard
from minecover.pipeline.candidate_files import (
    CANDIDATES,
    PAGE,
    MapRecord,
    read_candidates,
    read_record,
)
from minecover.prediction.region.tile_job import model_of

#: Candidates that a summary names.
N_NAMED = 5
#: Square metres of a square kilometre.
KM2 = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class MapSummary:
    """What a map, or a build, found.

    Parameters
    ----------
    candidates : GeoDataFrame
        The candidates, described.
    mapped_km2 : float or None
        Ground that was mapped; None if it is not known.
    unseen_share : float
        Share of it that was not observed.
    no_skill : str
        Why the model is no better than chance; empty if it is, or if nothing is known of it.
    is_simulated : bool
        Whether the scenes are simulated.
    fewest_dates : int
        Least number of dates that the model knows.
    """

    candidates: gpd.GeoDataFrame
    mapped_km2: float | None
    unseen_share: float
    no_skill: str
    is_simulated: bool
    fewest_dates: int

    @classmethod
    def of(cls, found: gpd.GeoDataFrame, of_map: MapRecord) -> MapSummary:
        """Return the summary of a map."""
        bundle = model_of(of_map.settings)
        pixel_m2 = bundle.card.lattice.pixel_m**2
        n = of_map.locations
        return cls(
            candidates=found,
            mapped_km2=n * pixel_m2 / KM2 if n else None,
            unseen_share=1 - of_map.seen / n if n else 0.0,
            no_skill=bundle.card.no_skill,
            is_simulated=of_map.is_simulated,
            fewest_dates=bundle.card.dates.fewest,
        )

    def warnings(self, language: Language) -> list[str]:
        """Return what one must know before looking at the candidates."""
        found, say, number = self.candidates, language.text, language.number
        warnings = []
        if self.no_skill:
            warnings.append(
                say("The model is {reason}. Its candidates are no reason to look at a place.",
                    reason=self.no_skill)
            )  # fmt: skip
        if self.is_simulated:
            warnings.append(say("These data are simulated: no place on this map is real."))
        few = int((found["dates_valid"] < self.fewest_dates).sum())
        counts = (
            # Without skill a model is applicable nowhere, which the first warning says.
            (0 if self.no_skill else int((~found["applicable"].astype(bool)).sum()),
             say("The model is not applicable to {n} of {all} candidates, so do not believe "
                 "their ranks: the ground is unlike the training data, small models of halves "
                 "of the training ground disagree with the model, or it never saw such a "
                 "sensor or so few dates.")),
            (few,
             say("{n} of {all} candidates were observed on fewer dates than the model was "
                 "trained with.")),
            (int(found["at_edge"].sum()),
             say("{n} of {all} candidates lie beside ground that was not observed, and may be "
                 "larger.")),
        )  # fmt: skip
        n_all = number(len(found))
        warnings += [text.format(n=number(n), all=n_all) for n, text in counts if n]
        return warnings

    def sentences(self, language: Language) -> list[str]:
        """Return what was mapped, and how much was found."""
        found, say, number = self.candidates, language.text, language.number
        sentences = []
        if self.mapped_km2 is not None:
            # Never rounded down to nothing: 99.99 % observed is not all.
            unseen = 100 * self.unseen_share
            sentences.append(
                say("Mapped {km2} km²; {unseen} % of it was not observed.",
                    km2=number(self.mapped_km2, 1), unseen=number(unseen, 1))
            )  # fmt: skip
        known = int(found["known"].sum())
        sentences.append(
            say("Candidates: {all}; new: {new}, on known mines: {known}.",
                all=number(len(found)), new=number(len(found) - known), known=number(known))
        )  # fmt: skip
        return sentences

    def lines(self, language: Language, page: Path | None) -> list[str]:
        """Return the summary as lines of text, the warnings first.

        Parameters
        ----------
        language : Language
            Language of the text.
        page : Path or None
            Where the page of the candidates lies.
        """
        say, number = language.text, language.number
        lines = [say("Warning: {text}", text=text) for text in self.warnings(language)]
        lines += self.sentences(language)
        for row in self.candidates.sort_values("rank").head(N_NAMED).itertuples():
            state = say("known") if row.known else say("new")
            place = say(
                "{rank}. {lat}, {lon}: {hectares} ha, probability {probability}, {state}",
                rank=number(row.rank),
                lat=format(row.lat, ".5f"),
                lon=format(row.lon, ".5f"),
                hectares=number(row.area_ha, 2),
                probability=number(row.max_probability, 2),
                state=state,
            )
            lines.append(f"  {place}")
        if page is not None:
            lines.append(say("Look at them in a browser: {page}", page=str(page)))
        return lines


def build_lines(language: Language) -> list[str]:
    """Return what the report of the build found, as lines of text; none before it was written.

    Parameters
    ----------
    language : Language
        Language of the text.
    """
    path = paths.CANDIDATES / f"{CANDIDATES}.parquet"
    if not path.is_file():
        return []
    card = ModelCard.read(paths.MODEL_CARD)
    # The scores, printed before, say whether the model is better than chance.
    is_simulated = bool(card.value("is_simulated"))
    fewest = card.dates.fewest
    found = MapSummary(read_candidates(path), None, 0.0, "", is_simulated, fewest)
    return found.lines(language, None)


def map_lines(folder: Path, language: Language) -> list[str]:
    """Return what a map found, as lines of text.

    Parameters
    ----------
    folder : Path
        Folder of the map.
    language : Language
        Language of the text.

    Raises
    ------
    RegionError
        If the folder holds no candidates.
    """
    of_map = read_record(folder)
    candidates = read_candidates(folder / f"{CANDIDATES}.parquet")
    page = folder / f"{PAGE}.html"
    return MapSummary.of(candidates, of_map).lines(language, page if page.is_file() else None)


def summary_lines(files: Sequence[Path], language: Language) -> list[str]:
    """Return the summary of a map that was written, as lines of text.

    Parameters
    ----------
    files : sequence of Path
        The files written; without a page among them there is no summary.
    language : Language
        Language of the text.
    """
    page = next((path for path in files if path.suffix == ".html"), None)
    if page is None:
        return []
    name = page.stem.replace(PAGE, CANDIDATES)
    candidates = read_candidates(page.with_name(f"{name}.parquet"))
    of_map = read_record(page.parent, name)
    return MapSummary.of(candidates, of_map).lines(language, page)
