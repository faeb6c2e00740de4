"""The steps of a study and of a validation, in order, by the name under which their time is shown."""

from __future__ import annotations

from collections.abc import Callable

from sonoher2.study.steps.conclude import answer, conclude, explain, update
from sonoher2.study.steps.measure import fit, measure, tune_networks
from sonoher2.study.steps.read import judge_cohort, read_cohort, train_image_networks
from sonoher2.study.steps.read_second import read_second_cohort
from sonoher2.study.steps.score import score_second_cohort, score_study
from sonoher2.study.steps.state import RunState
from sonoher2.study.steps.write import freeze, keep, write

Steps = tuple[tuple[str, Callable[[RunState], None]], ...]

MEASURING: Steps = (
    ("image networks", train_image_networks),
    ("cohort", read_cohort),
    ("features", measure),
)
LEARNING: Steps = (
    ("networks", tune_networks),
    ("models", fit),
)
STUDY: Steps = (
    *MEASURING,
    ("checks", judge_cohort),
    *LEARNING,
    ("evaluation", score_study),
    ("analyses", answer),
    ("explanations", explain),
    ("results", conclude),
    ("writing", write),
    ("writing", freeze),
    ("writing", keep),
)
VALIDATION: Steps = (
    ("cohort", read_second_cohort),
    ("features", measure),
    ("checks", judge_cohort),
    ("evaluation", score_second_cohort),
    ("analyses", answer),
    ("explanations", explain),
    ("results", conclude),
    ("results", update),
    ("writing", write),
    ("writing", keep),
)
