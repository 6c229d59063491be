"""What everything stands on: grids, cubes, sites, sensors, rasters, configuration, errors."""
