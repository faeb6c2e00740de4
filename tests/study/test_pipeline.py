"""The steps of a study and of a validation stand in one order."""

from __future__ import annotations

from sonoher2.study.pipeline import LEARNING, MEASURING, STUDY, VALIDATION


def test_the_test_set_is_opened_before_it_is_judged_and_results_are_kept_last() -> None:
    study, validation = ([step.__name__ for _, step in steps] for steps in (STUDY, VALIDATION))
    assert study == [
        *("train_image_networks", "read_cohort", "measure", "judge_cohort", "tune_networks", "fit", "score_study"),
        *("answer", "explain", "conclude", "write", "freeze", "keep"),
    ]
    assert validation == [
        *("read_second_cohort", "measure", "judge_cohort", "score_second_cohort", "answer", "explain", "conclude"),
        *("update", "write", "keep"),
    ]
    # a validation learns nothing and freezes nothing
    assert not {"train_image_networks", "tune_networks", "fit", "freeze"} & set(validation)
    shared = [name for name in study if name in validation]
    assert shared == [name for name in validation if name in study]
    assert [step.__name__ for _, step in MEASURING] == ["train_image_networks", "read_cohort", "measure"]
    assert [step.__name__ for _, step in LEARNING] == ["tune_networks", "fit"]


def test_times_are_told_by_the_names_of_the_stages() -> None:
    assert [name for name, _ in STUDY] == [
        *("image networks", "cohort", "features", "checks", "networks", "models", "evaluation", "analyses"),
        *("explanations", "results", "writing", "writing", "writing"),
    ]
    assert [name for name, _ in VALIDATION] == [
        *("cohort", "features", "checks", "evaluation", "analyses", "explanations", "results", "results"),
        *("writing", "writing"),
    ]
