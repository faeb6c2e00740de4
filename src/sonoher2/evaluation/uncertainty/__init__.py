"""What may be answered besides a probability."""
