"""SITE001, MARK001, MARK002 and MISS001: planted shortcuts are found, and chance is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sonoher2.study.checks import shortcuts as module
from sonoher2.study.checks.columns import label_columns
from sonoher2.study.checks.facts import Facts, whole_split
from sonoher2.study.checks.outcome import Outcome
from sonoher2.study.checks.shortcuts import MARK001, MARK002, MISS001, SITE001, TOGETHER, Shortcuts, shortcut_tests
from study_facts import facts, labels, picture, sign, with_clinical, with_patients, with_pictures


def shortcut_checks(shortcuts: Shortcuts) -> list[Outcome]:
    return [check.look(shortcuts) for check in (SITE001, MARK001, MARK002, MISS001)]


def shortcut_outcome(known: Facts, code: str) -> Outcome:
    return next(outcome for outcome in shortcut_checks(shortcut_tests(known)) if outcome.code == code)


@pytest.mark.parametrize("seed", range(8))
def test_clean_studies_raise_no_false_alarm_of_a_shortcut(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    known = with_patients(facts(seed=seed), site=list(rng.choice(["A", "B", "C"], 200)))
    assert {outcome.state for outcome in shortcut_checks(shortcut_tests(known))} <= {"passed", "not checked"}


def test_site001_a_label_that_follows_the_site() -> None:
    """A planted site effect: one hospital sends most cases, the other most controls."""
    known, rng = facts(), np.random.default_rng(4)
    case_site = np.where(rng.random(200) < np.where(labels(known) == 1, 0.8, 0.2), "A", "B")
    outcome = shortcut_outcome(with_patients(known, site=list(case_site)), "SITE001")
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert outcome.finding.what.startswith(
        "from site alone, positive is told from the rest with an out-of-fold AUC of 0.8"
    )
    fair = list(rng.choice(["A", "B"], 200))
    assert shortcut_outcome(with_patients(known, site=fair), "SITE001").state == "passed"
    assert shortcut_outcome(with_patients(known, scanner=list(case_site)), "SITE001").state == "error"
    assert shortcut_outcome(known, "SITE001").state == "not checked"


def test_mark001_marks_that_follow_the_label() -> None:
    known, rng = facts(), np.random.default_rng(5)
    assert shortcut_outcome(known, "MARK001").state == "passed"
    drawn = rng.random(200) < np.where(labels(known) == 1, 0.8, 0.1)
    marked = [picture(rng, callipers=4 * int(one)) for one in drawn]
    assert shortcut_outcome(replace(known, records=marked), "MARK001").state == "error"


@pytest.mark.parametrize("mark", [{"callipers": 4}, {"text": 2}, {"colour_share": 0.01}, {"marked": True}])
def test_mark001_each_kind_of_mark_alone(mark: dict[str, object]) -> None:
    known = facts()
    outcome = shortcut_outcome(with_pictures(known, sign(known, 0.8, 0.1), **mark), "MARK001")
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert outcome.finding.what.startswith("from callipers, text and colour alone")


@pytest.mark.parametrize(
    "changes",
    [{"file_shape": (480, 640)}, {"format": "JPEG"}, {"black_border": 0.4}],
)
def test_mark002_pictures_that_follow_the_label(changes: dict[str, object]) -> None:
    known, rng = facts(), np.random.default_rng(6)
    assert shortcut_outcome(known, "MARK002").state == "passed"
    other = rng.random(200) < np.where(labels(known) == 1, 0.8, 0.15)
    records = [picture(rng, **(changes if one else {})) for one in other]
    assert shortcut_outcome(replace(known, records=records), "MARK002").state == "error"


@pytest.mark.parametrize("spacing", [(0.25, 0.25), (0.1, 0.25), None])
def test_mark002_the_size_of_a_pixel_and_whether_it_is_known(spacing: tuple[float, float] | None) -> None:
    known = facts()
    outcome = shortcut_outcome(with_pictures(known, sign(known, 0.8, 0.1), mm_per_pixel=spacing), "MARK002")
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert outcome.finding.what.startswith("from picture size alone")


def test_mark002_the_number_of_images() -> None:
    known = facts()
    images = known.cohort.images
    more = pd.concat([images, images[labels(known) == 1].assign(image="second")], ignore_index=True)
    rng = np.random.default_rng(0)
    several = replace(
        known, cohort=replace(known.cohort, images=more), records=[picture(rng) for _ in range(len(more))]
    )
    outcome = shortcut_outcome(several, "MARK002")
    assert outcome.finding is not None
    assert outcome.finding.what.startswith("from number of images alone")


def test_miss001_values_that_are_missing_in_one_class() -> None:
    known, rng = facts(), np.random.default_rng(7)
    missing = rng.random(200) < np.where(labels(known) == 1, 0.05, 0.6)
    values = np.where(missing, np.nan, rng.normal(size=200))
    assert shortcut_outcome(with_clinical(known, "ca153", list(values)), "MISS001").state == "error"
    even = np.where(rng.random(200) < 0.3, np.nan, rng.normal(size=200))
    assert shortcut_outcome(with_clinical(known, "ca153", list(even)), "MISS001").state == "passed"
    assert shortcut_outcome(known, "MISS001").state == "not checked"


def test_miss001_a_code_counts_as_missing() -> None:
    known, rng = facts(), np.random.default_rng(7)
    values = np.where(sign(known, 0.8, 0.1), -9.0, rng.normal(50, 8, 200))
    assert shortcut_outcome(with_clinical(known, "ca153", list(values)), "MISS001").state == "error"


def test_site001_the_date_predicts_the_label() -> None:
    known = facts()
    assert shortcut_outcome(with_patients(known, date=["2024-05-31"] * 200), "SITE001").state == "not checked"
    dates = np.where(sign(known, 0.8, 0.1), "2019-03-02", "2023-07-09").astype(object)
    dates[3] = None
    outcome = shortcut_outcome(with_patients(known, date=list(dates)), "SITE001")
    assert outcome.finding is not None
    assert outcome.finding.what.startswith("from date alone")


@pytest.mark.parametrize("automatic", [True, False])
def test_mark002_the_origin_of_the_mask(automatic: bool) -> None:
    """Cases outlined by the segmenter, or masks of another format for them."""
    known = with_pictures(facts())
    other = sign(known, 0.8, 0.1)
    suffix = ".png" if automatic else ".nii.gz"
    masks = [(f"/m{i}{suffix if one else '.png'}",) for i, one in enumerate(other)]
    drawn = frozenset(mask for (mask,), one in zip(masks, other, strict=True) if one and automatic)
    images = known.cohort.images.assign(masks=masks)
    outcome = shortcut_outcome(
        replace(known, cohort=replace(known.cohort, images=images), segmented_masks=drawn), "MARK002"
    )
    assert outcome.finding is not None
    assert outcome.finding.what.startswith("from origin of the mask alone")


def by_site(known: Facts, here: np.ndarray) -> Facts:
    return with_patients(known, site=list(np.where(here, "A", "B")))


@pytest.mark.parametrize(
    ("code", "plant"),
    [
        ("SITE001", by_site),
        ("SITE001", lambda known, here: with_patients(known, scanner=list(np.where(here, "A", "B")))),
        ("MARK001", lambda known, here: with_pictures(known, here, callipers=4)),
        ("MARK002", lambda known, here: with_pictures(known, here, format="JPEG")),
        ("MISS001", lambda known, here: with_clinical(known, "ca153", list(np.where(here, np.nan, 1.0)))),
    ],
    ids=["site", "scanner", "callipers", "format", "missing values"],
)
def test_a_shortcut_of_middling_strength_is_a_warning(code: str, plant: Callable[[Facts, np.ndarray], Facts]) -> None:
    """The planted AUC is 0.67; out of fold it is a little lower, and between 0.6 and 0.7."""
    known = with_pictures(facts())
    outcome = shortcut_outcome(plant(known, sign(known, 0.67, 0.33)), code)
    assert outcome.state == "warning"
    assert outcome.finding is not None
    assert "with an out-of-fold AUC of 0.6" in outcome.finding.what


@pytest.mark.parametrize(
    ("patients", "in_cases", "in_controls", "state"),
    [(200, 0.75, 0.25, "error"), (450, 0.59, 0.41, "passed"), (50, 0.7, 0.3, "passed")],
    ids=["strong", "weak though sure", "unsure"],
)
def test_a_shortcut_must_be_strong_and_sure(patients: int, in_cases: float, in_controls: float, state: str) -> None:
    known = with_pictures(facts(patients))
    shortcuts = shortcut_tests(by_site(known, sign(known, in_cases, in_controls)))
    assert next(outcome for outcome in shortcut_checks(shortcuts) if outcome.code == "SITE001").state == state
    # of those that pass, one passes by its AUC alone and the other by its p value alone
    table = shortcuts.table.iloc[0]
    assert (table["p_holm"] < 0.01) == (patients > 50)
    assert (table["auc"] >= 0.6) == (in_cases > 0.6)


def test_only_training_labels_are_looked_at() -> None:
    known, rng = facts(), np.random.default_rng(8)
    site = list(rng.choice(["A", "B"], 200))
    changed = np.where(np.arange(200) < 140, labels(known), 1 - labels(known))
    one = shortcut_tests(with_patients(known, site=site))
    other = shortcut_tests(with_patients(known, site=site, label=list(changed)))
    pd.testing.assert_frame_equal(one.table, other.table)
    assert one.table["n"].eq(140).all()
    validation = shortcut_tests(replace(with_patients(known, site=site), split=whole_split(known.cohort)))
    assert validation.table["n"].eq(200).all()


def test_three_classes_are_tested_one_by_one() -> None:
    known, rng = facts(), np.random.default_rng(9)
    label = rng.integers(0, 3, 200)
    cohort = replace(known.cohort, classes=("zero", "low", "positive"))
    three = with_patients(replace(known, cohort=cohort), label=list(label), site=list(np.where(label == 2, "A", "B")))
    shortcuts = shortcut_tests(three)
    assert list(shortcuts.table["outcome"].unique()) == ["zero", "low", "positive"]
    assert list(shortcuts.scores.columns) == ["zero", "low", "positive"]
    assert TOGETHER in set(shortcuts.table["shortcut"])
    outcome = next(outcome for outcome in shortcut_checks(shortcuts) if outcome.code == "SITE001")
    assert outcome.finding is not None
    assert "from site alone, positive is told from the rest" in outcome.finding.what


def test_one_class_alone_is_not_checked() -> None:
    sound = facts()
    label = pd.Series(0, index=sound.cohort.patients.index)
    site = np.where(np.arange(len(label)) % 2, "A", "B")
    alike = replace(sound, cohort=replace(sound.cohort, patients=sound.cohort.patients.assign(label=label, site=site)))
    outcomes = {outcome.code: outcome for outcome in [label_columns(alike), *shortcut_checks(shortcut_tests(alike))]}
    for code in ("TIME002", "SITE001", "MARK001"):
        assert outcomes[code].state == "not checked"
        assert "one class" in outcomes[code].skipped


@pytest.mark.parametrize(
    ("auc", "p", "p_holm", "state"),
    [
        (0.8, 0.005, 0.02, "passed"),
        (0.8, 0.005, 0.009, "error"),
        (0.7, 0.001, 0.005, "error"),
        (0.69, 0.001, 0.005, "warning"),
        (0.6, 0.001, 0.005, "warning"),
        (0.59, 0.001, 0.005, "passed"),
    ],
)
def test_p_after_holm_is_judged_and_both_limits_of_the_auc_belong_to_the_worse_side(
    auc: float, p: float, p_holm: float, state: str
) -> None:
    """Rows of another check's family, however strong, change nothing."""
    rows = [("Scanner", auc, p, p_holm), ("Site", 0.5, 0.9, 1.0), ("Black border", 0.99, 0.0001, 0.0001)]
    table = pd.DataFrame(rows, columns=["shortcut", "auc", "p", "p_holm"])
    table = table.assign(outcome="positive", n=100, events=40, auc_low=0.45, auc_high=0.95)
    outcome = SITE001.look(Shortcuts(table))
    assert outcome.state == state
    if outcome.finding is not None:
        assert outcome.finding.what == (
            "from scanner alone, positive is told from the rest with an out-of-fold AUC of"
            f" {auc:.2f} (0.45 to 0.95, permutation p {p:.3f})"
        )
    assert MISS001.look(Shortcuts(table)).state == "not checked"


def test_families_are_corrected_together_for_each_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holm by hand: of 0.01, 0.03 and 0.04 the least is tripled, the next doubled, and the last may not be smaller."""
    known = with_patients(facts(60, images=False), site=["A", "B"] * 30, scanner=["X", "Y", "Z"] * 20)
    values = {1: 0.03, 2: 0.01, 3: 0.04}
    drawn = iter(values.values())

    def predict(table: pd.DataFrame, cases: np.ndarray, groups: pd.Series, **given: object) -> SimpleNamespace:
        auc = SimpleNamespace(value=0.7, low=0.6, high=0.8)
        return SimpleNamespace(auc=auc, p=next(drawn), score=np.zeros(len(table)))

    monkeypatch.setattr(module, "predict_outcome", predict)
    table = shortcut_tests(known).table
    assert table["shortcut"].tolist() == ["Site", "Scanner", TOGETHER]
    assert table["p_holm"].tolist() == pytest.approx([0.06, 0.03, 0.06])


def test_what_a_picture_shows_besides_the_lesion_in_numbers() -> None:
    assert module._picture(300, 600) == {"rows": 300, "columns": 600, "aspect": pytest.approx(np.log(2))}
    assert module._picture(0, 0)["aspect"] == 0
    record = picture(np.random.default_rng(0), callipers=9, text=9, colour_share=0.0, marked=True)
    assert module._marks(record) == {
        "callipers": 8, "any calliper": True, "text": 8, "colour": False, "on the lesion": True,
    }  # fmt: skip
    bare = picture(np.random.default_rng(0), callipers=0, text=7, colour_share=0.01, marked=False)
    assert module._marks(bare) == {
        "callipers": 0, "any calliper": False, "text": 7, "colour": True, "on the lesion": False,
    }  # fmt: skip


def test_dates_become_days_and_one_that_is_not_known_the_mean() -> None:
    """The third is the mean of the others, which lie two days apart."""
    dates = pd.Series(["2020-01-01", "2020-01-03", "soon", None], index=list("ABCD"))
    table = module._days(dates)
    assert (table["days"] - table["days"].iloc[0]).tolist() == [0, 2, 1, 1]
    assert table["missing"].tolist() == [0, 0, 1, 1]
    assert module._days(pd.Series([None, "x"], dtype=object))["days"].tolist() == [0, 0]


def test_the_origin_of_masks_is_the_mean_over_a_patients_images() -> None:
    known = facts(3)
    images = pd.DataFrame(
        {
            "patient_id": ["P000", "P000", "P001"], "image": list("abc"),
            "masks": [("x.PNG", "y.png"), (), ("z.nii",)],
        }
    )  # fmt: skip
    known = replace(known, cohort=replace(known.cohort, images=images), segmented_masks=frozenset(["y.png"]))
    table = module._origins(known)
    assert table.loc["P000"].to_dict() == {"automatic": 0.5, "masks": 1.0, ".nii": 0, ".png": 0.5, "none": 0.5}
    assert table.loc["P001"].to_dict() == {"automatic": 0.0, "masks": 1.0, ".nii": 1, ".png": 0, "none": 0}
    assert table.loc["P002"].eq(0).all()
    bare = replace(known, cohort=replace(known.cohort, images=images.drop(columns="masks")))
    assert module._origins(bare).shape == (3, 0)


def test_only_families_that_vary_are_tested_in_their_order() -> None:
    known = with_pictures(facts(60))
    assert module.shortcut_columns(known) == {}
    assert shortcut_tests(known).skipped == "nothing of the kind varies between the patients"
    other = with_pictures(with_patients(known, site=["A", "B"] * 30), np.arange(60) % 3 == 0, format="JPEG")
    families = module.shortcut_columns(other)
    assert list(families) == ["Site", "File format"]
    assert families["Site"].columns.tolist() == ["A", "B"]
    alone = shortcut_tests(with_patients(known, site=["A", "B"] * 30))
    assert alone.table["shortcut"].tolist() == ["Site"]
    assert TOGETHER in set(shortcut_tests(other).table["shortcut"])
