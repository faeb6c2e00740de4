"""A study: the steps in order, cached and resumable."""
