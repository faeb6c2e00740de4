"""Chapters on what the signatures rest on."""
