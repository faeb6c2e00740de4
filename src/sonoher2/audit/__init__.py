"""Audits: whether a pipeline, this package's or another tool's, fools its user."""
