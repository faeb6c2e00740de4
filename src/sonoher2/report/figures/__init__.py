"""The figures of the report, one subject per file; each function returns a matplotlib `Figure`."""
