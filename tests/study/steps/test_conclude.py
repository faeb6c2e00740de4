"""What the last step lists: features that the LASSO kept, and steps that found nothing to keep."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.study.steps import conclude as module
from sonoher2.study.steps.conclude import answer, lasso_coefficients


def test_features_are_listed_by_the_size_of_their_coefficients() -> None:
    """Of the second point of the path, which was chosen; the first would keep other ones."""
    path: Any = SimpleNamespace(
        features=["a", "b", "c", "d"],
        coefficients=np.array([[9.0, 0.2], [9.0, -0.7], [9.0, 0.0], [9.0, 0.5]]),
        chosen=1,
    )
    table = lasso_coefficients(path)
    assert table.to_dict("list") == {"feature": ["b", "d", "a"], "coefficient": [-0.7, 0.5, 0.2]}
    assert lasso_coefficients(None).columns.tolist() == ["feature", "coefficient"]


def test_a_step_that_nothing_passed_is_a_warning() -> None:
    log = pd.DataFrame({"step": ["ICC", "LASSO"], "fallback": [True, False]})
    [finding] = module._fallback_findings(SimpleNamespace(log_=log))  # type: ignore[arg-type]
    assert finding.severity == "warning"
    assert "'ICC'" in finding.what
    assert module._fallback_findings(None) == []


def test_the_reference_site_is_that_of_the_model() -> None:
    models: list[Any] = [SimpleNamespace(harmoniser_=one) for one in (None, SimpleNamespace(reference="North"))]
    assert [module._reference_site(model) for model in models] == ["", "North"]


@pytest.mark.parametrize("bundle", [None, SimpleNamespace(schema=SimpleNamespace(main="its own"))])
def test_the_main_signature_is_chosen_in_training_or_is_that_of_the_model(
    bundle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.DataFrame(
        [("a", "train_oof", 0.7), ("a", "test", 0.1), ("b", "train_oof", 0.6), ("b", "test", 0.9)],
        columns=["signature", "set", "auc"],
    ).assign(outcome="positive")
    monkeypatch.setattr(module, "analyse", lambda scored: {"performance": {"signatures": table}})
    state: Any = SimpleNamespace(bundle=bundle, scored=None)
    answer(state)
    assert state.main == ("a" if bundle is None else "its own")
