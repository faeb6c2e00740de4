"""A prediction in words and as JSON, against what a hand would write."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from sonoher2.bundle.uncertainty import Answer
from sonoher2.predict.case import ScoredMask
from sonoher2.predict.explanation import Effect, Explanation, Points
from sonoher2.predict.findings import PredictionFinding
from sonoher2.predict.prediction import Prediction, Score
from sonoher2.predict.reference_cases import Distance, Neighbour, Similar

EXPLANATION = Explanation(
    signature="Combined",
    outcome="positive",
    parts=(Effect("age", -0.204, "clinical"), Effect("Radiomics", 0.9, "Radiomics")),
    features={"Radiomics": tuple(Effect(f"f{i}", (-0.4, 0.3, 0.2, 0.1)[i], "Radiomics", 1.0) for i in range(4))},
    points=(Points("age", 12.4), Points("Radiomics score", 61.5)),
    total_points=73.9,
    similar=(
        Similar("Radiomics", "positive", 10, 1, 0.1, 0.02, 0.4),
        Similar("Combined", "positive", 10, 3, 0.3, 0.1078, 0.6032),
    ),
    neighbours=(Neighbour(17, 0.61, "positive", 0.704), Neighbour(4, 0.66, "negative", 0.4)),
    distances=(Distance("Radiomics", 2.504, 1.5),),
    outside=(
        PredictionFinding("FAR_FROM_TRAINING", {"space": "Radiomics", "distance": 2.504, "limit": 1.5}),
        PredictionFinding("OUTSIDE_RANGE", {"column": "age", "low": 31.0, "high": 84.5}),
    ),
)  # fmt: skip
MASK = np.zeros((4, 5), bool)
MASK[1:3, 1:4] = True
PREDICTION = Prediction(
    title="a model",
    notice="Research software, not for clinical use.",
    synthetic=True,
    bundle="ab" * 32,
    images=1,
    scores=(
        Score("Clinical", "positive", 0.4104, 0.5, False, ("size", "grade")),
        Score("Combined", "positive", 0.66, 0.66, True, ()),
    ),
    findings=(PredictionFinding("UNIT_IGNORED"),),
    explanation=EXPLANATION,
    answers={"Combined": Answer(("positive",), {"positive": "ruled in"}, "positive (at 90% coverage)")},
    masks=(ScoredMask("a.png", MASK, "segmented", 0.8),),
)
TEXT = """\
a model (synthetic training cohort)
  Clinical: probability of positive 0.410, below the threshold 0.500
    not given, so counted as learned in training (numbers and grades: the median; yes/no: the commoner; a category: \
missing, or a rare level where few were missing): size, grade
  Combined: probability of positive 0.660, at or above the threshold 0.660
  Combined, at stated error rates: positive (at 90% coverage)
  Combined rests on (log-odds of positive, against the mean training patient):
    -0.20 age
    +0.90 Radiomics
    -0.40 f0 (within Radiomics)
    +0.30 f1 (within Radiomics)
    +0.20 f2 (within Radiomics)
  nomogram points: age 12, Radiomics score 62; total 74
  of 10 training patients with similar Combined scores 3 were positive: 0.30 (0.11 to 0.60)
  nearest training cases: 17 (positive, scored 0.70), 4 (negative, scored 0.40)
  outside what this model has seen: the features of Radiomics lie 2.50 SD from the nearest training cases, \
99 of 100 of which keep within 1.50 of one another
  outside what this model has seen: age lies outside the training patients' range of 31 to 84.5
  warning: the model measures lesions in pixels, so the known size of a pixel was not used
Research software, not for clinical use."""


def test_text_word_for_word() -> None:
    assert PREDICTION.text() == TEXT


def test_text_without_what_a_bundle_may_lack() -> None:
    plain = replace(
        PREDICTION, explanation=None, answers={}, findings=(), synthetic=False, scores=PREDICTION.scores[1:]
    )
    assert plain.text() == (
        "a model\n  Combined: probability of positive 0.660, at or above the threshold 0.660\n"
        "Research software, not for clinical use."
    )


def test_json_keeps_the_keys_that_others_script_against_and_adds_findings_and_masks() -> None:
    told = json.loads(PREDICTION.json())
    assert list(told) == ["title", "notice", "synthetic", "bundle", "images", "scores", "warnings", "explanation",
                          "answers", "findings", "masks"]  # fmt: skip
    assert told["scores"][0] == {
        "signature": "Clinical", "outcome": "positive", "probability": 0.4104, "threshold": 0.5, "positive": False,
        "filled": ["size", "grade"],
    }  # fmt: skip
    assert told["warnings"] == ["the model measures lesions in pixels, so the known size of a pixel was not used"]
    assert told["answers"]["Combined"]["zones"] == {"positive": "ruled in"}
    assert told["explanation"]["outside"][1] == "age lies outside the training patients' range of 31 to 84.5"
    similar = told["explanation"]["similar"][1]
    assert (similar["low"], similar["share"], similar["high"]) == (0.1078, 0.3, 0.6032)
    assert [(one["code"], one["severity"]) for one in told["findings"]] == [
        ("UNIT_IGNORED", "note"), ("FAR_FROM_TRAINING", "warning"), ("OUTSIDE_RANGE", "warning"),
    ]  # fmt: skip
    assert told["findings"][0]["text"] == told["warnings"][0]
    assert told["findings"][2]["facts"] == {"column": "age", "low": 31.0, "high": 84.5}
    assert told["masks"] == [{"image": "a.png", "origin": "segmented", "confidence": 0.8, "pixels": 6}]


def test_json_of_a_model_without_reference_patients() -> None:
    assert json.loads(replace(PREDICTION, explanation=None).json())["explanation"] is None


def test_letters_of_other_languages_stay_as_they_are() -> None:
    # one key to a line, for people and for comparing two files
    assert PREDICTION.json().splitlines()[1].startswith('  "title": ')
    assert '"title": "乳腺"' in replace(PREDICTION, title="乳腺").json()
