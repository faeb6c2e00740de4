"""The bytes of a skops file without what changes from one writing to the next."""

from __future__ import annotations

import io
import json
from pathlib import PurePosixPath
from typing import Any
from zipfile import ZipFile, ZipInfo

_SCHEMA = "schema.json"


def stable_bytes(data: bytes) -> bytes:
    """Write a skops file again, so that the same model has the same bytes and the same sha256.

    skops names objects and arrays after addresses in memory, and the archive holds the time. Here both are numbered
    in the order in which the schema speaks of them, and the time is left out.

    Parameters
    ----------
    data
        From `skops.io.dumps`.
    """
    with ZipFile(io.BytesIO(data)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    schema = json.loads(members.pop(_SCHEMA))
    objects: dict[int, int] = {}
    files: dict[str, str] = {}

    def renumber(node: Any) -> None:
        if isinstance(node, list):
            for child in node:
                renumber(child)
        elif isinstance(node, dict):
            for key, value in node.items():
                if key == "__id__":
                    # from 1: skops takes 0 for no number
                    node[key] = objects.setdefault(value, len(objects) + 1)
                elif key == "file" and isinstance(value, str) and value in members:
                    node[key] = files.setdefault(value, f"{len(files)}{PurePosixPath(value).suffix}")
                else:
                    renumber(value)

    renumber(schema)
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as target:
        for old, new in files.items():
            target.writestr(ZipInfo(new), members[old])
        target.writestr(ZipInfo(_SCHEMA), json.dumps(schema, indent=2))
    return buffer.getvalue()
