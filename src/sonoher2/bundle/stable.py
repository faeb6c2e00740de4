"""The bytes of a skops file without what changes from one writing to the next."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any
from zipfile import ZipFile, ZipInfo

from sonoher2.bundle.type_names import ATTRIBUTES, HOMES, NAMES

_SCHEMA = "schema.json"


def stable_bytes(data: bytes) -> bytes:
    """Write a skops file again, so that the same model has the same bytes and the same sha256.

    skops names objects and arrays after addresses in memory, and the archive holds the time. Here both are numbered
    in the order in which the schema speaks of them, and the time is left out. Equal words and numbers are one object:
    whether Python keeps them once or twice depends on which process made them.
    Our own types and their attributes get the names of the format.

    Parameters
    ----------
    data
        From `skops.io.dumps`.
    """
    source = ZipFile(io.BytesIO(data))
    members = set(source.namelist()) - {_SCHEMA}
    schema = json.loads(source.read(_SCHEMA))
    objects: dict[object, int] = {}
    files: dict[str, str] = {}

    def renumber(node: Any) -> None:
        if isinstance(node, list):
            for child in node:
                renumber(child)
        elif isinstance(node, dict):
            for key, value in node.items():
                if key == "__id__":
                    plain = (node.get("__class__"), node.get("content")) if node.get("is_json") else None
                    # from 1: skops takes 0 for no number
                    node[key] = objects.setdefault(plain or value, len(objects) + 1)
                elif key == "file" and isinstance(value, str) and value in members:
                    node[key] = files.setdefault(value, f"{len(files)}{PurePosixPath(value).suffix}")
                else:
                    renumber(value)

    renumber(schema)
    _each_object(schema, _name_as_written)
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as target:
        for old, new in files.items():
            target.writestr(ZipInfo(new), source.read(old))
        target.writestr(ZipInfo(_SCHEMA), json.dumps(schema, indent=2))
    return buffer.getvalue()


def at_home(data: bytes) -> bytes:
    """Give our own types and attributes in a skops file the names that they have now, so that skops finds them."""
    buffer = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as source, ZipFile(buffer, "w") as target:
        for member in source.infolist():
            content = source.read(member)
            if member.filename == _SCHEMA:
                schema = json.loads(content)
                _each_object(schema, _name_as_now)
                content = json.dumps(schema).encode()
            target.writestr(ZipInfo(member.filename), content)
    return buffer.getvalue()


def _each_object(node: Any, rename: Callable[[dict[str, Any], str], None]) -> None:
    """Rename each node that makes an object, given with the full name of its type."""
    if isinstance(node, list):
        for child in node:
            _each_object(child, rename)
    elif isinstance(node, dict):
        if "__class__" in node:
            rename(node, f"{node.get('__module__')}.{node['__class__']}")
        for child in node.values():
            _each_object(child, rename)


def _name_as_written(node: dict[str, Any], now: str) -> None:
    written = NAMES.get(now)
    if written is not None:
        node["__module__"], node["__class__"] = written.rsplit(".", 1)
        _rename_attributes(node, {new: old for old, new in ATTRIBUTES.get(written, {}).items()})


def _name_as_now(node: dict[str, Any], written: str) -> None:
    if written in HOMES:
        node["__module__"], node["__class__"] = HOMES[written].rsplit(".", 1)
        _rename_attributes(node, ATTRIBUTES.get(written, {}))


def _rename_attributes(node: dict[str, Any], names: Mapping[str, str]) -> None:
    """Rename attributes in their order, which decides the bytes; a reference to an object seen before holds none."""
    state = node.get("content")
    if names and isinstance(state, dict) and isinstance(state.get("content"), dict):
        state["content"] = {names.get(name, name): value for name, value in state["content"].items()}
