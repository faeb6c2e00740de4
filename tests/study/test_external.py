"""Validation on another cohort: shift, recalibration, and the frozen result untouched by either."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sonoher2.bundle.load import load_bundle
from sonoher2.bundle.training import TrainingSummary
from sonoher2.config.load import load_study
from sonoher2.core.columns import TEST
from sonoher2.core.errors import UsageError
from sonoher2.report.page.html import write_report
from sonoher2.study import external
from sonoher2.study.external import validate_bundle
from sonoher2.study.steps.conclude import with_update
from sonoher2.study.steps.state import RunState
from sonoher2.synthetic.demo import write_demo_cohort
from study_results import changed


@pytest.fixture(scope="module")
def validated(finished, tmp_path_factory):
    """The small study's model on brighter pictures of other simulated patients."""
    folder = tmp_path_factory.mktemp("second")
    file = write_demo_cohort(folder, patients=80, seed=7, size=(80, 80))
    text = finished.file.read_text(encoding="utf-8")
    file.write_text(text.replace("subgroups: [site]", "subgroups: []"), encoding="utf-8")
    clinical = pd.read_csv(folder / "clinical.csv", dtype=str, keep_default_na=False)
    clinical["age"] = [str(min(float(age) + 25, 99)) if age[:1].isdigit() else age for age in clinical["age"]]
    clinical.to_csv(folder / "clinical.csv", index=False)
    bundle = load_bundle(finished.run / "bundle")
    return validate_bundle(bundle, load_study(file), tmp_path_factory.mktemp("validation"), jobs=1, recalibrate=0.5)


def test_validation_shows_what_has_shifted(validated, finished) -> None:
    shift = validated.external.shift.set_index(["part", "column"])
    assert shift.loc[("clinical", "age"), "difference"] > 1
    assert shift.loc[("clinical", "age"), "distance"] > 0.5
    assert set(shift.loc["features"].index) == set(finished.result.model.heatmap.columns)
    assert shift.loc[("images", "rows"), "difference"] == 0
    sizes = validated.external.shift.query("part == 'features'")["difference"].abs().tolist()
    assert sizes == sorted(sizes, reverse=True)


def test_frozen_limits_are_those_of_the_bundle(validated, finished) -> None:
    assert validated.uncertainty.learned == finished.result.uncertainty.learned
    assert set(validated.uncertainty.coverage["set"]) == {TEST}
    assert validated.about.frozen == tuple(finished.result.performance.signatures["signature"].drop_duplicates())
    assert finished.result.about.frozen == ()
    assert (
        len(validated.performance.predictions["patient_id"].unique())
        > validated.external.updated.predictions["patient_id"].nunique()
    )


def test_report_of_a_validation_says_what_was_updated(validated, tmp_path: Path) -> None:
    page = write_report(validated, tmp_path).read_text(encoding="utf-8")
    for words in ("Updating, not validation", "How the cohort differs", "don’t know"):
        assert words in page, words
    for name in ("updating", "shift", "prevalence", "repairs", "sites", "coverage", "zones"):
        assert (tmp_path / "tables" / f"{name}.csv").is_file(), name


def test_too_few_patients_leave_the_frozen_result_and_a_warning(validated, cohort) -> None:
    predictions, patients = cohort
    one = predictions.assign(label="benign")
    result = with_update(changed(validated, predictions=one, updated=None), patients.assign(label=0), 0.3)
    assert result.external.updated is None
    assert "no recalibration" in result.checks.findings[-1].what


def test_an_older_bundle_without_a_summary_shows_no_shift(finished, tmp_path: Path) -> None:
    bundle = load_bundle(finished.run / "bundle")
    schema = bundle.schema.model_copy(update={"training": TrainingSummary(), "uncertainty": {}})
    older = replace(bundle, schema=schema, reference=None)
    result = validate_bundle(older, load_study(finished.file), tmp_path / "out", jobs=1)
    assert result.external.shift.empty
    assert result.external.domain.empty
    assert result.uncertainty.coverage.empty
    write_report(result, tmp_path / "out")


def test_brighter_and_other_patients_are_told_apart_by_age(validated, finished) -> None:
    domain = validated.external.domain.set_index("space")
    assert {"clinical", "Radiomics"} <= set(domain.index)
    assert domain.loc["clinical", "auc_low"] > 0.8
    assert domain.loc["clinical", "p"] == 1 / 200


def test_training_patients_differ_in_nothing_from_themselves(finished, tmp_path: Path) -> None:
    bundle = load_bundle(finished.run / "bundle")
    result = validate_bundle(bundle, load_study(finished.file), tmp_path, jobs=1)
    alike = result.external.shift.query("part != 'features'")
    assert alike["difference"].abs().max() < 0.5
    assert (result.external.domain["auc_low"] < 0.65).all()


def test_a_validation_begins_with_the_model_and_the_share_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every stage is told with its number before it begins, and its time is taken."""
    told: list[dict[str, object]] = []
    seen: list[object] = []
    monkeypatch.setattr("sonoher2.study.run.write_line", lambda kind, **what: told.append({"kind": kind, **what}))
    monkeypatch.setattr(external, "now", lambda: "now")

    def first(state: RunState) -> None:
        seen.append((state.study, state.out, state.bundle, state.recalibrate, state.started, len(told)))
        assert state.context.store.folder == tmp_path / "out" / "cache"

    def second(state: RunState) -> None:
        state.result = (list(state.watch.seconds), len(told))  # type: ignore[assignment]

    monkeypatch.setattr(external, "VALIDATION", (("cohort", first), ("results", second)))
    found = validate_bundle("bundle", "study", tmp_path / "out", 1, 0.3)  # type: ignore[arg-type]
    assert seen == [("study", tmp_path / "out", "bundle", 0.3, "now", 1)]
    assert found == (["cohort"], 2)
    assert told == [
        {"kind": "stage", "name": "cohort", "number": 1, "total": 2},
        {"kind": "stage", "name": "results", "number": 2, "total": 2},
    ]


def test_the_folder_of_a_study_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "split.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="holds a study"):
        validate_bundle(None, None, tmp_path)  # type: ignore[arg-type]
