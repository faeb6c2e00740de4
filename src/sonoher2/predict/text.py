"""Words and JSON of a prediction: the one place where its facts become text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from sonoher2.core.spelling import FILLED
from sonoher2.images.quality import PROBLEMS
from sonoher2.lesions.mask import MASK_PROBLEMS
from sonoher2.predict.explanation import Explanation, worth_showing
from sonoher2.predict.findings import Code, PredictionFinding
from sonoher2.radiomics.lesion import flat_finding

if TYPE_CHECKING:
    from sonoher2.predict.prediction import Prediction, Score

_REFERENCE_SITE = "so features count as measured at {reference}; sites in training: {sites}"
SENTENCES: Mapping[Code, str] = {
    "OUTLINE_AUTOMATIC": "{image}: the lesion was outlined automatically, confidence {confidence:.2f}; look at it",
    "TRAINING_IMAGE": "{image}: the {network} was trained on this image, and does better on it than on others",
    "TRAINING_PATIENT": "the images measure exactly as those of training case {case}: the model knows this patient, and"
    " does better on it than on others",
    "SITE_MISSING": f"no site is given, {_REFERENCE_SITE}",
    "SITE_UNKNOWN": f"the site '{{site}}' was not in training, {_REFERENCE_SITE}",
    "VALUE_MISSING": "{column}: the training patients' table wrote this value where nothing was known, so it counts"
    " as not given",
    "UNIT_IGNORED": "the model measures lesions in pixels, so the known size of a pixel was not used",
    "POOR_IMAGE": "{image}: {problem}; features of poor pictures are unsteady.",
    "ODD_MASK": "{image}: {problem}; a forgotten pixel changes the size, and a hole the texture",
    "FAR_FROM_TRAINING": "the features of {space} lie {distance:.2f} SD from the nearest training cases,"
    " 99 of 100 of which keep within {limit:.2f} of one another",
    "OUTSIDE_RANGE": "{column} lies outside the training patients' range of {low:g} to {high:g}",
}


def finding_text(finding: PredictionFinding) -> str:
    """Say a finding in a sentence."""
    facts = dict(finding.facts)
    if finding.code == "FEW_GREY_LEVELS":
        return str(flat_finding(cast("tuple[str, ...]", facts["images"]), cast("int", facts["lesions"])))
    if finding.code == "POOR_IMAGE":
        facts["problem"] = PROBLEMS[str(facts["problem"])]
    if finding.code == "ODD_MASK":
        facts["problem"] = MASK_PROBLEMS[str(facts["problem"])]
    return SENTENCES[finding.code].format(**facts)


def prediction_text(prediction: Prediction) -> str:
    """Lines for a person to read."""
    lines = [f"{prediction.title}{' (synthetic training cohort)' if prediction.synthetic else ''}"]
    for score in prediction.scores:
        lines += _score_lines(score)
    lines += [f"  {name}, at stated error rates: {answer.text}" for name, answer in prediction.answers.items()]
    lines += explanation_lines(prediction.explanation) if prediction.explanation else []
    lines += [f"  warning: {warning}" for warning in prediction.warnings]
    return "\n".join([*lines, prediction.notice])


def _score_lines(score: Score) -> list[str]:
    side = "at or above" if score.positive else "below"
    line = (
        f"  {score.signature}: probability of {score.outcome} {score.probability:.3f}, "
        f"{side} the threshold {score.threshold:.3f}"
    )
    filled = f"    not given, so {FILLED}: {', '.join(score.filled)}"
    return [line, filled] if score.filled else [line]


def explanation_lines(found: Explanation) -> list[str]:
    """Lines of what a prediction rests on."""
    lines = [f"  {found.signature} rests on (log-odds of {found.outcome}, against the mean training patient):"]
    lines += [f"    {effect.log_odds:+.2f} {effect.name}" for effect in found.parts]
    for name, effects in found.features.items():
        lines += [f"    {effect.log_odds:+.2f} {effect.name} (within {name})" for effect in worth_showing(effects)[:3]]
    if found.total_points is not None:
        shown = ", ".join(f"{point.variable} {point.points:.0f}" for point in found.points)
        lines.append(f"  nomogram points: {shown}; total {found.total_points:.0f}")
    lines += [
        f"  of {one.patients} training patients with similar {one.signature} scores {one.events} were"
        f" {one.outcome}: {one.share:.2f} ({one.low:.2f} to {one.high:.2f})"
        for one in found.similar
        if (one.signature, one.outcome) == (found.signature, found.outcome)
    ]
    cases = ", ".join(f"{case.case} ({case.label}, scored {case.score:.2f})" for case in found.neighbours)
    lines += [f"  nearest training cases: {cases}"] if cases else []
    return lines + [f"  outside what this model has seen: {finding_text(finding)}" for finding in found.outside]


def prediction_json(prediction: Prediction) -> str:
    """All of a prediction as JSON, masks without their pixels."""
    explanation = prediction.explanation
    outside = explanation.outside if explanation else ()
    values = {
        **{name: getattr(prediction, name) for name in ("title", "notice", "synthetic", "bundle", "images")},
        "scores": [asdict(score) for score in prediction.scores],
        "warnings": prediction.warnings,
        "explanation": explanation and {**asdict(explanation), "outside": [finding_text(one) for one in outside]},
        "answers": {name: asdict(answer) for name, answer in prediction.answers.items()},
        "findings": [_finding_json(finding) for finding in (*prediction.findings, *outside)],
        "masks": [
            {"image": mask.image, "origin": mask.origin, "confidence": mask.confidence, "pixels": mask.area}
            for mask in prediction.masks
        ],
    }
    return json.dumps(values, indent=2, ensure_ascii=False)


def _finding_json(finding: PredictionFinding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "text": finding_text(finding),
        "facts": dict(finding.facts),
    }
