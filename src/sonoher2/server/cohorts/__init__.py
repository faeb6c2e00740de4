"""Outlines of a cohort: a worklist, several readers, how far they agree, what is decided, and the export."""
