"""Basic types and functions: grids, cubes, sites, sensors, rasters, configuration, errors."""
