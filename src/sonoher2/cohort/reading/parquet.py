"""Rows of a Parquet file, within limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sonoher2.cohort.reading.sheet import MOST_BYTES, MOST_CELLS, MOST_COLUMNS, MOST_ROWS, Sheet, filled, too_large
from sonoher2.cohort.reading.text import as_text
from sonoher2.core.errors import InputError

_PIECE = 10_000
"""Rows that are decoded at once."""


def read_parquet(path: Path) -> Sheet:
    """Rows of a Parquet file; its column names are row 1.

    Raises
    ------
    InputError
        The file is damaged, too large, or holds columns of lists or records.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    where = path.name
    try:
        with pq.ParquetFile(path) as file:
            described = file.metadata
            size = sum(described.row_group(i).total_byte_size for i in range(described.num_row_groups))
            columns, rows = len(file.schema_arrow), described.num_rows
            if rows > MOST_ROWS or columns > MOST_COLUMNS or rows * columns > MOST_CELLS or size > MOST_BYTES:
                raise too_large(where)
            _refuse_nested(file.schema_arrow, where)
            table = _decoded(file, where)
    except InputError:
        raise
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        OverflowError,
        NotImplementedError,
        MemoryError,
        pa.ArrowException,
    ) as error:
        what = "the table cannot be read: the Parquet file is damaged"
        raise InputError(what, where=where, fix="Write it anew") from error
    names = [as_text(name) for name in table.column_names]
    cells = [[as_text(value) for value in column.to_pylist()] for column in table.columns]
    body = ((number, list(row)) for number, row in enumerate(zip(*cells, strict=True), start=2))
    return Sheet([(1, names), *filled(body, where)], where)


def _decoded(file: Any, where: str) -> Any:
    """Rows in pieces, since a small file may stand for gigabytes of text."""
    import pyarrow as pa

    pieces, size = [], 0
    for piece in file.iter_batches(batch_size=_PIECE):
        size += piece.nbytes
        if size > MOST_BYTES:
            raise too_large(where)
        pieces.append(piece)
    return pa.Table.from_batches(pieces, schema=file.schema_arrow)


def _refuse_nested(schema: Any, where: str) -> None:
    import pyarrow as pa

    nested = [field.name for field in schema if pa.types.is_nested(field.type)]
    if nested:
        what = f"the column '{nested[0]}' holds lists or records"
        raise InputError(what, where=where, fix="Give one value in each cell")
