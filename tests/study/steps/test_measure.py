"""Which networks may describe a study's patients, and what the signatures are fitted on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.deep import lesion
from sonoher2.study.fit import scoring
from sonoher2.study.steps import measure as module
from sonoher2.study.steps.measure import fit, measure, study_networks


@pytest.mark.parametrize(("training", "networks"), [("frozen", ("network",)), ("fine-tuned", ())])
def test_networks_that_are_to_be_trained_describe_nobody_before(
    training: str, networks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(module, "frozen_networks", lambda deep, context: asked.append((deep, context)) or ("network",))
    monkeypatch.setattr(lesion, "starting_points", lambda deep: asked.append((deep, "context")))
    study: Any = SimpleNamespace(images=object(), networks=SimpleNamespace(training=training))
    context: Any = "context"
    assert study_networks(study, context) == networks
    # a lack of their weights shows at once, in either case
    assert asked == [(study.networks, "context")]


@pytest.mark.parametrize(("images", "deep"), [(None, object()), (object(), None)])
def test_without_images_or_networks_nothing_is_fetched(images: object, deep: object) -> None:
    study: Any = SimpleNamespace(images=images, networks=deep)
    context: Any = None
    assert study_networks(study, context) == ()


def state(**values: object) -> Any:
    """Three patients in another order than the split's; the second of the table is a training patient."""
    sets = pd.Series({"A": "train", "B": "test", "C": "test"})
    own = {
        "study": SimpleNamespace(images=None, networks=None, comparison=False),
        "checked": SimpleNamespace(cohort="cohort", hashes={"a": "1"}),
        "split": SimpleNamespace(sets=sets),
        "context": "context",
        "findings": ["before"],
        "bundle": None,
    }
    return SimpleNamespace(**{**own, **values})


@pytest.mark.parametrize("bundle", [None, SimpleNamespace(networks=("its own",))])
def test_training_patients_are_told_by_name_and_a_model_brings_its_networks(
    bundle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.DataFrame({("clinical", "age"): [1, 2, 3]}, index=["C", "A", "B"])
    given = []

    def measured(*how: object) -> Any:
        given.append(how[-1])
        return SimpleNamespace(feature_table=table, findings=("after",))

    monkeypatch.setattr(module, "measure_cohort", measured)
    now = state(bundle=bundle)
    measure(now)
    assert now.in_training.tolist() == [False, True, False]
    assert now.findings == ["before", "after"]
    assert given == [() if bundle is None else ("its own",)]


@pytest.mark.parametrize("comparison", [False, True])
def test_signatures_are_fitted_on_training_patients_alone(comparison: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({("clinical", "age"): [1, 2, 3]}, index=["C", "A", "B"])
    given: dict[str, Any] = {}
    cohort = SimpleNamespace(
        clinical={}, patients=pd.DataFrame({"label": [0, 1, 0], "group": [1, 2, 3]}, index=table.index)
    )
    monkeypatch.setattr(
        scoring, "build_signatures", lambda study, clinical, radiomics: given.update(radiomics=radiomics)
    )

    def fitted(signatures: Any, training: Any, study: Any, context: Any, others: Any) -> str:
        given.update(training=training.X.index.tolist(), y=training.y.tolist(), others=others)
        return "fitted"

    monkeypatch.setattr(scoring, "fit_signatures", fitted)
    now = state(
        study=SimpleNamespace(comparison=comparison),
        measured=SimpleNamespace(cohort=cohort, feature_table=table, by_fold=()),
        in_training=np.array([True, False, True]),
    )
    fit(now)
    assert (given["training"], given["y"], given["radiomics"]) == (["C", "B"], [0, 0], False)
    assert (None if given["others"] is None else given["others"].index.tolist()) == (["A"] if comparison else None)
    assert now.fitted == "fitted"
