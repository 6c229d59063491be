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
    """A mask profile: which observations are rejected.

    An observation that lacks data in any band is always rejected.

    Parameters
    ----------
    name : str
        As in ``mask=<name>``.
    rejects : sequence of str
        Quality flags (`minecover.core.landsat.QA_LAYOUTS`) that reject a pixel. Flags that a
        product's layout lacks reject nothing, which is logged.
    use_radsat : bool
        Whether to reject pixels where a reflective band is saturated.
    drop_water : bool
        Whether to reject pixels that the quality band flags as water.
    cirrus_reflectance_above : float or None
        Reflectance in the cirrus band, B9, above which a pixel is rejected [1].
    reflectance_range, kelvin_range : (lowest, highest) or None
        Range outside which a value rejects its pixel [1], [K]. Only float sources are checked:
        uint16 digital numbers cannot leave the range by more than what their sensor measured.
    dilate_px : int
        Distance from a rejected pixel within which all others are rejected too, at most the
        width of the halo [px].
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
        """Refuse unknown flags, ranges that do not ascend and a negative distance."""
        fix = f"Fix masks.{self.name}."
        if unknown := sorted(set(self.rejects) - set(FLAGS)):
            raise ConfigError(
                f"rejects must name quality flags ({', '.join(FLAGS)}), "
                f"found {', '.join(unknown)}. {fix}"
            )
        for limits in (self.reflectance_range, self.kelvin_range):
            if limits is not None and (len(limits) != 2 or limits[0] >= limits[1]):
                raise ConfigError(
                    f"a range must be [lowest, highest], found {list(limits)}. {fix}"
                )
        if self.dilate_px < 0:
            raise ConfigError(f"dilate_px must be at least 0, found {self.dilate_px}. {fix}")

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands whose values are tested: the cirrus band, or none."""
        return () if self.cirrus_reflectance_above is None else ("B9",)

    def obstacle(self, cube: Cube) -> str:
        """Return why the profile cannot be used on a cube, as a sentence; "" if it can."""
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
                f"mask={self.name} uses pixels up to {self.dilate_px} px away, but the halo "
                f"has {cube.halo_px} px. Raise sites.layouts.*.halo_px, or lower "
                f"masks.{self.name}.dilate_px."
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
    if chosen not in profiles:
        raise ConfigError(
            f"mask must be one of {', '.join(profiles)}, found {chosen}. "
            "Fix `mask`, or add the profile to `masks` in conf/config.yaml."
        )
    if obstacle := profiles[chosen].obstacle(cube):
        raise SceneError(obstacle)
    return {name: p for name, p in profiles.items() if not p.obstacle(cube)}


def valid(cube: Cube, profile: Profile) -> Bools:
    """Return which observations a mask profile accepts.

    Parameters
    ----------
    cube : Cube
        A site's scenes, with a halo of at least ``profile.dilate_px``.
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
    bad = _without_data(cube) | _flagged(cube, profile) | _implausible(cube, profile)
    return ~np.stack([_dilated(plane, profile.dilate_px) for plane in bad])


def _dilated(plane: Bools, width_px: int) -> Bools:
    """Mark all pixels within a distance of the marked ones."""
    if width_px == 0 or not plane.any():
        return plane
    near: Bools = distance_transform_edt(~plane) <= width_px
    return near


def _without_data(cube: Cube) -> Bools:
    """Mark observations where any band lacks data, (time, row, col)."""
    is_integer = np.issubdtype(cube.dn.dtype, np.unsignedinteger)
    lacking: Bools = np.asarray(cube.dn == 0) if is_integer else ~np.isfinite(cube.dn)
    return np.asarray(lacking.any(axis=1))


def _flagged(cube: Cube, profile: Profile) -> Bools:
    """Mark observations that the quality bits reject, (time, row, col)."""
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
        _warn_missing(profile.name, layout.name, missing)
    for flag in wanted:
        if flag not in missing:
            bad |= layout.raised(cube.qa, flag)
    return bad


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
