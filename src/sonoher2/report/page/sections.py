"""The chapters of the report, in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sonoher2.report.chapters import drawings, tables
from sonoher2.report.chapters.audit import audit_parts
from sonoher2.report.chapters.checks import check_parts
from sonoher2.report.chapters.explanations import explanation_parts
from sonoher2.report.chapters.external import shift_parts, site_parts, updating_parts
from sonoher2.report.chapters.methods import methods_text
from sonoher2.report.chapters.outlines import region_parts
from sonoher2.report.chapters.results_text import results_text
from sonoher2.report.chapters.stability import stability_parts
from sonoher2.report.chapters.uncertainty import reclassification_parts, uncertainty_parts
from sonoher2.report.checklists.section import checklist_parts
from sonoher2.report.page.parts import Facts, Item, Listing, Part, Section, Text
from sonoher2.report.page.view import View
from sonoher2.report.page.wording import duration


def build_sections(view: View) -> list[Section]:
    """All sections that have something to show."""
    sections = [
        Section("patients", "Patients", _patients(view)),
        Section("performance", "Performance", _performance(view)),
        Section("calibration", "Calibration", list(drawings.draw_calibration(view))),
        Section("usefulness", "Clinical usefulness", list(drawings.draw_decision(view))),
        Section("threshold", "At the frozen threshold", _threshold(view)),
        Section("uncertainty", "When the model does not know", uncertainty_parts(view)),
        Section("sites", "Sites", site_parts(view)),
        Section("shift", "How the cohort differs", shift_parts(view)),
        Section("updating", "Updating", updating_parts(view)),
        Section("subgroups", "Subgroups", _some(drawings.draw_subgroups(view), tables.subgroup_table(view))),
        Section("features", "What the signature rests on", _features(view)),
        Section("regions", "Outlines and images", list(region_parts(view))),
        Section("stability", "Stability", list(stability_parts(view))),
        Section("nomogram", "Nomogram", list(drawings.draw_nomograms(view))),
        Section("explanations", "Explanations", list(explanation_parts(view))),
        Section("reclassification", "Reclassification (secondary)", reclassification_parts(view)),
        Section("models", "Candidate models", _some((), tables.zoo_table(view))),
        Section("audits", "Audits", audit_parts(view)),
        Section("predictions", "Predictions", _some((), tables.prediction_table(view))),
        Section("checks", "Checks", check_parts(view)),
        Section("findings", "Findings", _findings(view)),
        Section("methods", "Methods", _methods(view)),
        Section("resultstext", "Results, as a draft", [Text(results_text(view))]),
        Section("provenance", "Provenance", _provenance(view)),
    ]
    shown = [section for section in sections if section.parts]
    return [*shown, Section("checklists", "Checklists", checklist_parts(view, shown))]


def _some(first: Iterable[Part], *others: Part | None) -> list[Part]:
    return [*first, *(part for part in others if part is not None)]


def _patients(view: View) -> list[Part]:
    return _some(drawings.draw_flow(view), tables.table_one(view), tables.rule_table(view), tables.conflict_table(view))


def _performance(view: View) -> list[Part]:
    return [
        *drawings.draw_aucs(view),
        tables.performance_table(view),
        *_some((), tables.comparison_table(view)),
        *drawings.draw_roc(view),
        *drawings.draw_pr(view),
    ]


def _threshold(view: View) -> list[Part]:
    return [*_some((), tables.threshold_table(view)), *drawings.draw_confusion(view)]


def _features(view: View) -> list[Part]:
    return [
        *_some((), tables.selection_table(view)),
        *drawings.draw_lasso(view),
        *drawings.draw_coefficients(view),
        *_some((), tables.coefficient_table(view)),
        *drawings.draw_heatmap(view),
    ]


def _findings(view: View) -> list[Part]:
    order = {"error": 0, "warning": 1, "note": 2}
    found = sorted(view.result.checks.findings, key=lambda finding: order[finding.severity])
    return [Listing(tuple(Item(str(finding), tone=finding.severity) for finding in found))] if found else []


def _methods(view: View) -> list[Part]:
    paragraphs, references = methods_text(view)
    return [Text(paragraphs), Listing(references, numbered=True)]


def _provenance(view: View) -> list[Part]:
    parts: list[Part] = []
    record = {key: value for key, value in view.result.about.record.items() if key != "seconds"}
    simple = {key: value for key, value in record.items() if not isinstance(value, Mapping | list | tuple)}
    if simple:
        parts.append(Facts("Run", {tables.title_of(key): str(value) for key, value in simple.items()}))
    for key, value in record.items():
        if key not in simple and value:
            parts.append(Facts(tables.title_of(key), dict(_flat(value))))
    if view.result.about.seconds:
        total = sum(view.result.about.seconds.values())
        times = {name: duration(seconds) for name, seconds in view.result.about.seconds.items()}
        parts.append(Facts("Wall time", {**times, "total": duration(total)}))
    return parts


def _flat(value: Any, path: str = "") -> Iterable[tuple[str, str]]:
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
