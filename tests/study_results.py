"""Helpers for tests that need a result of a study with something else in it."""

from __future__ import annotations

from dataclasses import fields, replace

from sonoher2.study.results import StudyResult

PARTS = ("about", "cohort", "performance", "model", "uncertainty", "robustness", "external", "checks")


def changed(result: StudyResult, **values: object) -> StudyResult:
    """The same result with other values: each name is a field of one of the parts, or a part."""
    for name, value in values.items():
        own = [part for part in PARTS if name in {field.name for field in fields(getattr(result, part))}]
        if own:
            value, name = replace(getattr(result, own[0]), **{name: value}), own[0]
        result = replace(result, **{name: value})
    return result
