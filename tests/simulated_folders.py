"""Folders of simulated products that tests of maps share."""

from pathlib import Path

from minecover.core.config import composed
from minecover.sources.simulated_products import write_products
from minecover.sources.simulation.wide_area import Area

CONF = Path(__file__).parents[1] / "conf"
#: Mines per 100 km2: many, so that a small area holds some.
MINES_PER_100KM2 = 400.0


def write_simulated(folder: Path, *, rows: int, cols: int, dates: int) -> Path:
    """Write products of an area with many mines, on dates 16 days apart; return the folder."""
    parameters = composed(["source=simulated"], conf=CONF).build("world.parameters")
    area = Area(7, rows, cols, dates, MINES_PER_100KM2, parameters)
    write_products(area, folder, quiet=True)
    return folder
