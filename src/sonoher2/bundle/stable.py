"""The bytes of a skops file without what changes from one writing to the next."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from zipfile import ZipFile, ZipInfo

from sonoher2.bundle.type_names import HOMES, NAMES

_SCHEMA = "schema.json"


def stable_bytes(data: bytes) -> bytes:
    """Write a skops file again, so that the same model has the same bytes and the same sha256.

    skops names objects and arrays after addresses in memory, and the archive holds the time. Here both are numbered
    in the order in which the schema speaks of them, and the time is left out.
    Our own types get the names of the format.

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
    _rename(schema, NAMES)
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as target:
        for old, new in files.items():
            target.writestr(ZipInfo(new), members[old])
        target.writestr(ZipInfo(_SCHEMA), json.dumps(schema, indent=2))
    return buffer.getvalue()


def at_home(data: bytes) -> bytes:
    """Give our own types in a skops file the names of the modules where they live now, so that skops finds them."""
    buffer = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as source, ZipFile(buffer, "w") as target:
        for member in source.infolist():
            content = source.read(member)
            if member.filename == _SCHEMA:
                schema = json.loads(content)
                _rename(schema, HOMES)
                content = json.dumps(schema).encode()
            target.writestr(ZipInfo(member.filename), content)
    return buffer.getvalue()


def _rename(node: Any, names: Mapping[str, str]) -> None:
    """Change the type of each node that is named; the class itself keeps its last name."""
    if isinstance(node, list):
        for child in node:
            _rename(child, names)
    elif isinstance(node, dict):
        known = names.get(f"{node.get('__module__')}.{node.get('__class__')}")
        if known is not None:
            node["__module__"], node["__class__"] = known.rsplit(".", 1)
        for child in node.values():
            _rename(child, names)
