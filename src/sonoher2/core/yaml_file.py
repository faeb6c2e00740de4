"""Reading YAML as a user means it; what cannot be read is named with its line, whatever stands in the file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from sonoher2.core.errors import InputError

MOST_BYTES = 512 << 10
LARGEST_NUMBER = 10**100
MOST_LEVELS = 50
MOST_VALUES = 50_000
"""Limits of a study file; one with a thousand columns has about 10,000 values. Aliases count each time."""


# YAML 1.1 makes 8 of a site called 010, 90 of 1:30 and 1 of +1
_NO_NUMBER = re.compile(r"[-+]?0[\d_]+(\.\d*)?|\+.*|.*:.*")


class _Loader(yaml.SafeLoader):
    """Equal keys are an error, keys are words; yes, no, dates, 010, 1:30 and +1 stay the words that were written."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        tag = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        is_number = kind is yaml.ScalarNode and tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
        return "tag:yaml.org,2002:str" if is_number and _NO_NUMBER.fullmatch(value) else tag

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _problem("a key must be a word, not a list or a mapping", key_node)
            key = self.construct_object(key_node, deep=deep)
            if key in seen:
                raise _problem(f"the key '{key}' stands twice", key_node)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep)
        except yaml.YAMLError:
            raise
        except Exception:
            # the readers of numbers, dates and tags such as !!int raise whatever Python raises
            kind = node.tag.rpartition(":")[2]
            raise _problem(f"this value cannot be read as '{kind}'; put text into quotes", node) from None
        # a number written in another base may be too long to be shown
        if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
            raise _problem("this number is far too large", node)
        if isinstance(value, str) and not _is_text(value):
            raise _problem("this text holds half a character (a lone surrogate)", node)
        return value


# YAML 1.1 reads `levels: [no, yes]` as booleans and `test_from: 2020-01-01` as a date
_FIRST_LETTERS = {"tag:yaml.org,2002:bool": "tTfF", "tag:yaml.org,2002:timestamp": ""}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if (first or "") in _FIRST_LETTERS.get(tag, first or "")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(path: Path) -> dict[Any, Any]:
    """Read a YAML file that holds keys.

    Raises
    ------
    InputError
        It cannot be read, is too large or nested too deep, holds no keys, or a value is not what its form says.
    """
    text = _read_text(path)
    try:
        values = _construct(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise InputError(f"not readable as YAML: {problem}", where=where, fix="Mend that line") from None
    except RecursionError:
        raise InputError(_TOO_DEEP, where=str(path), fix="See docs/study-file.md") from None
    if not isinstance(values, dict):
        raise InputError("the study file holds no keys", where=str(path), fix="See docs/study-file.md")
    return values


_TOO_DEEP = f"the file is nested deeper than {MOST_LEVELS} levels"
_TOO_MANY = f"more than {MOST_VALUES:,} values"


def _read_text(path: Path) -> str:
    try:
        # a device or a pipe may never end
        if path.exists() and not path.is_file():
            raise InputError("this is not a file", where=str(path), fix=_WRITE_ONE)
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
        text = data.decode("utf-8")
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read the study file ({getattr(error, 'strerror', None) or 'not UTF-8 text'})",
            where=str(path),
            fix=_WRITE_ONE,
        ) from None
    if len(data) > MOST_BYTES:
        raise InputError(f"a study file has at most {MOST_BYTES >> 10} kB", where=str(path), fix=_WRITE_ONE)
    return text


_WRITE_ONE = "Give the path of a YAML file; `sonoher2 init FOLDER` writes one"


def _construct(text: str) -> Any:
    _look_ahead(text)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _count(node, 1, {}, set())
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _look_ahead(text: str) -> None:
    """Stop at the first sign of too many levels or values: building them first would take very long."""
    level = values = 0
    for event in yaml.parse(text, Loader=_Loader):
        level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        values += isinstance(event, yaml.NodeEvent)
        if level > MOST_LEVELS:
            raise _problem(_TOO_DEEP, event)
        if values > MOST_VALUES:
            raise _problem(_TOO_MANY, event)


def _count(node: yaml.Node, level: int, known: dict[int, int], above: set[int]) -> int:
    """Count the values of a node as written out, aliases each time; too many or too deep is an error."""
    if level > MOST_LEVELS:
        raise _problem(_TOO_DEEP, node)
    if id(node) in above:
        raise _problem("an alias stands inside what it names", node)
    if id(node) not in known:
        above.add(id(node))
        parts = node.value if isinstance(node, yaml.SequenceNode) else []
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else parts
        known[id(node)] = 1 + sum(_count(part, level + 1, known, above) for part in parts)
        above.remove(id(node))
    if known[id(node)] > MOST_VALUES:
        raise _problem(_TOO_MANY, node)
    return known[id(node)]


def _problem(text: str, node: yaml.Node | yaml.Event) -> yaml.YAMLError:
    mark: Any = node.start_mark
    return yaml.constructor.ConstructorError(None, None, text, mark)


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)
