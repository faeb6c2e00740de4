"""Processes that do what takes a processor: reading images, outlining, predicting."""
