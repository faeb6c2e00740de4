"""What a study finds out: one file per analysis."""
