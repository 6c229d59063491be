"""Which observations are usable: mask profiles over quality bits, saturation and values."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from minecover.core.cube import Cube
from minecover.core.errors import ConfigError, SceneError
from minecover.core.landsat import QA_LAYOUTS, RADSAT_REFLECTIVE, THERMAL

log = logging.getLogger(__name__)

Bools = NDArray[np.bool_]
Range = Sequence[float]

FLAGS = sorted({flag for layout in QA_LAYOUTS.values() for flag in layout.flags})


@dataclass(frozen=True, slots=True)
class Profile:
    """What makes an observation unusable. One without data in every band always is.

    Parameters
    ----------
    name : str
        As in ``mask=<name>``.
    rejects : sequence of str
        Quality flags (`minecover.core.landsat.QA_LAYOUTS`) that reject a pixel. Flags that a
        product's layout lacks reject nothing, which is logged.
    use_radsat : bool
        Reject pixels where a reflective band is saturated.
    drop_water : bool
        Reject what the quality band calls water.
    cirrus_reflectance_above : float or None
        Reject pixels brighter than this in the cirrus band, B9.
    reflectance_range, kelvin_range : (lowest, highest) or None
        Values outside reject a pixel. Only float sources are checked: uint16 digital numbers
        cannot leave the range by more than what their sensor measured.
    dilate_px : int
        Reject what lies this near to a rejected pixel, at most the halo's width.
    """

    name: str
    rejects: Sequence[str]
    use_radsat: bool
    drop_water: bool
    cirrus_reflectance_above: float | None
    reflectance_range: Range | None
    kelvin_range: Range | None
    dilate_px: int

    def __post_init__(self) -> None:
        """Check that the flags exist, that ranges are ranges and no width is negative."""
        fix = f"Fix masks.{self.name}."
        if unknown := sorted(set(self.rejects) - set(FLAGS)):
            raise ConfigError(
                f"rejects must name quality flags ({', '.join(FLAGS)}), "
                f"found {', '.join(unknown)}. {fix}"
            )
        for limits in (self.reflectance_range, self.kelvin_range):
            if limits is not None and (len(limits) != 2 or limits[0] >= limits[1]):
                raise ConfigError(f"a range is [lowest, highest], found {list(limits)}. {fix}")
        if self.dilate_px < 0:
            raise ConfigError(f"dilate_px must be at least 0, found {self.dilate_px}. {fix}")

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands whose values are looked at one by one."""
        return () if self.cirrus_reflectance_above is None else ("B9",)

    def obstacle(self, cube: Cube) -> str:
        """Say what keeps the profile from being used on a cube; nothing if it can be."""
        needs_qa = bool(self.rejects) or self.use_radsat or self.drop_water
        if needs_qa and cube.qa_layout == "none":
            return (
                f"the scenes of {cube.dates[0]} to {cube.dates[-1]} have no quality band, "
                f"which mask={self.name} needs. Download *_QA_PIXEL.TIF (before Collection 2: "
                "*_BQA.TIF) into the product folders, or choose mask=none."
            )
        if self.drop_water and "water" not in QA_LAYOUTS[cube.qa_layout].flags:
            return (
                f"the quality layout {cube.qa_layout!r} has no water bit. "
                f"Set masks.{self.name}.drop_water=false, or use Collection 2 products."
            )
        if self.cirrus_reflectance_above is not None and "B9" not in cube.bands:
            return (
                f"mask={self.name} needs the cirrus band B9, "
                f"found {', '.join(cube.bands)}. Choose mask=strict."
            )
        if self.dilate_px > cube.halo_px:
            return (
                f"mask={self.name} looks {self.dilate_px} pixels around itself, more than the "
                f"halo of {cube.halo_px}. Raise the layouts' halo_px, or lower dilate_px."
            )
        return ""


def applicable(cube: Cube, profiles: Mapping[str, Profile], chosen: str) -> dict[str, Profile]:
    """Keep the profiles that can be used on a cube; the chosen one must be among them.

    Raises
    ------
    ConfigError
        If there is no such profile.
    SceneError
        If the chosen one cannot be used.
    """
    if chosen not in profiles:
        raise ConfigError(f"mask must be one of {', '.join(profiles)}, found {chosen}.")
    if obstacle := profiles[chosen].obstacle(cube):
        raise SceneError(obstacle)
    return {name: p for name, p in profiles.items() if not p.obstacle(cube)}


def valid(cube: Cube, profile: Profile) -> Bools:
    """Mark the usable observations.

    Returns
    -------
    (time, row, col) bool
        With the halo, in which pixels are judged like any other.

    Raises
    ------
    SceneError
        If the cube lacks something that the profile needs, say the quality band.
    """
    if obstacle := profile.obstacle(cube):
        raise SceneError(obstacle)
    bad = _without_data(cube) | _flagged(cube, profile) | _implausible(cube, profile)
    return ~np.stack([_grown(plane, profile.dilate_px) for plane in bad])


def _grown(plane: Bools, width_px: int) -> Bools:
    """Mark what lies within a distance of the marked pixels."""
    if width_px == 0 or not plane.any():
        return plane
    near: Bools = distance_transform_edt(~plane) <= width_px
    return near


def _without_data(cube: Cube) -> Bools:
    """Whether any band lacks data, (time, row, col)."""
    is_integer = np.issubdtype(cube.dn.dtype, np.unsignedinteger)
    lacking: Bools = np.asarray(cube.dn == 0) if is_integer else ~np.isfinite(cube.dn)
    return np.asarray(lacking.any(axis=1))


def _flagged(cube: Cube, profile: Profile) -> Bools:
    """Whether the quality bits reject a pixel, (time, row, col)."""
    bad = np.zeros(cube.qa.shape, np.bool_)
    if cube.qa_layout == "none":
        return bad
    layout = QA_LAYOUTS[cube.qa_layout]
    wanted = [*profile.rejects, *(["water"] if profile.drop_water else [])]
    if profile.use_radsat and cube.qa_layout == "c2":
        bad |= (cube.radsat & RADSAT_REFLECTIVE) != 0
    elif profile.use_radsat:
        wanted.append("saturated")
    missing = tuple(flag for flag in wanted if flag not in layout.flags)
    if missing:
        _say_missing(profile.name, layout.name, missing)
    for flag in wanted:
        if flag not in missing:
            bad |= layout.raised(cube.qa, flag)
    return bad


@cache
def _say_missing(profile: str, layout: str, flags: tuple[str, ...]) -> None:
    """Warn, once in a process, of flags that a layout cannot give."""
    log.warning(
        "mask=%s: the quality layout %r has no bits for %s; these reject nothing.",
        profile,
        layout,
        ", ".join(flags),
    )


def _implausible(cube: Cube, profile: Profile) -> Bools:
    """Whether a band's value rejects a pixel, (time, row, col)."""
    bad = np.zeros(cube.qa.shape, np.bool_)
    if profile.cirrus_reflectance_above is not None:
        bad |= cube.values("B9")[:, 0] > profile.cirrus_reflectance_above
    if not np.issubdtype(cube.dn.dtype, np.floating):
        return bad
    for limits, is_thermal in (
        (profile.reflectance_range, False),
        (profile.kelvin_range, True),
    ):
        bands = [band for band in cube.bands if (band in THERMAL) is is_thermal]
        if limits is not None and bands:
            values = cube.values(*bands)
            bad |= ((values < limits[0]) | (values > limits[1])).any(axis=1)
    return bad
