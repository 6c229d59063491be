"""Where the real data lies that the project itself does not ship."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("MINECOVER_REAL_DATA", "../shared/data"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    if not FOLDER.is_dir():
        pytest.skip(f"no real data in {FOLDER}; set MINECOVER_REAL_DATA to where it lies")
    return FOLDER.resolve()
