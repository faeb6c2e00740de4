"""Further analyses: each table as its schema declares it."""

from __future__ import annotations

from collections.abc import Iterator

from sonoher2.report.content.parts import Chapter, Part, Table
from sonoher2.report.content.view import View
from sonoher2.study.steps.tables import declared

LONG = 25
"""Rows above which a table scrolls."""


def further_parts(view: View) -> Iterator[Part]:
    """One table for each analysis that has no chapter of its own."""
    known = declared()
    for name, data in view.result.extra.items():
        schema = known.get(f"extra.{name}")
        if schema is not None:
            meanings = (f"{column.heading}: {column.meaning}" for column in schema.columns if column.name in data)
            caption = "; ".join(meanings) + "."
            yield Table(name, schema.title, caption, data, schema.shown(data), long=len(data) > LONG)


FURTHER = Chapter("further", "Further analyses", further_parts)
