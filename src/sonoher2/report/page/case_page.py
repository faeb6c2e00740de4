"""The case page: one patient's prediction, what it rests on and how far it can be trusted, in one offline HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from markupsafe import Markup, escape
from matplotlib.figure import Figure

from sonoher2.core.files import write_text
from sonoher2.core.spelling import FILLED, level
from sonoher2.images.pixels.source import ImageSource
from sonoher2.predict.explanation import Effect, Explanation, worth_showing
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.prediction import Prediction, Score
from sonoher2.predict.reference_cases import Similar
from sonoher2.predict.text import finding_text
from sonoher2.predict.views import CaseView
from sonoher2.report.content.style import paper_style
from sonoher2.report.content.wording import number, signed
from sonoher2.report.page.case_figures import effects_figure, image_figure
from sonoher2.report.page.save import inline_svg, svg_text
from sonoher2.report.page.template import render
from sonoher2.signatures.registry import headline


@dataclass(frozen=True)
class ScoreRow:
    """One answer, as text."""

    signature: str
    outcome: str
    probability: str
    threshold: str
    side: str
    observed: str


@dataclass(frozen=True)
class Bars:
    """A figure of effects with its words."""

    title: str
    caption: str
    svg: Markup


def write_case_page(
    path: Path, prediction: Prediction, views: Sequence[CaseView], patient: PatientInput, made: str = ""
) -> None:
    """Write the page of one patient; it shows the patient's images and loads nothing.

    Parameters
    ----------
    path
        The HTML file.
    prediction
        From `predict_patient`.
    views
        From `case_views`; none for clinical data alone.
    patient
        What was given: its name, files and values stand on the page.
    made
        Date and time, ISO; now when left out.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    explanation = prediction.explanation
    lead = _lead(prediction)
    with paper_style():
        figures = [_inline(image_figure(one), f"image{place}", "Image") for place, one in enumerate(views, start=1)]
        bars = _bars(explanation) if explanation else []
    text = render(
        "case.html.j2",
        prediction=prediction,
        explanation=explanation,
        lead=lead,
        lead_similar=_similar(explanation, lead),
        rows=[_row(score, _similar(explanation, score)) for score in prediction.scores],
        filled=sorted({name for score in prediction.scores for name in score.filled}),
        given=_given(patient, prediction, made),
        predicted=next((one.predicted for one in views if one.predicted), ""),
        outside=[finding_text(finding) for finding in explanation.outside] if explanation else [],
        figures=figures,
        bars=bars,
        how_filled=FILLED,
        level=level,
        number=number,
    )
    write_text(path, text)


def _given(patient: PatientInput, prediction: Prediction, made: str) -> dict[str, str]:
    """List who and what the page is about, as it was given."""
    facts = {"Patient": patient.patient_id or "not given"}
    facts["Made"] = made or datetime.now().astimezone().isoformat(sep=" ", timespec="minutes")
    for place, (given, name) in enumerate(zip(patient.images, patient.names, strict=True), start=1):
        title, shown = "Image" if len(patient.images) == 1 else f"Image {place}", Path(name).name
        facts[title] = shown if given.frame is None else f"{shown}, frame {given.frame}"
        facts[f"{title}, lesion"] = ", ".join(map(_file_name, given.masks)) or "outlined automatically"
    sizes = [_size(given) for given in patient.images]
    if set(sizes) - {"not given"}:
        facts["Pixel size"] = ", ".join(sizes if len(set(sizes)) > 1 else sizes[:1])
    if patient.site is not None:
        facts["Site"] = patient.site
    filled = {name for score in prediction.scores for name in score.filled}
    told = {name: value for name, value in patient.clinical.items() if value}
    return facts | {**told, **dict.fromkeys(sorted(filled - set(told)), "not given")}


def _file_name(mask: ImageSource) -> str:
    return Path(mask).name if isinstance(mask, str | Path) else "given mask"


def _size(given: ImageInput) -> str:
    size = given.mm_per_pixel
    if size is None:
        return "not given"
    return f"{size[0]:g} x {size[1]:g} mm" if isinstance(size, tuple) else f"{size:g} mm"


def _lead(prediction: Prediction) -> Score:
    """Choose the answer that stands on top: that of the explained signature and outcome."""
    found = prediction.explanation
    names = [score.signature for score in prediction.scores]
    name = found.signature if found else headline("", names)
    own = [score for score in prediction.scores if score.signature == name]
    return next((score for score in own if found and score.outcome == found.outcome), own[0])


def _similar(explanation: Explanation | None, score: Score) -> Similar | None:
    if explanation is None:
        return None
    same = (found for found in explanation.similar if found.signature == score.signature)
    return next((found for found in same if found.outcome == score.outcome), None)


def _row(score: Score, similar: Similar | None) -> ScoreRow:
    observed = f"{similar.events} of {similar.patients}: {_range(similar)}" if similar else ""
    return ScoreRow(
        signature=score.signature,
        outcome=score.outcome,
        probability=number(score.probability, 3),
        threshold=number(score.threshold, 3),
        side="at or above" if score.positive else "below",
        observed=observed,
    )


def _range(similar: Similar) -> str:
    return f"{similar.share:.2f} ({similar.low:.2f}–{similar.high:.2f})"


def _bars(explanation: Explanation) -> list[Bars]:
    """One figure for the parts of the explained signature, one per signature of the image for its features."""
    parts = sorted(explanation.parts, key=lambda effect: -abs(effect.log_odds))
    found = []
    if parts:
        groups = explanation.groups()
        totals = ", ".join(f"{_group(name)} {signed(value)}" for name, value in groups.items())
        found.append(
            _bar("parts", f"What adds to {explanation.signature}", parts, explanation.outcome, f"In all: {totals}.")
        )
    for place, (name, effects) in enumerate(explanation.features.items(), start=1):
        words = "The features that weigh most within this signature; z-scores among training patients in brackets."
        shown = worth_showing(effects)
        found.append(_bar(f"features{place}", f"Within {name}", shown, explanation.outcome, words))
    return found


def _group(name: str) -> str:
    return "clinical data" if name == "clinical" else name


def _bar(name: str, title: str, effects: Sequence[Effect], outcome: str, caption: str) -> Bars:
    labels = [effect.name if effect.value is None else f"{effect.name} ({signed(effect.value)})" for effect in effects]
    figure = effects_figure(labels, [effect.log_odds for effect in effects], outcome)
    return Bars(title, caption, _inline(figure, name, title))


def _inline(figure: Figure, name: str, title: str) -> Markup:
    # the figure's own text is outlines; only its title reaches the attribute, escaped
    return Markup(inline_svg(svg_text(figure), name, str(escape(title))))
