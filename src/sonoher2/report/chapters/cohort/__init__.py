"""Chapters on the patients and their lesions."""
