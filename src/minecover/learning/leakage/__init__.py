"""Leakage audit of the folds: what of the test ground could be known in training."""

from minecover.learning.leakage.audit import Audit, audit
from minecover.learning.leakage.evidence import Evidence

__all__ = ["Audit", "Evidence", "audit"]
