"""Figures of how results hold: under other outlines, at other sites, in another cohort, under audit."""
