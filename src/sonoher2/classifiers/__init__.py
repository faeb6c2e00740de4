"""The classical model zoo, its search and its calibration."""
