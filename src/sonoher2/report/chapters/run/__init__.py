"""Chapters on the run itself: its checks, findings, drafts and provenance."""
