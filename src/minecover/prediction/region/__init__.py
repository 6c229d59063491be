"""Maps of whole regions: an area cut into tiles, a ledger of them, and Dask to do them."""
