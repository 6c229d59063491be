"""Map whole regions: cut an area into tiles, map them with Dask, record each in a ledger."""
