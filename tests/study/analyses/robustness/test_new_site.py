"""Repairs at a new site: tables of simulated patients whose distortion is known."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from sonoher2.engine import local_context
from sonoher2.study.analyses.robustness import new_site, prevalence
from sonoher2.study.analyses.robustness.new_site import REPAIRS_SCHEMA, repair_table
from sonoher2.study.analyses.robustness.prevalence import SCHEMA, prevalence_table

TRAINING = {"benign": 70, "malignant": 30}
SEEN = {"Radiomics": ("Radiomics",), "Clinical": ("Clinical", "clinical"), "DLR": ("DLR", "Radiomics", "Deep")}


@pytest.fixture(autouse=True)
def fewer_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_site, "DRAWS", 40)


def patients(share: float, count: int, seed: int):
    """Cases and probabilities that are right for a share of 0.3."""
    rng = np.random.default_rng(seed)
    is_case = rng.random(count) < share
    score = rng.normal(size=count) + 2 * is_case
    return is_case, expit(2 * score - 2 + logit(0.3))


def predictions(share: float, count: int, stretch: float = 1.0) -> pd.DataFrame:
    is_case, p = patients(share, count, 1)
    return pd.DataFrame(
        {
            "patient_id": [f"P{i:04}" for i in range(count)],
            "set": "test",
            "label": np.where(is_case, "malignant", "benign"),
            "outcome": "malignant",
            "signature": "Radiomics",
            "score": expit(stretch * logit(p)),
        }
    )


def domain(radiomics: float, clinical: float = 0.6) -> pd.DataFrame:
    return pd.DataFrame({"space": ["clinical", "Radiomics"], "auc_low": [clinical, radiomics]})


def groups(table: pd.DataFrame) -> pd.Series:
    names = table["patient_id"].unique()
    return pd.Series(range(len(names)), index=names)


def test_another_share_of_cases_is_found_without_labels() -> None:
    table = predictions(0.6, 800)
    found = prevalence_table(table, TRAINING, domain(0.6), SEEN, 0, 0.95)
    SCHEMA.check(found, "prevalence")
    (row,) = found.to_dict("records")
    seen = (table["label"] == "malignant").mean()
    assert row["training"] == pytest.approx(0.3)
    assert row["observed"] == seen
    assert row["prevalence_low"] < seen < row["prevalence_high"]
    assert row["prevalence"] == pytest.approx(0.6, abs=0.06)
    assert row["n"] == 800
    score = table["score"]
    assert row["saturated"] == ((score < 0.01) | (score > 0.99)).mean()
    assert row["told_apart"] == 0.6
    # the farther end of the interval from 0.3
    assert row["at_most"] == pytest.approx(1 - (1 - (row["prevalence_high"] - 0.3)) ** 2 / 2)
    assert row["caution"] == ""


@pytest.mark.parametrize(
    ("count", "stretch", "apart", "words"),
    [
        (800, 1.0, domain(0.95), "more has changed than the shares"),
        (800, 3.0, domain(0.55), "many scores near 0 or 1"),
        (60, 0.8, pd.DataFrame(), "fewer than 100 patients; not compared with the training patients"),
    ],
)
def test_reasons_for_mistrust_are_told(count: int, stretch: float, apart: pd.DataFrame, words: str) -> None:
    found = prevalence_table(predictions(0.6, count, stretch), TRAINING, apart, SEEN, 0, 0.95)
    assert found["caution"].tolist() == [words]


def test_a_signature_is_told_apart_by_what_it_reads_and_by_nothing_else() -> None:
    spaces = {
        **SEEN,
        "Clinical (pre-biopsy)": ("Clinical (pre-biopsy)", "clinical"),
        "Combined": ("Combined", "clinical", "DLR", "Radiomics", "Deep"),
        "Fine-tuned": ("Fine-tuned",),
    }
    table, apart = predictions(0.6, 100), pd.DataFrame({"space": ["clinical", "Radiomics", "Deep"]})
    several = pd.concat([table.assign(signature=name) for name in spaces])

    def told_apart(*lows: float) -> dict[str, float]:
        found = prevalence_table(several, TRAINING, apart.assign(auc_low=lows), spaces, 0, 0.95)
        assert (
            found.set_index("signature")
            .loc["Fine-tuned", "caution"]
            .endswith("not compared with the training patients")
        )
        return found.set_index("signature")["told_apart"].drop("Fine-tuned").to_dict()

    # the clinical columns differ and the images do not; then the other way round
    assert told_apart(0.9, 0.45, 0.44) == {
        "Radiomics": 0.45, "Clinical": 0.9, "DLR": 0.45, "Clinical (pre-biopsy)": 0.9, "Combined": 0.9,
    }  # fmt: skip
    assert told_apart(0.45, 0.6, 0.93) == {
        "Radiomics": 0.6, "Clinical": 0.45, "DLR": 0.93, "Clinical (pre-biopsy)": 0.45, "Combined": 0.93,
    }  # fmt: skip


def test_repairs_of_another_share() -> None:
    table = predictions(0.6, 800)
    found = repair_table(table, TRAINING, groups(table), 0, 0.95)
    REPAIRS_SCHEMA.check(found, "repairs")
    assert list(zip(found["update"], found["labelled"], strict=True)) == [
        ("frozen", 0),
        ("prior shift", 0),
        *((name, n) for n in (30, 60, 100) for name in ("intercept", "intercept and slope")),
    ]
    assert found["n"].tolist() == [800, 800, 770, 770, 740, 740, 700, 700]
    rows = found.set_index(["update", "labelled"])
    frozen, prior, few, many = (
        rows.loc[key] for key in (("frozen", 0), ("prior shift", 0), ("intercept", 30), ("intercept", 100))
    )
    score = table["score"]
    assert frozen["expected"] == pytest.approx(score.sum() / (table["label"] == "malignant").sum())
    assert frozen["brier"] == pytest.approx(np.mean((score - (table["label"] == "malignant")) ** 2))
    assert frozen["expected_high"] < 1
    assert np.isnan(frozen["worse"])
    assert prior["expected_low"] < 1 < prior["expected_high"]
    assert (prior["worse"], prior["brier"] < frozen["brier"]) == (0, True)
    # a shift of the log-odds leaves the slope
    assert prior["slope"] == pytest.approx(frozen["slope"], rel=1e-3)
    for row in (few, many):
        assert row["expected_low"] < row["expected"] < row["expected_high"]
        assert row["expected"] == pytest.approx(1, abs=0.1)
    assert many["expected_high"] - many["expected_low"] < few["expected_high"] - few["expected_low"]
    assert many["worse"] <= few["worse"] < 0.3


def test_a_stretch_is_worsened_by_the_prior_shift_and_mended_by_the_slope() -> None:
    table = predictions(0.3, 800, 3.0)
    rows = repair_table(table, TRAINING, groups(table), 0, 0.95).set_index(["update", "labelled"])
    assert rows.loc[("frozen", 0), "slope"] == pytest.approx(1 / 3, abs=0.06)
    assert rows.loc[("intercept and slope", 100), "slope"] == pytest.approx(1, abs=0.15)
    assert rows.loc[("intercept", 100), "slope"] == pytest.approx(1 / 3, abs=0.06)
    assert rows.loc[("intercept and slope", 100), "worse"] < 0.05


def test_a_size_that_leaves_too_few_others_is_left_out() -> None:
    for count, sizes in ((79, set()), (80, {30}), (110, {30, 60})):
        table = predictions(0.5, count)
        found = repair_table(table, TRAINING, groups(table), 0, 0.95, sizes=(30, 60))
        assert set(found["labelled"]) - {0} == sizes


def test_three_classes_have_a_row_each() -> None:
    rng = np.random.default_rng(5)
    p = rng.dirichlet([1, 1, 1], 120)
    names = np.array(["zero", "low", "high"])
    label = names[[rng.choice(3, p=row) for row in p]]
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "patient_id": [f"P{i:03}" for i in range(120)],
                    "set": "test",
                    "label": label,
                    "outcome": name,
                    "signature": "DLR",
                    "score": p[:, k],
                }
            )
            for k, name in enumerate(names)
        ]
    )
    training = {"zero": 10, "low": 10, "high": 10}
    found = prevalence_table(table, training, domain(0.5), SEEN, 0, 0.95).set_index("outcome")
    assert found.index.tolist() == ["zero", "low", "high"]
    assert found["prevalence"].sum() == pytest.approx(1)
    for name in names:
        assert found.loc[name, "observed"] == (label == name).mean()
        assert found.loc[name, "prevalence"] == pytest.approx((label == name).mean(), abs=0.12)
    assert found["at_most"].nunique() == 1
    repairs = repair_table(table, training, groups(table), 0, 0.95, sizes=()).set_index(["outcome", "update"])
    for k, name in enumerate(names):
        expected = p[:, k].sum() / (label == name).sum()
        assert repairs.loc[(name, "frozen"), "expected"] == pytest.approx(expected)


def test_a_validation_asks_with_the_classes_in_the_order_of_the_cohort(tmp_path: Path) -> None:
    table = predictions(0.6, 60)
    names = table["patient_id"]
    # the bundle counts the classes in another order
    schema = SimpleNamespace(training_patients={"malignant": 30, "benign": 70})
    scored = SimpleNamespace(
        bundle=SimpleNamespace(schema=schema, reference=None),
        classes=("benign", "malignant"),
        predictions=table,
        measured=SimpleNamespace(cohort=SimpleNamespace(patients=pd.DataFrame({"group": range(60)}, index=names))),
        study=SimpleNamespace(seed=3),
        confidence=0.9,
        context=local_context(tmp_path, 1),
        model=SimpleNamespace(fitted_={"Radiomics": SimpleNamespace(clinical_kinds={}, parents=())}),
        X=pd.DataFrame(),
    )
    found = prevalence.ANALYSIS.compute(scored)
    pd.testing.assert_frame_equal(found, prevalence_table(table, TRAINING, pd.DataFrame(), SEEN, 3, 0.9))
    assert found["training"].tolist() == [0.3]
    repairs = new_site.REPAIRS.compute(scored)
    pd.testing.assert_frame_equal(repairs, repair_table(table, TRAINING, groups(table), 3, 0.9), check_dtype=False)
    assert prevalence.ANALYSIS.applies(scored)
    assert new_site.REPAIRS.applies(scored)
    assert not new_site.REPAIRS.applies(SimpleNamespace(bundle=None))


def test_the_spread_of_the_draws_leaves_out_those_that_allow_no_update() -> None:
    """Of five draws one allows no update and one no slope; two of four updates are worse, one changes nothing."""
    nan = np.nan
    values = np.array([1.0, 2.0, 3.0, nan, 5.0])
    found = SimpleNamespace(
        expected=values, slope=np.array([1.0, nan, 3.0, nan, 5.0]), brier=values / 10, ece=values / 100,
        gain=np.array([-1.0, 0.0, 1.0, nan, -2.0]),
    )  # fmt: skip
    row = new_site._spread(found, 0.5)  # type: ignore[arg-type]
    assert (row["unfitted"], row["worse"]) == (0.2, 0.5)
    assert [row[name] for name in ("expected_low", "expected", "expected_high")] == [1.75, 2.5, 3.5]
    assert [row[name] for name in ("slope_low", "slope", "slope_high")] == [2, 3, 4]
    assert [row[name] for name in ("brier", "ece")] == pytest.approx([0.25, 0.025])
    none = SimpleNamespace(**dict.fromkeys(("expected", "slope", "brier", "ece", "gain"), np.full(3, nan)))
    row = new_site._spread(none, 0.5)  # type: ignore[arg-type]
    assert row.pop("unfitted") == 1
    assert np.isnan(list(row.values())).all()


def test_a_caution_begins_beyond_its_limit() -> None:
    assert prevalence._caution(100, 0.1, 0.7, 0.7) == ""
    assert prevalence._caution(99, 0.11, 0.71, 0.7) == (
        "fewer than 100 patients; many scores near 0 or 1; more has changed than the shares"
    )


def test_columns_stand_in_the_order_in_which_they_are_read() -> None:
    assert " ".join(SCHEMA.names) == (
        "signature outcome n training prevalence prevalence_low prevalence_high observed saturated told_apart"
        " at_most caution"
    )
    assert REPAIRS_SCHEMA.names[:6] == ("signature", "outcome", "update", "labelled", "n", "unfitted")
    assert REPAIRS_SCHEMA.names[6::3] == ("expected", "slope", "brier", "ece", "worse")


def test_what_needs_no_label_is_judged_on_all_patients() -> None:
    """Half of the patients are cases; the frozen probabilities are right and the corrected ones too high."""
    rng = np.random.default_rng(4)
    p = np.clip(rng.beta(2, 2, 300), 0.05, 0.95)
    is_case = rng.random(300) < p
    higher = p**0.5
    prior = SimpleNamespace(probabilities=np.column_stack([1 - higher, higher]))
    wide, narrow = (list(new_site._of_all(is_case, p, prior, 1, level)) for level in (0.95, 0.6))  # type: ignore[arg-type]
    frozen, corrected = wide
    assert (frozen["update"], corrected["update"]) == ("frozen", "prior shift")
    for row, score in ((frozen, p), (corrected, higher)):
        assert (row["labelled"], row["n"]) == (0, 300)
        assert row["expected"] == pytest.approx(score.sum() / is_case.sum())
        assert row["brier"] == pytest.approx(np.mean((score - is_case) ** 2))
        # the mean distance of ten groups is at least the distance of all
        assert row["ece"] >= abs(score.mean() - is_case.mean()) - 1e-9
        assert row["expected_low"] < row["expected"] < row["expected_high"]
        assert row["slope_low"] < row["slope"] < row["slope_high"]
    assert frozen["ece"] < corrected["ece"]  # type: ignore[operator]
    assert (np.isnan(frozen["worse"]), corrected["worse"]) == (True, 1.0)  # type: ignore[call-overload]
    other = new_site._of_all(is_case, higher, SimpleNamespace(probabilities=np.column_stack([1 - p, p])), 1, 0.95)  # type: ignore[arg-type]
    assert [row["worse"] for row in other][1] == 0.0
    for name in ("expected", "slope"):
        for less, more in zip(narrow, wide, strict=True):
            ends = [row[f"{name}_high"] - row[f"{name}_low"] for row in (less, more)]  # type: ignore[operator]
            assert ends[0] < ends[1]


def test_numbers_of_outcomes_are_those_of_the_classes_in_training() -> None:
    part = pd.DataFrame({"outcome": ["high", "zero", "high"]})
    assert list(new_site.numbered_outcomes(part, {"zero": 5, "low": 6, "high": 7})) == [("high", 2), ("zero", 0)]
    nobody = SimpleNamespace(bundle=None, classes=())
    assert new_site.training_patients(nobody) == {}  # type: ignore[arg-type]
