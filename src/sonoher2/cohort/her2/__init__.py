"""HER2 status from raw IHC and ISH, by a named rule."""
