"""The checks that need no model: each finds its fault, and each leaves a sound study alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.images.check import ImageRecord
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.cohort.split import Split
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.study.checks.codes import coded_values
from sonoher2.study.checks.columns import label_columns, late_columns
from sonoher2.study.checks.facts import Facts, whole_split
from sonoher2.study.checks.leakage import same_patient, shared_pictures
from sonoher2.study.checks.outcome import CHECKS, Outcome
from sonoher2.study.checks.run import check_facts
from sonoher2.study.checks.shortcuts import TOGETHER, shortcut_checks, shortcut_tests
from sonoher2.study.checks.sites import doubtful_sites
from sonoher2.study.checks.size import events_to_learn_from, patients_to_test_on


def facts(patients: int = 200, *, images: bool = True, seed: int = 0, **config: object) -> Facts:
    """A sound study: four patients in ten are cases, 140 train, one picture each, all alike."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"P{i:03}" for i in range(patients)], name="patient_id")
    table = pd.DataFrame(
        {
            "label": (rng.random(patients) < 0.4).astype(int),
            "group": np.arange(patients),
            "age": rng.normal(55, 10, patients),
        },
        index=index,
    )
    study = StudyConfig.model_validate(
        {
            "clinical": {"table": "c.csv", "columns": {"age": {"kind": "number", "timing": "pre-biopsy"}}},
            "target": {"column": "x", "positive": "1"},
            "images": {"table": "i.csv"} if images else None,
            **config,
        }
    )
    pictures = pd.DataFrame({"patient_id": index, "image": [f"/{name}.png" for name in index]}) if images else None
    cohort = Cohort(
        table,
        pd.DataFrame() if pictures is None else pictures,
        ("negative", "positive"),
        study.clinical.columns,
        (),
    )
    sets = pd.Series(np.where(np.arange(patients) < 0.7 * patients, TRAIN, TEST), index=index, dtype=object)
    records = [picture(rng) for _ in range(patients)] if images else []
    return Facts(study, cohort, Split(sets, {}), records)


def picture(rng: np.random.Generator, **changes: object) -> ImageRecord:
    """An image record that differs from others by chance alone."""
    values: dict[str, object] = {
        "format": "PNG",
        "file_shape": (int(rng.integers(400, 500)), 600),
        "black_border": float(rng.uniform(0, 0.1)),
        "callipers": int(rng.random() < 0.1) * 4,
    }
    return ImageRecord(**(values | changes))  # type: ignore[arg-type]


def with_pictures(known: Facts, others: np.ndarray | None = None, **changes: object) -> Facts:
    """Pictures that are all alike, but for `changes` in those of some patients: nothing else varies, and is tested."""
    values: dict[str, object] = {"format": "PNG", "file_shape": (450, 600), "mm_per_pixel": (0.125, 0.125)}
    alike, other = (ImageRecord(**made) for made in (values, values | changes))  # type: ignore[arg-type]
    chosen = np.zeros(len(known.cohort.patients), bool) if others is None else others
    return replace(known, records=[other if one else alike for one in chosen])


def with_patients(known: Facts, **columns: Sequence[object]) -> Facts:
    return replace(known, cohort=replace(known.cohort, patients=known.cohort.patients.assign(**columns)))


def with_clinical(known: Facts, name: str, values: Sequence[object], **declared: object) -> Facts:
    column = ClinicalColumn.model_validate({"kind": "number", "timing": "pre-biopsy", **declared})
    columns = {**known.cohort.clinical, name: column}
    study = known.config.model_copy(update={"clinical": known.config.clinical.model_copy(update={"columns": columns})})
    cohort = replace(known.cohort, clinical=columns, patients=known.cohort.patients.assign(**{name: values}))
    return replace(known, config=study, cohort=cohort)


def labels(known: Facts) -> np.ndarray:
    return known.cohort.patients["label"].to_numpy()


def sign(known: Facts, in_cases: float, in_controls: float) -> np.ndarray:
    """Patients who bear a sign, (patients,); its AUC is 0.5 + (in_cases - in_controls) / 2."""
    share = np.where(labels(known) == 1, in_cases, in_controls)
    place = known.cohort.patients.groupby("label").cumcount().to_numpy()
    # multiples of the golden ratio are spread evenly, so that the training patients have about these shares too
    return np.asarray((place + 1) * 0.618034 % 1 < share)


def shortcut_outcome(known: Facts, code: str) -> Outcome:
    return next(outcome for outcome in shortcut_checks(shortcut_tests(known)) if outcome.code == code)


def test_a_sound_study_passes_every_check() -> None:
    checks = check_facts(facts(1500))
    states = {outcome.code: outcome.state for outcome in checks.outcomes}
    assert states.pop("SITE001") == "not checked"
    assert states.pop("MISS001") == "not checked"
    assert states.pop("SITE002") == "not checked"
    assert states.pop("LEAK007") == "not checked"
    assert set(states.values()) == {"passed"}


@pytest.mark.parametrize("seed", range(8))
def test_clean_studies_raise_no_false_alarm_of_a_shortcut(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    known = with_patients(facts(seed=seed), site=list(rng.choice(["A", "B", "C"], 200)))
    assert {outcome.state for outcome in shortcut_checks(shortcut_tests(known))} <= {"passed", "not checked"}


def test_leak001_one_patient_under_two_identifiers() -> None:
    known = facts(30)
    assert same_patient(known).state == "passed"
    index = known.cohort.patients.index.to_list()
    index[-1] = "p-0"
    renamed = replace(
        known,
        cohort=replace(known.cohort, patients=known.cohort.patients.set_axis(index)),
        split=Split(known.split.sets.set_axis(index), {}),
    )
    outcome = same_patient(renamed)
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert "(P000 and p-0)" in str(outcome.finding)
    assert str(outcome.finding).startswith("LEAK001 split: ")
    assert same_patient(replace(known, split=whole_split(known.cohort))).state == "not checked"


def renamed(known: Facts, *names: str) -> Facts:
    """The last patients under other names; all but the first 70 % are test patients."""
    index = [*known.cohort.patients.index[: -len(names)], *names]
    cohort = replace(known.cohort, patients=known.cohort.patients.set_axis(index))
    return replace(known, cohort=cohort, split=Split(known.split.sets.set_axis(index), {}))


@pytest.mark.parametrize("name", ["0", "000", "patient 0"])
def test_leak001_identifiers_that_may_mean_one_patient_are_a_warning(name: str) -> None:
    outcome = same_patient(renamed(facts(30), name))
    assert outcome.state == ("warning" if name != "patient 0" else "passed")


def test_leak001_identifiers_of_unequal_length() -> None:
    index = [f"P{i:03}" if i % 2 else f"{i}" for i in range(100, 130)]
    assert same_patient(renamed(facts(30), *index[1:])).state == "passed"


def test_leak002_shared_pictures_across_the_split() -> None:
    known = facts(30)
    assert shared_pictures(known).state == "passed"
    groups = np.arange(30)
    groups[29] = 0
    assert shared_pictures(with_patients(known, group=list(groups))).state == "error"
    same_bytes = {f"/P{i:03}.png": str(min(i, 28)) for i in range(30)} | {"/P000.png": "28"}
    assert shared_pictures(replace(known, hashes=same_bytes)).state == "error"
    inside = {f"/P{i:03}.png": str(max(i, 1)) for i in range(30)}
    assert shared_pictures(replace(known, hashes=inside)).state == "passed"
    assert known.config.images is not None
    off = known.config.images.model_copy(update={"near_duplicates": False})
    unlooked = replace(known, config=known.config.model_copy(update={"images": off}))
    assert shared_pictures(unlooked).state == "warning"
    assert shared_pictures(facts(30, images=False)).state == "not checked"


@pytest.mark.parametrize(
    "name",
    [
        "Ki-67",
        "ER",
        "her2_ihc",
        "pT",
        "Molecular subtype",
        "histologic grade",
        "pCR",
        "Resection margin",
        "margin_status",
    ],
)
def test_time001_columns_known_too_late(name: str) -> None:
    known = facts()
    assert late_columns(known).state == "passed"
    outcome = late_columns(with_clinical(known, name, [1.0] * 200))
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert name in outcome.finding.what


@pytest.mark.parametrize(
    "name",
    ["age", "palpable", "depth", "patient_height", "birads", "prior_biopsies", "size", "margin", "margin_spiculated"],
)
def test_time001_lets_columns_pass_that_are_known_in_time(name: str) -> None:
    assert late_columns(with_clinical(facts(), name, [1.0] * 200)).state == "passed"


def test_time001_a_biopsy_study_may_use_receptors() -> None:
    known = with_clinical(facts(timing="biopsy"), "er", [1.0] * 200, timing="biopsy")
    assert late_columns(known).state == "passed"


HER2 = {"target": {"ihc": "score", "rule": "ASCO/CAP 2023"}}


@pytest.mark.parametrize(
    "name", ["FISH", "ERBB2", "CEP17_ratio", "PAM50", "subtype", "trastuzumab", "chemo", "化疗", "DFS"]
)
@pytest.mark.parametrize("timing", ["pre-biopsy", "biopsy", "post-op"])
def test_time001_her2_by_any_name_at_any_timing(name: str, timing: str) -> None:
    outcome = late_columns(with_clinical(facts(timing=timing, **HER2), name, [1.0] * 200))
    assert outcome.finding is not None
    assert name in outcome.finding.what


def test_time001_a_post_op_her2_study_may_use_the_specimen_and_another_study_the_therapy() -> None:
    assert late_columns(with_clinical(facts(timing="post-op", **HER2), "pT", [1.0] * 200)).state == "passed"
    assert late_columns(with_clinical(facts(timing="post-op"), "chemo", [1.0] * 200)).state == "passed"
    assert late_columns(with_clinical(facts(timing="biopsy"), "HER2", [1.0] * 200)).state == "passed"


@pytest.mark.parametrize(("name", "declared"), [("score", {}), ("x1", {"column": "Score"})])
def test_time001_the_column_of_the_target_itself(name: str, declared: dict[str, str]) -> None:
    outcome = late_columns(with_clinical(facts(timing="post-op", **HER2), name, [1.0] * 200, **declared))
    assert outcome.finding is not None
    assert f"{name} would be the label itself" in outcome.finding.what


def test_time001_what_a_column_is_searched_for() -> None:
    declared = {"column": "remarks", "kind": "yes/no", "contains": "HER2"}
    assert late_columns(with_clinical(facts(**HER2), "remark", [1.0] * 200, **declared)).state == "error"


def test_time002_a_column_that_is_nearly_the_label() -> None:
    known = facts()
    rng = np.random.default_rng(0)
    noisy = labels(known) + rng.normal(0, 1, 200)
    assert label_columns(with_clinical(known, "marker", list(noisy))).state == "passed"
    near = labels(known) + rng.normal(0, 0.2, 200)
    assert label_columns(with_clinical(known, "marker", list(near))).state == "error"
    words = np.where(labels(known) == 1, "trastuzumab", "none").astype(object)
    words[:6] = None
    outcome = label_columns(with_clinical(known, "therapy", list(words), kind="category"))
    assert outcome.finding is not None
    assert "therapy (AUC 1.00 for positive)" in outcome.finding.what


def test_time002_lets_a_column_pass_of_which_too_little_is_known() -> None:
    """The same column tells every label, with 14 cases (lower limit of its AUC 0.77) and with 49 (0.93)."""
    few, many = (with_patients(facts(n, images=False), label=[1, 0, 0] * (n // 3)) for n in (60, 210))
    assert label_columns(with_clinical(few, "marker", list(labels(few)))).state == "passed"
    outcome = label_columns(with_clinical(many, "marker", list(labels(many))))
    assert outcome.finding is not None
    assert "marker (AUC 1.00 for positive)" in outcome.finding.what


def test_time001_and_time002_need_clinical_columns() -> None:
    bare = facts(30, images=False, clinical={"table": "c.csv"})
    for check in (late_columns, label_columns):
        outcome = check(bare)
        assert (outcome.state, outcome.skipped) == ("not checked", "the study has no clinical columns")


def test_time002_needs_as_many_patients_as_folds() -> None:
    outcome = label_columns(facts(5, images=False))
    assert outcome.state == "not checked"
    assert "cannot fill 5 folds" in outcome.skipped


def test_size001_events_per_variable_and_rileys_criteria() -> None:
    assert events_to_learn_from(facts(1500)).state == "passed"
    assert events_to_learn_from(facts(200)).state == "warning"
    many = facts(200)
    for number in range(12):
        many = with_clinical(many, f"x{number}", list(np.random.default_rng(number).normal(size=200)))
    outcome = events_to_learn_from(many)
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert "13 clinical variables" in outcome.finding.what


def test_size001_needs_training_patients_of_every_class() -> None:
    outcome = events_to_learn_from(with_patients(facts(20, images=False), label=[0] * 20))
    assert (outcome.state, outcome.skipped) == ("not checked", "there are no training patients of every class")


def test_size002_a_small_test_set() -> None:
    assert patients_to_test_on(facts(1500)).state == "passed"
    assert patients_to_test_on(facts(200)).state == "warning"
    assert patients_to_test_on(with_patients(facts(30), label=[0, 1] * 15)).state == "error"
    only = facts(20)
    assert patients_to_test_on(with_patients(only, label=[0] * 20)).state == "not checked"


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


@pytest.mark.parametrize("spacing", [(0.25, 0.25), None])
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


@pytest.mark.parametrize(
    ("code", "count", "state"),
    [
        (-9, 1, "warning"),
        (-99, 5, "warning"),
        (999, 1, "warning"),
        (99, 1, "passed"),
        (99, 5, "warning"),
        (-2, 5, "passed"),
    ],
)
def test_miss002_numbers_that_stand_for_missing_values(code: float, count: int, state: str) -> None:
    """Measured values lie between 30 and 70, with a standard deviation of some 12."""
    values = np.random.default_rng(1).uniform(30, 70, 200)
    values[:count] = code
    outcome = coded_values(with_clinical(facts(), "ca153", list(values)))
    assert outcome.state == state
    if outcome.finding is not None:
        assert f"ca153 ({code} in {count} of 200)" in outcome.finding.what


def test_miss002_lets_true_values_pass() -> None:
    rng = np.random.default_rng(2)
    for values in (rng.normal(0, 9, 200).round(), rng.integers(0, 120, 200), rng.integers(800, 1200, 200)):
        assert coded_values(with_clinical(facts(), "x", list(values.astype(float)))).state == "passed"


def test_miss002_a_code_among_the_levels_of_a_category() -> None:
    levels = ["left", "right", "-9", "9"] * 50
    outcome = coded_values(with_clinical(facts(), "side", levels, kind="category"))
    assert outcome.finding is not None
    assert "side (-9 in 50 of 200)" in outcome.finding.what
    assert coded_values(facts(images=False, clinical={"table": "c.csv"})).state in ("passed", "not checked")


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
    outcome = shortcut_outcome(replace(known, cohort=replace(known.cohort, images=images), outlined=drawn), "MARK002")
    assert outcome.finding is not None
    assert outcome.finding.what.startswith("from origin of the mask alone")


def test_site002_patients_of_two_sites() -> None:
    known = with_patients(facts(30), site=["A"] * 30)
    sites = ["A"] * 30
    images = known.cohort.images.assign(site=sites)
    assert doubtful_sites(replace(known, cohort=replace(known.cohort, images=images))).state == "passed"
    more = pd.concat([images, images.iloc[[4]].assign(site="B")], ignore_index=True)
    outcome = doubtful_sites(replace(known, cohort=replace(known.cohort, images=more)))
    assert outcome.finding is not None
    assert (
        "images of several sites are those of 1 of 30 patients, who count for the first (P004)" in outcome.finding.what
    )


def test_site002_sites_too_small_to_be_left_out() -> None:
    sites = ["A"] * 60 + ["B"] * 4 + ["C"] * 136
    config = {"split": {"kind": "site", "test": ["Z"]}, "validation": {"by": "site"}}
    known = with_patients(facts(**config), site=sites)
    outcome = doubtful_sites(known)
    assert outcome.finding is not None
    assert "too small to be left out: B (4 training patients" in outcome.finding.what
    assert "A (" not in outcome.finding.what
    random = replace(known, config=known.config.model_copy(update={"validation": facts(10).config.validation}))
    assert doubtful_sites(random).state == "passed"


def test_site002_sites_that_harmonising_does_not_know() -> None:
    """All but the first 140 patients are test patients."""
    config = {"split": {"kind": "site", "test": ["Z"]}, "harmonise": {"method": "combat", "reference": "A"}}
    known = with_patients(facts(**config), site=["A"] * 100 + ["B"] * 36 + ["C"] * 4 + ["D"] * 10 + ["A"] * 50)
    outcome = doubtful_sites(known)
    assert outcome.finding is not None
    assert "14 of 200 patients are of sites that harmonising does not know" in outcome.finding.what
    assert "(D: 10, C: 4)" in outcome.finding.what


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


def test_every_finding_names_its_page() -> None:
    outcome = patients_to_test_on(facts(60))
    assert outcome.finding is not None
    assert str(outcome.finding).endswith(f"{CHECKS['SIZE002'].remedy} (docs/checks/SIZE002.md).")


def test_one_class_alone_is_not_checked() -> None:
    sound = facts()
    label = pd.Series(0, index=sound.cohort.patients.index)
    site = np.where(np.arange(len(label)) % 2, "A", "B")
    alike = replace(sound, cohort=replace(sound.cohort, patients=sound.cohort.patients.assign(label=label, site=site)))
    outcomes = {outcome.code: outcome for outcome in [label_columns(alike), *shortcut_checks(shortcut_tests(alike))]}
    for code in ("TIME002", "SITE001", "MARK001"):
        assert outcomes[code].state == "not checked"
        assert "one class" in outcomes[code].skipped
