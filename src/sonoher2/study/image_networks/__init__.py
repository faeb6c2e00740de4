"""The segmenter and the enhancer that a study trains on its own training patients, fold by fold."""
