r"""Two real dates, one before and one after a dam failed: what appeared, and what was there.

    minecover params --write experiment=brumadinho && dvc repro train
    minecover map -44.2003,-20.18,-44.0786,-20.10 --source ../shared/data/brumadinho \
        --model models/model.pkl --out brumadinho/ \
        --period 2019-01-01/2019-01-20 --period 2019-01-21/2019-02-28
    minecover change brumadinho/
    python benchmarks/change_brumadinho.py brumadinho/

Prints for each polygon that was drawn by hand whether it existed on the first date, which share
of it was mined in each period after smoothing, and the state of the largest mine on it. The
model was trained on these polygons: what is tried is the following, not the model.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import geopandas as gpd

from minecover.core.config import composed


def main() -> None:
    """Print one line for each polygon."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    labels = composed(["experiment=brumadinho"]).value("labels.input")
    # Dates as text: a missing one is no text.
    polygons = gpd.read_file(labels).to_crs("EPSG:32723")
    polygons["seen_from"] = polygons["seen_from"].astype("string").astype(object)
    mines = gpd.read_file(folder / "changes.geojson").to_crs(polygons.crs)
    in_time = gpd.read_file(folder / "changes.gpkg", layer="changes").to_crs(polygons.crs)
    periods = sorted(in_time["period"].unique())
    print(f"| polygon | kind | existed before | {' | '.join(periods)} | mine on it |")
    print("|---" * (len(periods) + 4) + "|")
    for polygon in polygons.itertuples():
        area = polygon.geometry.area
        shares = [
            in_time[in_time["period"] == name].intersection(polygon.geometry).area.sum() / area
            for name in periods
        ]
        on_it = mines.intersection(polygon.geometry).area
        state = mines["state"][on_it.idxmax()] if on_it.max() > 0 else "none"
        existed = "no" if isinstance(polygon.seen_from, str) else "yes"
        cells = " | ".join(f"{share:.2f}" for share in shares)
        print(f"| {polygon.name} | {polygon.kind} | {existed} | {cells} | {state} |")
    counts = mines["state"].value_counts().to_dict()
    print(f"\nmines that were followed: {counts}")


if __name__ == "__main__":
    main()
