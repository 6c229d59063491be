"""What a run was made with: the installed packages, and the time and memory that it took."""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import distributions

#: Packages whose versions decide what a model is; a tag names them.
DECISIVE = ("lightgbm", "numpy", "pandas", "scikit-learn", "scipy")
#: Prefix of the metrics that MLflow shows on its page of system metrics.
SYSTEM = "system/"


@lru_cache(1)
def package_versions() -> dict[str, str]:
    """Return the versions of all installed packages, by name, sorted."""
    found = {str(one.metadata["Name"]).lower(): str(one.version) for one in distributions()}
    return dict(sorted(found.items()))


def packages_text() -> str:
    """Return the installed packages as pip lists them, one a line, Python first."""
    lines = [f"{name}=={version}" for name, version in package_versions().items()]
    return "\n".join([f"# Python {platform.python_version()}", *lines]) + "\n"


def packages_tag() -> str:
    """Return the versions that decide what a model is, on one line."""
    versions = package_versions()
    known = [f"{name} {versions[name]}" for name in DECISIVE if name in versions]
    return ", ".join([f"Python {platform.python_version()}", *known])


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """Time and processor time of this process at one moment."""

    wall_s: float
    cpu_s: float

    @classmethod
    def started(cls) -> Stopwatch:
        """Return the present moment."""
        return cls(time.perf_counter(), time.process_time())

    def metrics(self) -> dict[str, float]:
        """Return what this process has used since, under the names of system metrics.

        Returns
        -------
        dict of float
            Seconds, processor seconds, their ratio in percent of all cores, and the largest
            memory of the process so far, where the system reports it.
        """
        wall = time.perf_counter() - self.wall_s
        cpu = time.process_time() - self.cpu_s
        found = {
            "seconds": wall,
            "cpu_seconds": cpu,
            "cpu_utilization_percentage": 100 * cpu / max(wall * (os.cpu_count() or 1), 1e-9),
        }
        if (memory := peak_memory_mb()) is not None:
            found["peak_memory_megabytes"] = memory
        return {f"{SYSTEM}{name}": round(value, 2) for name, value in found.items()}


def peak_memory_mb() -> float | None:
    """Return the largest memory of this process so far [MB]; None on Windows."""
    if sys.platform == "win32":
        return None
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(used / (1e6 if sys.platform == "darwin" else 1e3))
