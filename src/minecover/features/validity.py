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
from minecover.core.quality_bits import (
    QA_LAYOUTS,
    SATURATED_APART,
    UNKNOWN_SCORE,
    clear_percent,
)
from minecover.core.sensors import THERMAL

log = logging.getLogger(__name__)

Bools = NDArray[np.bool_]
Range = Sequence[float]

FLAGS = sorted({flag for layout in QA_LAYOUTS.values() for flag in layout.flags})


@dataclass(frozen=True, slots=True)
class Profile:
    """A mask profile: which observations are rejected.

    An observation that lacks data in any band is always rejected.

    Parameters
    ----------
    name : str
        As in ``mask=<name>``.
    layouts : sequence of str
        Quality layouts that the profile is made for; empty for all. Tables have a column for
        each profile that is made for their scenes.
    rejects : sequence of str
        Quality flags (`minecover.core.quality_bits.QA_LAYOUTS`) that reject a pixel. Flags
        that a product's layout lacks reject nothing, which is logged.
    drop_saturated : bool
        Whether to reject pixels where a reflective band is saturated.
    drop_water : bool
        Whether to reject pixels that the quality band flags as water.
    cirrus_reflectance_above : float or None
        Reflectance in the cirrus band, cirrus, above which a pixel is rejected [1].
    reflectance_range, kelvin_range : (lowest, highest) or None
        Range outside which a value rejects its pixel [1], [K]. Only float sources are checked:
        uint16 digital numbers cannot leave the range by more than what their sensor measured.
    clear_score_min : float or None
        Lowest Cloud Score+ of Sentinel-2 that is accepted, 0 (cloud) ... 1 (clear), in whole
        percent; pixels without a score are rejected.
    dilate_m : float
        Distance from a rejected pixel within which all others are rejected too, at most the
        width of the halo [m].
    dilates : sequence of str or None
        Quality flags from which `dilate_m` is measured; None for every rejected pixel.
    """

    name: str
    layouts: Sequence[str]
    rejects: Sequence[str]
    drop_saturated: bool
    drop_water: bool
    cirrus_reflectance_above: float | None
    reflectance_range: Range | None
    kelvin_range: Range | None
    clear_score_min: float | None
    dilate_m: float
    dilates: Sequence[str] | None

    def __post_init__(self) -> None:
        """Refuse unknown names, ranges that do not ascend and values out of range."""
        fix = f"Fix masks.{self.name}."
        for key, names, known in (
            ("layouts", self.layouts, QA_LAYOUTS),
            ("rejects", self.rejects, FLAGS),
            ("dilates", self.dilates or (), self.rejects),
        ):
            if unknown := sorted(set(names) - set(known)):
                raise ConfigError(
                    f"{key} must be some of {', '.join(known) or 'rejects'}, "
                    f"found {', '.join(unknown)}. {fix}"
                )
        for limits in (self.reflectance_range, self.kelvin_range):
            if limits is not None and (len(limits) != 2 or limits[0] >= limits[1]):
                raise ConfigError(
                    f"a range must be [lowest, highest], found {list(limits)}. {fix}"
                )
        if self.clear_score_min is not None and not 0 <= self.clear_score_min <= 1:
            raise ConfigError(
                f"clear_score_min must lie in 0..1, found {self.clear_score_min:g}. {fix}"
            )
        if self.dilate_m < 0:
            raise ConfigError(f"dilate_m must be at least 0, found {self.dilate_m:g}. {fix}")

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands whose values are tested: the cirrus band, or none."""
        return () if self.cirrus_reflectance_above is None else ("cirrus",)

    def obstacle(self, cube: Cube) -> str:
        """Return why the profile cannot be used on a cube, as a sentence; "" if it can."""
        has_score = self.clear_score_min is not None
        needs_qa = bool(self.rejects) or self.drop_saturated or self.drop_water or has_score
        if needs_qa and cube.qa_layout == "none":
            return (
                f"the scenes of {cube.dates[0]} to {cube.dates[-1]} have no quality band, "
                f"which mask={self.name} needs. Download *_QA_PIXEL.TIF (before Collection 2: "
                "*_BQA.TIF; of Sentinel-2 L2A: *_SCL_20m.jp2) into the product folders, or do "
                "without a mask (mask=none in a build, --mask none of `minecover predict` and "
                "`minecover map`)."
            )
        if self.layouts and cube.qa_layout not in self.layouts:
            return (
                f"mask={self.name} is made for quality bands of the layout "
                f"{' or '.join(self.layouts)}, found {cube.qa_layout}. Choose mask="
                f"{'scl' if cube.qa_layout == 's2' else 'strict'}."
            )
        if has_score and (clear_percent(cube.qa) == UNKNOWN_SCORE).all():
            return (
                f"the scenes have no Cloud Score+, which mask={self.name} needs and only Earth "
                "Engine delivers. Choose mask=scl."
            )
        if self.drop_water and "water" not in QA_LAYOUTS[cube.qa_layout].flags:
            return (
                f"the quality layout {cube.qa_layout!r} has no water bit. "
                f"Set masks.{self.name}.drop_water=false, or use Collection 2 products."
            )
        if self.cirrus_reflectance_above is not None and "cirrus" not in cube.bands:
            return (
                f"mask={self.name} needs the cirrus band cirrus, "
                f"found {', '.join(cube.bands)}. Choose mask=strict."
            )
        if self.dilate_m > (halo_m := cube.halo_px * cube.grid.side_m):
            return (
                f"mask={self.name} uses pixels up to {self.dilate_m:g} m away, but the halo "
                f"has {halo_m:g} m. Raise sites.layouts.*.halo_m, or lower "
                f"masks.{self.name}.dilate_m."
            )
        return ""


def usable_profiles(
    cube: Cube, profiles: Mapping[str, Profile], chosen: str
) -> dict[str, Profile]:
    """Return the profiles that can be used on a cube; the chosen one must be among them.

    Parameters
    ----------
    cube : Cube
        A site's scenes.
    profiles : mapping of str to Profile
        Mask profiles by name.
    chosen : str
        Name of the profile that training and prediction use.

    Returns
    -------
    dict of str to Profile
        In the order of `profiles`.

    Raises
    ------
    ConfigError
        If there is no profile of the chosen name.
    SceneError
        If the chosen profile cannot be used.
    """
    if obstacle := chosen_profile(profiles, chosen).obstacle(cube):
        raise SceneError(obstacle)
    return {name: p for name, p in profiles.items() if not p.obstacle(cube)}


def chosen_profile(profiles: Mapping[str, Profile], chosen: str) -> Profile:
    """Return the profile of the chosen name.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if chosen not in profiles:
        raise ConfigError(
            f"mask must be one of {', '.join(profiles)}, found {chosen}. "
            "Fix `mask`, or add the profile to `masks` in conf/config.yaml."
        )
    return profiles[chosen]


def valid(cube: Cube, profile: Profile) -> Bools:
    """Return which observations a mask profile accepts.

    Parameters
    ----------
    cube : Cube
        A site's scenes, with a halo of at least ``profile.dilate_m``.
    profile : Profile
        The mask profile.

    Returns
    -------
    (time, row, col) bool
        True where the observation is usable, halo included.

    Raises
    ------
    SceneError
        If the cube lacks something that the profile needs, e.g. the quality band.
    """
    if obstacle := profile.obstacle(cube):
        raise SceneError(obstacle)
    bad = ~has_data(cube) | _flagged(cube, profile) | _implausible(cube, profile)
    width_px = profile.dilate_m / cube.grid.side_m
    seeds = bad if profile.dilates is None else _raised(cube, profile.dilates)
    near = np.stack([_dilated(plane, width_px) for plane in seeds])
    return ~(bad | near)


def _dilated(plane: Bools, width_px: float) -> Bools:
    """Mark all pixels within a distance of the marked ones."""
    if width_px == 0 or not plane.any():
        return plane
    near: Bools = distance_transform_edt(~plane) <= width_px
    return near


def has_data(cube: Cube) -> Bools:
    """Return which observations have data in all bands, (time, row, col)."""
    is_integer = np.issubdtype(cube.dn.dtype, np.unsignedinteger)
    found: Bools = np.asarray(cube.dn != 0) if is_integer else np.isfinite(cube.dn)
    return np.asarray(found.all(axis=1))


def _flagged(cube: Cube, profile: Profile) -> Bools:
    """Mark observations that the quality bits reject, (time, row, col)."""
    bad = np.zeros(cube.qa.shape, np.bool_)
    if cube.qa_layout == "none":
        return bad
    wanted = [*profile.rejects, *(["water"] if profile.drop_water else [])]
    if profile.drop_saturated:
        bad |= cube.saturated
        if cube.qa_layout not in SATURATED_APART:
            wanted.append("saturated")
    known = QA_LAYOUTS[cube.qa_layout].flags
    if missing := tuple(flag for flag in wanted if flag not in known):
        _warn_missing(profile.name, cube.qa_layout, missing)
    if profile.clear_score_min is not None:
        percent = clear_percent(cube.qa)
        bad |= (percent < round(100 * profile.clear_score_min)) | (percent == UNKNOWN_SCORE)
    return bad | _raised(cube, wanted)


def _raised(cube: Cube, flags: Sequence[str]) -> Bools:
    """Mark observations with any of some flags, (time, row, col); unknown ones are not."""
    raised = np.zeros(cube.qa.shape, np.bool_)
    layout = QA_LAYOUTS.get(cube.qa_layout)
    if layout is not None:
        for flag in set(flags) & set(layout.flags):
            raised |= layout.raised(cube.qa, flag)
    return raised


@cache
def _warn_missing(profile: str, layout: str, flags: tuple[str, ...]) -> None:
    """Warn once per process about flags that a layout lacks."""
    log.warning(
        "mask=%s: the quality layout %r has no bits for %s; these reject nothing.",
        profile,
        layout,
        ", ".join(flags),
    )


def _implausible(cube: Cube, profile: Profile) -> Bools:
    """Mark observations that the value of a band rejects, (time, row, col)."""
    bad = np.zeros(cube.qa.shape, np.bool_)
    if profile.cirrus_reflectance_above is not None:
        bad |= cube.values("cirrus")[:, 0] > profile.cirrus_reflectance_above
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
