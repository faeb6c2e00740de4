"""What every analysis looks at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd

from sonoher2.study.analyses.analysis import Analysis, Scored, always


def scored(**given: object) -> Scored:
    """A study of two classes whose main threshold differs between signatures and outcomes."""
    thresholds = pd.DataFrame(
        {
            "signature": ["Clinical", "Clinical", "DLR"],
            "outcome": ["zero", "low", "low"],
            "threshold": [0.1, 0.2, 0.3],
            "rule": "largest Youden index",
        }
    )
    names = Scored.__dataclass_fields__
    values: dict[str, Any] = {
        name: None for name in names if name not in ("models", "networks", "bundle", "thresholds")
    }
    values |= {
        "study": SimpleNamespace(evaluation=SimpleNamespace(confidence=0.9)),
        "measured": SimpleNamespace(cohort=SimpleNamespace(classes=("zero", "low"))),
        "thresholds": thresholds,
    }
    return Scored(**values | given)


def test_limits_are_found_by_signature_and_outcome() -> None:
    limits = scored().limits
    assert limits["Clinical", "zero"] == 0.1
    assert limits["Clinical", "low"] == 0.2
    assert limits["DLR", "low"] == 0.3
    assert limits.index.names == ["signature", "outcome"]
    assert len(limits) == 3


def test_level_and_classes_are_those_of_study_and_cohort() -> None:
    assert scored().confidence == 0.9
    assert scored().classes == ("zero", "low")


def test_without_a_comparison_no_models_are_told_and_a_study_has_no_bundle() -> None:
    assert scored().models.empty
    assert scored().bundle is None
    assert scored().networks is None
    models = pd.DataFrame({"model": ["ridge"]})
    assert scored(models=models).models is models


def test_an_analysis_applies_everywhere_unless_it_says_where() -> None:
    plain = Analysis("a", "extra", None, lambda of: pd.DataFrame())  # type: ignore[arg-type]
    assert plain.applies is always
    assert always(scored())
    choosy = Analysis("a", "extra", None, lambda of: pd.DataFrame(), lambda of: of.bundle is not None)  # type: ignore[arg-type]
    assert not choosy.applies(scored())
    assert choosy.applies(scored(bundle="a model"))
