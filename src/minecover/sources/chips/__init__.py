"""Label sets: small images with masks that somebody else made, one site each."""

from minecover.sources.chips.chip_set import Chip, ChipSet
from minecover.sources.chips.chip_sites import ChipLabels, ChipSites
from minecover.sources.chips.chip_table import ChipTable
from minecover.sources.chips.scenes import ChipScenes

__all__ = ["Chip", "ChipLabels", "ChipScenes", "ChipSet", "ChipSites", "ChipTable"]
