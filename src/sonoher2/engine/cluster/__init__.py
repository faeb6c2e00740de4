"""Steps on other machines, by Dask; only what is here imports `distributed`, and only when a cluster was asked for."""
