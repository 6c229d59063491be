"""The two sets that unet.py compares models on, in memory: tables, folds, and shared scoring.

Models of trees are fitted by the project's own functions on the columns of the experiment, or on
those of single pixels alone; the U-Net sees the latter as images.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from amazon_chips import Trained, read_chips
from numpy.typing import NDArray
from sampled import dealt

from minecover.core import paths
from minecover.core.config import Params, composed
from minecover.core.feature_table import SiteTable, read_table
from minecover.evaluation import ScoredModel, choose_thresholds, site_predictions
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.learning.calibration import calibrate
from minecover.learning.fitting import fit_folds, predict_out_of_fold
from minecover.learning.recipe import Recipe
from minecover.learning.sample import Sample, Split, count_rows, draw_sample
from minecover.learning.unet import Patches
from minecover.pipeline.stages.train import chosen_columns

F32 = NDArray[np.float32]
#: What is computed from more than a location: means and deviations in squares around it.
AROUND = re.compile(r"_(mean|sd)\d+m$|_rough\d+m_|_water_by_bare")
#: Draw of the folds of the chips, the first of those of amazon.py.
DRAW = 0


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Sites with labels, and which model may learn from which of them.

    Parameters
    ----------
    params : Params
        Of the experiment.
    columns : tuple of str
        What the tables hold.
    pixel_columns : tuple of str
        Those of them that the U-Net sees.
    tables : list of SiteTable
        Locations of each site.
    split : Split
    """

    params: Params
    columns: tuple[str, ...]
    pixel_columns: tuple[str, ...]
    tables: list[SiteTable]
    split: Split
