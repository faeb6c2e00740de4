"""The candidate models, their search and their calibration."""
