"""What a run can show: the parts of its report, its record, its settings and its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from sonoher2.report.content.parts import Drawing, Section, Table
from sonoher2.report.content.view import View
from sonoher2.study.results import columns as c


class Link(NamedTuple):
    """Where evidence is: text, and an anchor of the report (empty for a file or a key)."""

    text: str
    anchor: str


class Found(NamedTuple):
    """What a check found: an ``error`` or a ``warning``, and what it had looked for."""

    code: str
    severity: str
    title: str


@dataclass(frozen=True)
class Evidence:
    """What a run can show.

    Attributes
    ----------
    anchors
        Title of each section, table and figure of the report by its anchor (``performance``, ``tab-signatures``,
        ``fig-roc``).
    filled
        Columns of the report's tables that hold any value (``segmentation.dice``).
    record
        `run.json`.
    settings
        The study file with its defaults.
    kind
        ``study`` or ``validation``.
    signatures
        Names.
    several
        Columns of the patients, such as ``site``, that hold more than one value.
    files
        Names of files in the folder of the run.
    found
        What the checks found, by their codes.
    """

    anchors: Mapping[str, str]
    filled: frozenset[str]
    record: Mapping[str, object]
    settings: Mapping[str, object]
    kind: str
    signatures: tuple[str, ...]
    several: frozenset[str]
    files: frozenset[str]
    found: Mapping[str, Found]

    def has(self, token: str) -> bool:
        """Whether something is there.

        Parameters
        ----------
        token
            ``#anchor`` of the report; ``filled:`` and a column of one of its tables; ``run:`` or ``study:`` and a
            dotted key that holds something, the latter also with ``=value`` or ``!=value``; ``kind:study``;
            ``signature:`` and how a name begins; ``several:`` and a column; ``file:`` and a name. Several joined by
            ``|``: any of them.
        """
        if "|" in token:
            return any(map(self.has, token.split("|")))
        if token.startswith("#"):
            return token[1:] in self.anchors
        kind, _, what = token.partition(":")
        if kind == "study":
            return _setting(self.settings, what)
        tests = {
            "filled": lambda: what in self.filled,
            "run": lambda: not _empty(_at(self.record, what)),
            "kind": lambda: what == self.kind,
            "signature": lambda: any(name.startswith(what) for name in self.signatures),
            "several": lambda: what in self.several,
            "file": lambda: what in self.files,
        }
        return tests[kind]()

    def links(self, tokens: Iterable[str]) -> tuple[Link, ...]:
        """Where the evidence of some tokens is, each place once; conditions without a place of their own have none."""
        return tuple(dict.fromkeys(link for token in tokens if (link := self._link(token)) is not None))

    def _link(self, token: str) -> Link | None:
        token = next(filter(self.has, token.split("|")))
        if token.startswith("#"):
            return Link(self.anchors[token[1:]], token[1:])
        kind, _, what = token.partition(":")
        names = {
            "run": f"run.json: {what}",
            "study": f"study file: {what.partition('=')[0].rstrip('!')}",
            "several": f"patients' column {what}",
            "file": what,
        }
        return Link(names[kind], "") if kind in names else None


def gather(view: View, sections: Sequence[Section]) -> Evidence:
    """Look at a report whose other sections are made.

    Parameters
    ----------
    view
        The result.
    sections
        Those that are shown.
    """
    tables = [part for section in sections for part in section.parts if isinstance(part, Table)]
    anchors = {"checklists": "Checklists", "summary": "Summary"}
    for section in sections:
        anchors[section.name] = section.title
        anchors |= {f"tab-{part.name}": part.title for part in section.parts if isinstance(part, Table)}
        anchors |= {f"fig-{part.name}": part.title for part in section.parts if isinstance(part, Drawing)}
    patients, config = view.result.cohort.patients, view.result.about.config
    files = [("features.csv", config.images is not None), ("model-card.md", not view.validation)]
    return Evidence(
        anchors=anchors,
        filled=frozenset(
            f"{one.name}.{name}" for one in tables for name, known in one.data.notna().any().items() if known
        ),
        record=view.result.about.record,
        settings=config.model_dump(mode="json", exclude={"data"}),
        kind=view.result.about.kind,
        signatures=view.signatures,
        several=frozenset(str(name) for name in patients if patients[name].nunique() > 1),
        files=frozenset(name for name, there in files if there),
        found=_found(view.result.checks.table),
    )


def _found(checks: pd.DataFrame) -> dict[str, Found]:
    if checks.empty:
        return {}
    failed = checks[checks[c.RESULT].isin(["error", "warning"])]
    return {code: Found(code, *told) for code, *told in failed[[c.CODE, c.RESULT, c.TITLE]].itertuples(index=False)}


def _setting(settings: Mapping[str, object], what: str) -> bool:
    key, equals, value = what.partition("=")
    found = _at(settings, key.rstrip("!"))
    if not equals:
        return not _empty(found)
    return found is not None and (str(found) == value) is not key.endswith("!")


def _at(values: object, path: str) -> object:
    for key in path.split("."):
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def _empty(value: object) -> bool:
    return value is None or value in ("", [], {}, ())
