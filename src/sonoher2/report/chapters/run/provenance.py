"""Where the result came from: files, versions, settings, time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sonoher2.report.content.cells import title_of
from sonoher2.report.content.parts import Chapter, Facts
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import duration


def provenance_parts(view: View) -> Iterator[Facts]:
    """Facts of the run record, nested ones each in a list of their own, and the time of each step."""
    record = {key: value for key, value in view.result.about.record.items() if key != "seconds"}
    nested = {key for key, value in record.items() if isinstance(value, Mapping | list | tuple)}
    if len(nested) < len(record):
        yield Facts("Run", {title_of(key): str(value) for key, value in record.items() if key not in nested})
    for key, value in record.items():
        if key in nested and value:
            yield Facts(title_of(key), dict(_flat(value)))
    seconds = view.result.about.seconds
    if seconds:
        times = {**seconds, "total": sum(seconds.values())}
        yield Facts("Wall time", {name: duration(value) for name, value in times.items()})


def _flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Leaves of nested settings, each under its dotted path; a list of plain values is one leaf, nothing is none."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping | list | tuple) for item in value):
        for index, item in enumerate(value, start=1):
            yield from _flat(item, f"{path}.{index}" if path else str(index))
    elif isinstance(value, list | tuple):
        if value:
            yield path, ", ".join(map(str, value))
    elif value is not None:
        yield path, str(value)


PROVENANCE = Chapter("provenance", "Provenance", provenance_parts)
