"""Figures of what the signatures are worth."""
