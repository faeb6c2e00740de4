"""One patient and a frozen model."""
