"""Chapters on how results hold: other outlines, other sites, another cohort, audits."""
