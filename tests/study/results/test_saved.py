"""A run that is opened again: what it found comes back whole, and its report is the same to the byte."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle.load import load_bundle
from sonoher2.bundle.uncertainty import Uncertainty
from sonoher2.cli.app import run
from sonoher2.cohort.patients.cohort import FlowStep
from sonoher2.config.load import load_study
from sonoher2.core.errors import Finding, InputError
from sonoher2.predict.heat import HeatMap
from sonoher2.report.page.html import write_report
from sonoher2.selection.lasso import LassoPath
from sonoher2.signatures.nomogram import Nomogram, NomogramAxis
from sonoher2.study.explain.segmented_lesions import SegmentedLesion
from sonoher2.study.external import validate_bundle
from sonoher2.study.results.audits import study_key
from sonoher2.study.results.explanations import Attribution, Explanations, HeatCase, HeatFindings
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.results.saved import open_run, save_result
from study_facts import result as small_result
from study_results import changed


def assert_same(one: object, other: object, place: str = "result") -> None:
    """Every table, array and value of two results is the same."""
    assert type(one) is type(other), place
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, obj=place, check_exact=True, check_dtype=False)
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other, err_msg=place)
        assert one.dtype == other.dtype, place
    elif is_dataclass(one):
        for part in fields(one):
            assert_same(getattr(one, part.name), getattr(other, part.name), f"{place}.{part.name}")
    elif isinstance(one, dict):
        assert list(one) == list(other), place
        for key, value in one.items():
            assert_same(value, other[key], f"{place}[{key}]")
    elif isinstance(one, tuple):
        assert len(one) == len(other), place
        for number, value in enumerate(one):
            assert_same(value, other[number], f"{place}[{number}]")
    elif hasattr(one, "model_copy"):
        left = {name: value for name, value in one.model_dump().items() if name != "data"}
        assert left == {name: value for name, value in other.model_dump().items() if name != "data"}, place
    else:
        assert one == other, place


def only_results(run: Path, folder: Path) -> Path:
    """A folder that holds the kept results of a run and its bundle, and nothing else of it."""
    for name in ("results", "bundle"):
        if (run / name).exists():
            shutil.copytree(run / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def validated(finished, tmp_path_factory) -> tuple[Path, StudyResult]:
    folder = tmp_path_factory.mktemp("validated")
    bundle = load_bundle(finished.run / "bundle")
    return folder, validate_bundle(bundle, load_study(finished.file), folder, jobs=1, recalibrate=0.4)


def test_a_study_comes_back_whole(finished, tmp_path: Path) -> None:
    assert_same(finished.result, open_run(only_results(finished.run, tmp_path)))


def test_a_validation_comes_back_whole(validated, tmp_path: Path) -> None:
    folder, result = validated
    assert result.external.updated is not None
    assert_same(result, open_run(only_results(folder, tmp_path)))


def test_the_report_is_drawn_again_to_the_byte(finished, validated, tmp_path: Path) -> None:
    for name, run_folder, result in (("study", finished.run, finished.result), ("validation", *validated)):
        again = only_results(run_folder, tmp_path / name)
        shutil.copytree(again, tmp_path / f"{name}-first")
        first = write_report(result, tmp_path / f"{name}-first").read_bytes()
        assert run(["report", str(again)]) == 0
        assert (again / "report.html").read_bytes() == first
        for table in sorted((tmp_path / f"{name}-first" / "tables").iterdir()):
            assert (again / "tables" / table.name).read_bytes() == table.read_bytes()


def test_pictures_and_names_with_signs_come_back(finished, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    grey, lesion, heat = rng.integers(0, 256, (8, 8)).astype(np.uint8), rng.random((8, 8)) > 0.5, rng.random((8, 8))
    table = pd.DataFrame({"patient_id": ["P1", "P2"], "share": [0.1, np.nan]})
    case = HeatCase("P1", "negative", "positive", 0.75, HeatMap(grey, lesion, heat))
    effects = pd.DataFrame({"age": [0.5, -0.25]}, index=pd.Index(["P1", "P2"], name="patient_id"))
    found = Explanations(
        table, {"Combined (pre-biopsy/+)": Attribution(effects, -effects)}, HeatFindings(table, (case,), table, table)
    )
    drawn = (SegmentedLesion("P2", True, 0.5, rng.random((4, 6)) * 255, rng.random((4, 6)) > 0.5),)
    result = changed(finished.result, explanations=found, doubtful=drawn, extra={"toy": table})
    save_result(result, tmp_path)
    assert_same(result, open_run(tmp_path))


def test_nothing_but_the_patients_own_names_is_kept(finished) -> None:
    kept = (finished.run / "results" / "results.json").read_text(encoding="utf-8")
    assert str(finished.file.parent) not in kept
    assert not (finished.run / "bundle" / "results").exists()


def test_a_folder_that_is_no_finished_run_is_refused(finished, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this folder holds no run"):
        open_run(tmp_path)
    (tmp_path / "split.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="this run was not finished"):
        open_run(tmp_path)
    again = only_results(finished.run, tmp_path / "run")
    index = again / "results" / "results.json"
    record = json.loads(index.read_text(encoding="utf-8"))
    index.write_text(json.dumps(record | {"format": 2}), encoding="utf-8")
    with pytest.raises(InputError, match=r"newer version \(format 2, known are 1 to 1\)"):
        open_run(again)
    index.write_text(json.dumps(record)[:-100], encoding="utf-8")
    with pytest.raises(InputError, match="damaged"):
        open_run(again)


def test_a_run_from_before_a_part_had_a_field_opens_with_its_default(validated, tmp_path: Path) -> None:
    folder, result = validated
    again = only_results(folder, tmp_path)
    index = again / "results" / "results.json"
    record = json.loads(index.read_text(encoding="utf-8"))
    names = {one.name for one in fields(result.external)}
    later = {"prevalence", "repairs"} & names

    def without(part: object) -> object:
        if isinstance(part, dict):
            kept = part.keys() - later if names >= part.keys() >= later else part.keys()
            return {name: without(value) for name, value in part.items() if name in kept}
        return [without(one) for one in part] if isinstance(part, list) else part

    older = without(record)
    assert older != record
    index.write_text(json.dumps(older), encoding="utf-8")
    opened = open_run(again)
    assert all(getattr(opened.external, name).empty for name in later)
    assert_same(opened.external.shift, result.external.shift)


@pytest.mark.parametrize("name", ["performance.predictions.parquet", "arrays.npz"])
def test_a_damaged_part_is_named(finished, tmp_path: Path, name: str) -> None:
    again = only_results(finished.run, tmp_path)
    (again / "results" / name).write_bytes(b"PAR1")
    with pytest.raises(InputError, match="the results of this run are damaged"):
        open_run(again)


def test_arrays_damaged_in_any_way_are_said_to_be(finished, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(finished.run, copy)
    [arrays] = (copy / "results").glob("*.npz")
    whole = arrays.read_bytes()
    flipped = bytes([whole[len(whole) // 3] ^ 0xFF])
    for damaged in (b"", whole[:100], whole[: len(whole) // 2], whole[:200] + flipped * 40 + whole[240:]):
        arrays.write_bytes(damaged)
        with pytest.raises(InputError, match="the results of this run are damaged"):
            open_run(copy)


@pytest.mark.parametrize("name", ["null.json", "null.csv"])
def test_damaged_audits_are_said_to_be(finished, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "run"
    shutil.copytree(finished.run, copy)
    (copy / "audit").mkdir(exist_ok=True)
    key = study_key(open_run(copy).performance.predictions)
    (copy / "audit" / "null.json").write_text(json.dumps({"study": key}), encoding="utf-8")
    (copy / "audit" / name).write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="audit: the audits of this run are damaged"):
        open_run(copy)


def test_audits_are_read_from_the_run(finished, tmp_path: Path) -> None:
    from sonoher2.study.results.audits import NullAudit, write_audit

    again = only_results(finished.run, tmp_path)
    assert open_run(again).audits.null is None
    runs = pd.DataFrame({"run": [0, 1], "auc": [0.75, 0.5]})
    write_audit(NullAudit(runs, runs, {"cheap": True}), finished.result.performance.predictions, again)
    found = open_run(again).audits.null
    assert found is not None
    assert found.runs["auc"].tolist() == [0.75, 0.5]
    other = replace(finished.result.performance, predictions=finished.result.performance.predictions.iloc[1:])
    save_result(replace(finished.result, performance=other), again)
    assert open_run(again).audits.null is None


def test_a_small_result_comes_back_whole(tmp_path: Path) -> None:
    """With the path of a LASSO, a nomogram, times, findings and what was learned of doubt."""
    path = LassoPath(("a", "b"), np.array([1.0, 0.1]), np.array([[0.0, 0.5], [0.0, 0.0]]), np.ones(2), np.zeros(2), 1)
    axis = NomogramAxis("age", "years", ("20", "60"), np.array([0.0, 100.0]))
    sure = Uncertainty(
        coverage=0.9, conformal_quantiles=(0.1, 0.2), sensitivity=0.95, specificity=0.9, rule_out={"positive": 0.2},
        rule_in={"positive": 0.8},
    )  # fmt: skip
    known = changed(
        small_result(n=60), lasso=path, nomograms={"Clinical": Nomogram((axis,), np.array([0.0]), np.array([0.5]))},
        seconds={"fit": 1.5}, findings=(Finding("warning", "a hair", "images", code="LEAK001"),),
        learned={"Radiomics": sure}, flow=(FlowStep("read", 1, 2, 3),), frozen=("Clinical",),
    )  # fmt: skip
    save_result(known, tmp_path)
    opened = open_run(tmp_path)
    assert_same(known, opened)
    assert opened.about.config.data == tmp_path
    assert json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))["format"] == 1


@pytest.mark.parametrize("begun", ["cache", "split.json", "ledger.json"])
def test_a_run_that_was_begun_is_told_from_no_run(begun: str, tmp_path: Path) -> None:
    (tmp_path / begun).mkdir()
    with pytest.raises(InputError, match="was not finished"):
        open_run(tmp_path)


@pytest.mark.parametrize(
    "text", ["[]", '{"parts": {}}', '{"format": "x"}', '{"format": 1}', '{"format": 0, "parts": 3}']
)
def test_an_index_that_is_none_is_damage(text: str, tmp_path: Path) -> None:
    save_result(small_result(n=60), tmp_path)
    (tmp_path / "results" / "results.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="damaged"):
        open_run(tmp_path)
