"""How a new cohort differs from the training patients, worked by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle.training import LevelSummary, NumberSummary, TrainingSummary
from sonoher2.cohort.images.check import ImageRecord
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.evaluation.shift.predictability import predict_outcome
from sonoher2.signatures.feature_table import CLINICAL, RADIOMICS
from sonoher2.study.analyses.robustness import shift
from sonoher2.study.analyses.robustness.shift import shift_table, training_summary
from sonoher2.study.measure.measured import Measured

AGE = ClinicalColumn(kind="number", timing="pre-biopsy")
KIND = ClinicalColumn(kind="category", timing="pre-biopsy")
STEPS = tuple(float(value) for value in np.linspace(40, 60, 21))


def measured(ages: list[float], kinds: list[str | None], area: list[float]) -> Measured:
    names = pd.Index([f"P{i}" for i in range(len(ages))], name="patient_id")
    table = pd.DataFrame({(CLINICAL, "age"): ages, (CLINICAL, "kind"): kinds, (RADIOMICS, "area"): area}, index=names)
    cohort = Cohort(
        pd.DataFrame(index=names),
        pd.DataFrame({"patient_id": names}),
        ("no", "yes"),
        {"age": AGE, "kind": KIND},
        (),
    )
    return Measured(cohort, pd.DataFrame({"area": area}), table)


def record(grey: float) -> ImageRecord:
    return ImageRecord(quality={"grey_mean": grey})


def test_the_training_summary_is_of_training_patients_and_their_images_alone() -> None:
    cohort = measured([40, 50, 90], ["a", "b", "b"], [1.0, 3.0, 100.0])
    found = training_summary(cohort, [record(10), record(20), record(99)], pd.Index(["P0", "P1"]), ["area"])
    assert found.features["area"].mean == 2
    assert found.clinical["age"].mean == 45
    assert found.clinical["kind"].shares == {"a": 0.5, "b": 0.5}
    assert found.images["grey_mean"].mean == 15
    assert found.images["grey_mean"].sd == pytest.approx(np.sqrt(50))
    assert found.images["grey_mean"].quantiles[-1] == 20


def test_the_size_of_a_pixel_is_that_of_a_square_of_its_area() -> None:
    sizes = shift.image_table([ImageRecord(mm_per_pixel=mm) for mm in ((0.1, 0.1), (0.1, 0.4), (0.4, 0.1), None)])
    assert sizes["mm_per_pixel"].tolist() == pytest.approx([0.1, 0.2, 0.2, np.nan], nan_ok=True)


def test_a_cohort_of_higher_values_has_a_positive_difference_and_the_commonest_level_is_named() -> None:
    training = TrainingSummary(
        features={"area": NumberSummary(missing=0, mean=5, sd=2, quantiles=tuple(np.linspace(1, 9, 21)))},
        clinical={
            "age": NumberSummary(missing=0.1, mean=50, sd=10, quantiles=STEPS),
            "kind": LevelSummary(missing=0, shares={"a": 0.2, "b": 0.8}),
        },
        images={"grey_mean": NumberSummary(missing=0, mean=10, sd=1, quantiles=tuple(np.linspace(9, 11, 21)))},
    )
    new = measured([55, 65, np.nan], ["a", "a", "b"], [1.0, 2.0, 3.0])
    table = shift_table(training, new, [record(8), record(8), record(8)], {"age": AGE, "kind": KIND})
    assert table["part"].tolist() == ["features", "clinical", "clinical", "images"]
    rows = table.set_index("column")
    # (60 - 50) / sqrt((100 + 50) / 2); the mean of the new area is 2, its sd 1
    assert rows.loc["age", "difference"] == pytest.approx(10 / np.sqrt(75))
    assert rows.loc["area", "difference"] == pytest.approx(-3 / np.sqrt(2.5))
    assert rows.loc["age", ["training", "new"]].tolist() == ["50 ± 10", "60 ± 7.07"]
    assert rows.loc["age", "missing_training"] == pytest.approx(0.1)
    assert rows.loc["age", "missing_new"] == pytest.approx(1 / 3)
    assert rows.loc["kind", ["training", "new"]].tolist() == ["b 80%", "a 67%"]
    # half of the new ages are above all training ages, the other half above three quarters of them
    assert rows.loc["age", "distance"] == pytest.approx(0.75)
    assert rows.loc["grey_mean", "distance"] == pytest.approx(1)
    # of two levels: the difference of the shares over the deviation of both
    assert abs(rows.loc["kind", "difference"]) == pytest.approx((2 / 3 - 0.2) / np.sqrt((0.16 + 2 / 9) / 2))
    assert np.isnan(rows.loc["kind", "distance"])
    # the largest difference of a part comes first, whatever its sign
    assert table["column"].tolist() == ["area", "age", "kind", "grey_mean"]


def test_new_patients_who_share_a_picture_do_not_give_each_other_away(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    old, pairs = rng.normal(size=(60, 3)), np.repeat(rng.normal(size=(30, 3)), 2, axis=0)
    reference = SimpleNamespace(spaces={"Radiomics": pd.DataFrame(old, columns=list("abc"))})
    monkeypatch.setattr(shift, "model_spaces", lambda model, X: {"Radiomics": pd.DataFrame(pairs, columns=list("abc"))})
    asked = []

    def found(columns, outcome, group, **how):
        asked.append((outcome.tolist(), group.tolist()))
        return predict_outcome(columns, outcome, group, **how)

    monkeypatch.setattr(shift, "predict_outcome", found)
    alone, together = (
        shift.domain_table(reference, None, pd.DataFrame(), group, 0, 0.95).iloc[0]
        for group in (np.arange(60), np.repeat(np.arange(30), 2))
    )
    (outcome, _), (_, group) = asked
    assert outcome == [0] * 60 + [1] * 60
    # no training patient is in a group of the new cohort
    assert group == [*range(60), *np.repeat(range(60, 90), 2)]
    assert together["auc"] < alone["auc"] - 0.02


def test_what_nobody_knows_is_shown_without_a_difference() -> None:
    nothing = NumberSummary(missing=1, mean=0, sd=0, quantiles=())
    training = TrainingSummary(
        features={"area": NumberSummary(missing=0, mean=3, sd=1e-10, quantiles=STEPS)},
        clinical={"age": nothing, "kind": LevelSummary(missing=0, shares={"a": 0.5, "b": 0.5})},
        images={"grey_mean": NumberSummary(missing=0, mean=10, sd=1, quantiles=STEPS)},
    )
    new = measured([55, 65], [None, None], [2.0, 2.0])
    table = shift_table(training, new, [], {"kind": KIND, "other": AGE, "age": AGE})
    assert table["part"].tolist() == ["features", "clinical", "clinical"]
    rows = table.set_index("column")
    assert rows.loc["kind", ["training", "new", "missing_new"]].tolist() == ["a 50%", "", 1]
    assert rows.loc["age", ["training", "new", "missing_training"]].tolist() == ["", "60 ± 7.07", 1]
    assert rows[["difference", "distance"]].loc[["kind", "age"]].isna().all(axis=None)
    # a deviation of rounding is none
    assert rows.loc["area", ["training", "new"]].tolist() == ["3 ± 0", "2 ± 0"]
    assert shift_table(training, new, [], {})["column"].tolist() == ["area"]
    images = new.feature_table[[(CLINICAL, "age")]]
    clinical = Measured(new.cohort, new.features, images)
    assert shift_table(training, clinical, [record(10)] * 2, {})["part"].tolist() == ["images"]


def test_a_study_without_images_or_clinical_columns_sums_up_the_rest() -> None:
    cohort = measured([40, 50, 90], ["a", "b", "b"], [1.0, 3.0, 100.0])
    patients = pd.Index(["P0", "P1"])
    for column, part in (((CLINICAL, "age"), "features"), ((RADIOMICS, "area"), "clinical")):
        alone = Measured(cohort.cohort, cohort.features, cohort.feature_table[[column]])
        if part == "clinical":
            alone.cohort.clinical.clear()
        found = training_summary(alone, [], patients, ["area"] if part == "clinical" else [])
        assert getattr(found, part) == {}
        assert found.images == {}


def test_only_spaces_of_both_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    old = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]})
    reference = SimpleNamespace(spaces={"Radiomics": old})
    new = pd.DataFrame({"b": [7.0, 8.0]})
    monkeypatch.setattr(shift, "model_spaces", lambda model, X: {"clinical": old, "Radiomics": new})
    asked = []

    def found(both, domain, groups, **how):
        asked.append((both.tolist(), domain.tolist(), groups.tolist(), how))
        return SimpleNamespace(auc=SimpleNamespace(value=0.7, low=0.6, high=0.8), p=0.01)

    monkeypatch.setattr(shift, "predict_outcome", found)
    [row] = shift.domain_table(reference, None, pd.DataFrame(), np.array([0, 0]), 5, 0.9).to_dict("records")
    assert row == {
        "space": "Radiomics", "training": 3, "new": 2, "columns": 1, "auc": 0.7, "auc_low": 0.6, "auc_high": 0.8,
        "p": 0.01,
    }  # fmt: skip
    how = {"seed": 5, "permutations": 199, "confidence": 0.9}
    assert asked == [([[4], [5], [6], [7], [8]], [0, 0, 0, 1, 1], [0, 1, 2, 3, 3], how)]
    assert shift.DOMAIN_SCHEMA.names == ("space", "training", "new", "columns", "auc", "auc_low", "auc_high", "p")


def validation(**own: object) -> SimpleNamespace:
    new = measured([55, 65], ["a", "b"], [2.0, 2.0])
    new.cohort.patients["group"] = [4, 5]
    summary = TrainingSummary(clinical={"age": NumberSummary(missing=0, mean=50, sd=10, quantiles=STEPS)})
    schema = SimpleNamespace(training=summary, clinical={"other": AGE, "age": AGE})
    bundle = SimpleNamespace(schema=schema, reference="cases", sha256="hash")
    context = SimpleNamespace(run=lambda step, *given: (step, *given))
    return SimpleNamespace(**{
        "bundle": bundle, "measured": new, "records": [], "model": "model", "X": new.feature_table[:1],
        "study": SimpleNamespace(seed=3), "confidence": 0.9, "context": context, **own,
    })  # fmt: skip


def test_a_validation_is_compared_with_the_bundles_training_and_a_study_with_nothing() -> None:
    known = validation()
    assert shift.SHIFT.compute(known)["column"].tolist() == ["age"]
    assert shift.SHIFT.compute(validation(bundle=None)).columns.tolist() == list(shift.COLUMNS)
    step, reference, model, X, group, *rest = shift.told_apart(known)
    assert (step, reference.value, reference.key, model.value, model.key) == (
        shift.STEP, "cases", "hash", "model", "hash",
    )  # fmt: skip
    assert X is known.X
    assert (group.tolist(), rest) == ([4], [3, 0.9])
    assert shift.DOMAIN.applies(known)
    for nothing in (None, SimpleNamespace(reference=None)):
        assert shift.told_apart(validation(bundle=nothing)).empty
        assert not shift.DOMAIN.applies(validation(bundle=nothing))
    assert shift.SHIFT.applies(known)
    assert not shift.SHIFT.applies(validation(bundle=None))
