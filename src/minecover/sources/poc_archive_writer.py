"""Write predictions and other arrays to archives of the 2017 proof of concept (PoC)."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from minecover.core.cube import F32
from minecover.core.files import write_text
from minecover.sources.poc_archive import ArchiveArray, Image, import_bcolz, read_index

#: Names of the sources to which predictions are written: by date, and over all dates.
INFERENCE, INFERENCE_TIMEAGG = "landsat8_inference", "landsat8_inference_timeagg"
#: Decimals of degrees in metadata.json.
DECIMALS = 10


def prediction_arrays(
    scenes: ArchiveArray, dates: Sequence[str], by_date: F32, together: F32
) -> list[tuple[ArchiveArray, Image]]:
    """Return predictions for a location as arrays of an archive, with their metadata.

    Parameters
    ----------
    scenes : ArchiveArray
        The scenes of the location.
    dates : sequence of str
        ISO dates of `by_date`.
    by_date : (date, row, col) float32
        Probability of a mine on each date.
    together : (row, col) float32
        Probability of a mine over all dates.

    Returns
    -------
    list of (ArchiveArray, array)
        Arrays of the sources `INFERENCE` and `INFERENCE_TIMEAGG`.
    """
    right, bottom = scenes.grid().transform @ together.shape[::-1]
    about = {
        **{key: scenes.metadata.get(key) for key in ("projection", "top_left", "pixel_size")},
        "bottom_right": [round(right, DECIMALS), round(bottom, DECIMALS)],
        "dates": [day.replace("-", "") for day in dates],
        # The PoC's viewer needs the corners, and its own predictions have the rest.
        "location_id": scenes.location_id,
        "source_id": scenes.source_id,
        "metadata": scenes.metadata,
    }
    return [
        (ArchiveArray(scenes.location_id, INFERENCE, about), by_date),
        (ArchiveArray(scenes.location_id, INFERENCE_TIMEAGG, about), together),
    ]


def write_arrays(folder: Path, images: Iterable[tuple[ArchiveArray, Image]]) -> None:
    """Write arrays to an archive, replacing those of the same location and source.

    ``metadata.json`` is written last, in the format of pandas: column, row number, value.

    Parameters
    ----------
    folder : Path
        The archive, created if it is missing.
    images : iterable of (ArchiveArray, array)
        Descriptions and values.
    """
    rows = {(s.location_id, s.source_id): s for s in read_index(folder)}
    for array, image in images:
        parent = folder / array.location_id
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=parent) as draft:
            new, path = Path(draft) / "new", parent / array.source_id
            import_bcolz().carray(image, rootdir=str(new), mode="w").flush()
            if path.is_dir():
                shutil.rmtree(path)
            new.rename(path)
        rows[array.location_id, array.source_id] = array
    columns = ("location_id", "source_id", "metadata")
    table = {
        name: {str(i): getattr(row, name) for i, row in enumerate(rows.values())}
        for name in columns
    }
    write_text(folder / "metadata.json", json.dumps(table, separators=(",", ":")))
