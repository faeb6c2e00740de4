"""Reporting and quality checklists, filled with what a run can show."""
