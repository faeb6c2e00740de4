"""Texts that are written from a result: summary, methods, results, model card."""
