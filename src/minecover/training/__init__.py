"""Learn from the tables: sample the negatives, predict out of fold, calibrate, cut, ship."""

from minecover.training.inner import Cleaning, EarlyStopping
from minecover.training.learn import Choice, Learned, finished, learn
from minecover.training.recipe import Recipe
from minecover.training.sample import Sample, Split, Tables
from minecover.training.score import DECIMALS, FITTED_DECIMALS, probability

__all__ = [
    "DECIMALS",
    "FITTED_DECIMALS",
    "Choice",
    "Cleaning",
    "EarlyStopping",
    "Split",
    "Learned",
    "Recipe",
    "Sample",
    "Tables",
    "finished",
    "learn",
    "probability",
]
