"""Statistics of predictions. Takes arrays only, so that a statistician can audit it alone."""
