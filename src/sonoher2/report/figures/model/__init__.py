"""Figures of what the signatures rest on."""
