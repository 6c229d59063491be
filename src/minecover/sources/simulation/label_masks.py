"""What labels of a plot say: mines as annotated, their true extents, and what looks mined."""

from __future__ import annotations

import numpy as np

from minecover.core.grid import Grid
from minecover.core.lattice import LANDSAT, Lattice
from minecover.sources.simulation.finer import (
    FINE_M,
    Finer,
    finer_ground,
    finer_mines,
    finer_network,
    mostly,
)
from minecover.sources.simulation.ground import Ground
from minecover.sources.simulation.layout import Plot
from minecover.sources.simulation.streams import Bools
from minecover.sources.simulation.valley import LOOK_ALIKES
from minecover.sources.simulation.world import World


def mine_masks(
    world: World, plot: Plot, lattice: Lattice
) -> tuple[Grid, list[tuple[Bools, Bools]]]:
    """Return a plot's grid on a lattice, and annotated and true extent of its mines."""
    network = world.network(plot)
    mines = world.mines(plot, network)
    if lattice == LANDSAT:
        return plot.grid, [(mine.outline, mine.active) for mine in mines]
    key, finer = (world.seed, plot.ground_id), Finer(plot.grid)
    fine = finer_mines(key, finer, finer_network(finer, network), mines)
    n = round(lattice.pixel_m / FINE_M)
    masks = [(mostly(mine.outline, n), mostly(mine.active, n)) for mine in fine]
    return finer.grid.merged(n), masks


def look_alike_masks(world: World, plot: Plot, lattice: Lattice) -> dict[str, Bools]:
    """Return where a plot looks mined and is not, by name, on the grid of `mine_masks`.

    Only worlds with valleys name such ground; the others do not label it.
    """
    if world.parameters.valleys is None:
        return {}
    ground = world.ground(plot)
    if lattice == LANDSAT:
        return look_alikes(ground)
    finer, n = Finer(plot.grid), round(lattice.pixel_m / FINE_M)
    found = look_alikes(finer_ground((world.seed, plot.ground_id), finer, ground))
    merged = {name: mostly(mask, n) for name, mask in found.items()}
    return {name: mask for name, mask in merged.items() if mask.any()}


def look_alikes(ground: Ground) -> dict[str, Bools]:
    """Return where a ground looks mined and is not, (row, col) bool, by name."""
    water = (ground.network.river > 0.5) & ~ground.is_mine
    marked = {"river": water}
    for kind, name in LOOK_ALIKES.items():
        here = (ground.cover == kind) & ~water
        marked[name] = marked[name] | here if name in marked else here
    return {name: mask for name, mask in marked.items() if np.any(mask)}
