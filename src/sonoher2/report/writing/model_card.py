"""The model card: what the frozen model is, what it was made from, how well it does, and what it must not be used for.

The headings follow Mitchell et al., Model cards for model reporting, FAT* 2019:220, doi 10.1145/3287560.3287596.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sonoher2.config.study import StudyConfig
from sonoher2.config.target import Her2Target
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.core.files import file_sha256, write_text
from sonoher2.core.spelling import FILLED
from sonoher2.report.content.image_networks import given_outlines, segmenter_name
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import estimate, listing, number, plural
from sonoher2.report.writing.summary import summarise
from sonoher2.study.results import columns as c

CARD = "model-card.md"
BUNDLE, MANIFEST = "bundle", "manifest.json"
YOURS = "*For you to fill in:*"


def write_model_card(view: View, folder: Path) -> None:
    """Write the card beside the report and into the bundle, if there is one; a validation has none of its own.

    Parameters
    ----------
    view
        The result.
    folder
        Of the run.
    """
    if view.validation:
        return
    manifest = folder / BUNDLE / MANIFEST
    frozen = manifest.is_file()
    text = model_card(view, file_sha256(manifest) if frozen else "")
    write_text(folder / CARD, text)
    if frozen:
        # a run that is killed leaves no half file in what is handed on
        write_text(folder / BUNDLE / CARD, text, beside=folder)


def model_card(view: View, bundle: str = "") -> str:
    """Write the model card as Markdown.

    Parameters
    ----------
    view
        Result of a study.
    bundle
        Sha256 of the bundle's manifest; left out when empty.
    """
    sections = {
        "Model": _model(view, bundle),
        "Intended use": _use(view),
        "Training data": _data(view),
        "Performance": _performance(view),
        "Limits": _limits(view),
        "Ethics": _ethics(),
    }
    parts = [f"# Model card: {view.result.about.config.title}", "**Research software, not for clinical use.**"]
    if view.result.about.config.synthetic:
        parts.append("**Synthetic cohort: every patient behind this model is simulated.**")
    for title, lines in sections.items():
        parts += [f"## {title}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _model(view: View, bundle: str) -> Iterator[str]:
    record, study = view.result.about.record, view.result.about.config
    yield f"- Signatures: {listing(view.signatures)}; the one to use is {view.main}."
    yield f"- Output: probability of {listing(view.outcomes, 'or')}, one per patient, calibrated on training patients."
    for outcome in view.outcomes:
        yield f"- Threshold of {view.main} for {outcome}: {number(view.threshold(view.main, outcome), 3)}, frozen."
    sources = ["clinical data"] if study.clinical.columns else []
    sources += ["a B-mode image with the outline of the lesion"] if study.images is not None else []
    yield f"- Input: {listing(sources)}."
    for name, column in study.clinical.columns.items():
        yield f"  - {name}: {column.kind}{f', {column.unit}' if column.unit else ''}, known {column.timing}"
    version = dict(record.get("machine", {})).get("sonoher2")
    if version:
        finished = record.get("finished", "at an unknown time")
        yield f"- Made by SonoHER2 {version}, finished {finished}, seed {study.seed}."
    if bundle:
        yield f"- Sha256 of the bundle's manifest: `{bundle}`"


def _use(view: View) -> Iterator[str]:
    study = view.result.about.config
    yield f"- For: research on predicting {_target(study)}, at the time “{study.timing}”."
    yield f"- Not for: decisions on any patient; anything but the input above{_lesions_unlike_these(view)}."
    yield f"- {YOURS} intended patients, place in the care pathway, who uses it, and what they must know."


def _lesions_unlike_these(view: View) -> str:
    """Which lesions the model cannot speak of: those outlined otherwise than the ones that it was made from."""
    if view.result.about.config.images is None:
        return ""
    if not len(view.result.cohort.segmented):
        return "; lesions without an outline by a reader"
    if given_outlines(view) > 0:
        return f"; lesions without an outline by a reader or by {segmenter_name(view)}"
    return f"; lesions without an outline by {segmenter_name(view)}"


def _target(study: StudyConfig) -> str:
    target = study.target
    if isinstance(target, Her2Target):
        return f"HER2 status ({target.task}, {target.rule})"
    return f"the column “{target.column}”"


def _data(view: View) -> Iterator[str]:
    patients = view.result.cohort.patients
    for subset, title in ((TRAIN_OOF, "Training"), (TEST, "Test, locked away")):
        part = patients[patients[c.SET] == subset]
        counts = [f"{int((part[c.LABEL] == label).sum()):,} {label}" for label in view.result.about.classes]
        counted = f"{plural(len(part), 'patient')}, {plural(int(part[c.IMAGES].sum()), 'image')}"
        yield f"- {title}: {counted} ({', '.join(counts)})"
    if c.SITE in patients:
        yield f"- Sites: {patients[c.SITE].nunique():,}"
    for name, column in view.result.about.config.clinical.columns.items():
        if column.kind == "number" and name in patients:
            known = patients.loc[patients[c.SET] == TRAIN_OOF, name].dropna()
            low, high = known.quantile(0.05), known.quantile(0.95)
            yield f"- {name} in training: 5th to 95th percentile {low:.3g} to {high:.3g} {column.unit}".rstrip()
    yield f"- {YOURS} where and when the patients were seen, machines and probes, who outlined the lesions, licence."


def _performance(view: View) -> Iterator[str]:
    yield f"Brackets: {view.confidence} intervals. Training patients were scored out of fold."
    yield ""
    yield "| Signature | Outcome | Set | n | Events | AUC | Sensitivity | Specificity | Calibration slope |"
    yield "|---|---|---|---|---|---|---|---|---|"
    metrics = (c.AUC, c.SENSITIVITY, c.SPECIFICITY, c.CALIBRATION_SLOPE)
    for signature in view.signatures:
        for outcome in view.outcomes:
            for subset, title in view.short_sets.items():
                row = view.metrics(signature, subset, outcome)
                if row is None:
                    continue
                shown = [estimate(row, name) for name in metrics]
                cells = [signature, outcome, title, f"{row[c.N]:.0f}", f"{row[c.EVENTS]:.0f}", *shown]
                yield f"| {' | '.join(cells)} |"


def _limits(view: View) -> Iterator[str]:
    cautions = summarise(view).cautions
    yield from (f"- {text}" for text in cautions)
    yield "- Tested on the patients above and on nobody else; validate it on your own before believing it there."
    if view.result.about.config.images is not None:
        measured = view.result.about.config.stability is not None
        told = "see “Stability” in the report" if measured else "how much was not measured"
        yield f"- The outline of the lesion matters; {told}."
    if view.result.about.config.clinical.columns:
        yield f"- A clinical value that is not given is {FILLED}."


def _ethics() -> Iterator[str]:
    yield "- The bundle holds statistics and, for some models, standardised measurements of training patients: share it"
    yield "  as you would share pseudonymised measurements."
    yield f"- {YOURS} ethics approval, consent, groups of people for whom it was not or could not be tested."
