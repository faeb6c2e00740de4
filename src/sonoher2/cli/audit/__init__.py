"""`sonoher2 audit`: whether a pipeline, this package's or another tool's, fools its user; one file per audit."""
