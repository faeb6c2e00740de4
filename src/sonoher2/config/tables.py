"""How tables are named, read and joined, and which of their columns is meant."""

from __future__ import annotations

from typing import Annotated, Any, Self, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from sonoher2.config.base import FilePath, Strict


def _known_encoding(value: str) -> str:
    try:
        # Python does not look up the encoding of no text at all
        "a".encode(value)
    except LookupError:
        raise ValueError("no such encoding of text; such as gb18030, big5, utf-16 or cp1252") from None
    return value


class TableReading(Strict):
    """How a table's file is read, where the file does not show it itself."""

    sheet: str | None = Field(None, description="Name of the sheet of an Excel workbook; the first one if left out.")
    header_row: Annotated[int, Field(ge=1)] | list[Annotated[int, Field(ge=1)]] | None = Field(
        None, description="Row of the header as a spreadsheet counts; two rows, such as [1, 2], are joined."
    )
    encoding: Annotated[str, AfterValidator(_known_encoding)] | None = Field(
        None, description="Encoding of a text table, such as gb18030; UTF-8 if left out."
    )

    @model_validator(mode="after")
    def _header_rows_follow(self) -> Self:
        rows = self.header_row
        if isinstance(rows, list) and (len(rows) != 2 or rows[1] != rows[0] + 1):
            raise ValueError("header_row is one row, or two that follow each other, such as [1, 2]")
        return self


class Join(TableReading):
    """Another table whose columns are added row by row."""

    table: FilePath
    on: str = Field(description="Column that both tables have and that is unique in the joined one.")


class Template(Strict):
    """A value built from other columns: ``Masks/{ID}.png``, then plain replacements."""

    template: str
    replace: dict[str, str] = {}


def _shape(value: Any) -> str:
    """Which of several forms a value was written in, so that an error speaks of that form alone."""
    if isinstance(value, dict | Template):
        return "template"
    return "several" if isinstance(value, list) else "name"


_Name: TypeAlias = Annotated[str, Tag("name")]
_FromTemplate: TypeAlias = Annotated[Template, Tag("template")]
ColumnSource = Annotated[_Name | _FromTemplate, Discriminator(_shape)]
"""A column's name; or, when it holds ``{...}``, a template over columns."""
ColumnSources = Annotated[_Name | _FromTemplate | Annotated[list[ColumnSource], Tag("several")], Discriminator(_shape)]
"""One column source or a list of them."""
