"""Chapters on what the signatures are worth."""
