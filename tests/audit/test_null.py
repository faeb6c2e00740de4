"""The null audit of a whole small study."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.audit.null import audit_null, summarise
from sonoher2.audit.refit import Refit, refit
from sonoher2.audit.set_up import CHEAP_SIZE, cheaper, set_up
from sonoher2.cli.app import run as run_command
from sonoher2.config.deep import DeepConfig
from sonoher2.config.load import load_study
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import UsageError
from sonoher2.engine import local_context
from sonoher2.report.page.html import write_report
from sonoher2.study.results.audits import load_audits
from sonoher2.study.results.parts import StudyResult
from study_results import changed

RUNS = 3


@pytest.fixture(scope="module")
def study(small_study_file: Path) -> StudyConfig:
    return load_study(small_study_file)


@pytest.fixture(scope="module")
def audited(finished, study: StudyConfig, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StudyResult]:
    """A copy of the finished run with a null audit in it."""
    run = tmp_path_factory.mktemp("null") / "run"
    shutil.copytree(finished.run, run)
    return run, audit_null(study, run, runs=RUNS, jobs=1)


def test_tables_have_a_row_for_every_run_signature_and_set(audited) -> None:
    run, _ = audited
    runs = pd.read_csv(run / "audit" / "null.csv")
    assert list(runs.columns) == ["run", "signature", "set", "outcome", "auc"]
    assert runs.groupby(["signature", "set"])["run"].apply(sorted).map(list).eq([list(range(RUNS + 1))] * 6).all()


def test_the_real_labels_are_those_of_the_study(audited, finished) -> None:
    real = audited[1].audits.null.summary.set_index(["signature", "set"])["real"]
    signatures = finished.result.performance.signatures.set_index(["signature", "set"])["auc"]
    np.testing.assert_allclose(real, signatures.loc[real.index])


def test_a_summary_by_hand() -> None:
    rows = [("DLR", "test", "1", run, auc) for run, auc in enumerate((0.55, 0.4, 0.5, 0.6))]
    rows += [("DLR", "train", "1", run, auc) for run, auc in enumerate((0.9, 0.5, 0.5, 0.5))]
    runs = pd.DataFrame(rows, columns=["signature", "set", "outcome", "run", "auc"])
    summary = summarise(runs)
    assert summary[["set", "real", "runs"]].to_numpy().tolist() == [["test", 0.55, 3], ["train", 0.9, 3]]
    test = summary.iloc[0]
    # standard deviation 0.1; one of the three is as large as 0.55
    assert (test["mean"], test["se"], test["p"]) == pytest.approx((0.5, 0.1 / 3**0.5, 2 / 4))
    assert test["mean_low"] < 0.5 < test["mean_high"]
    assert 0.5 - test["mean_low"] == pytest.approx(test["mean_high"] - 0.5)
    assert summary.iloc[1]["p"] == pytest.approx(1 / 4)


def test_summary_is_computed_from_the_runs(audited) -> None:
    audit = audited[1].audits.null
    permuted = audit.permuted.groupby(["signature", "set"])["auc"]
    summary = audit.summary.set_index(["signature", "set"])
    np.testing.assert_allclose(summary["mean"], permuted.mean().loc[summary.index])
    np.testing.assert_allclose(summary["se"], permuted.sem().loc[summary.index])
    assert summary["p"].between(1 / (RUNS + 1), 1).all()


def test_a_longer_audit_fits_only_the_new_runs(audited, study: StudyConfig, tmp_path: Path) -> None:
    first, result = audited
    run = tmp_path / "run"
    shutil.copytree(first, run)
    kept = {path: path.stat().st_mtime_ns for path in (run / "cache" / "refits").rglob("*.parquet")}
    assert len(kept) == RUNS
    longer = audit_null(study, run, runs=RUNS + 1, jobs=1)
    after = {path: path.stat().st_mtime_ns for path in (run / "cache" / "refits").rglob("*.parquet")}
    assert {path: after[path] for path in kept} == kept
    assert len(after) == RUNS + 1
    shorter = longer.audits.null.runs.query("run <= @RUNS").reset_index(drop=True)
    pd.testing.assert_frame_equal(shorter, result.audits.null.runs.reset_index(drop=True))


def test_report_draws_the_null_distribution(audited, tmp_path: Path) -> None:
    page = write_report(audited[1], tmp_path).read_text(encoding="utf-8")
    assert "Null audit: the whole pipeline on permuted labels" in page
    assert (tmp_path / "figures" / "null.svg").is_file()
    assert len(pd.read_csv(tmp_path / "tables" / "null.csv")) == 6


def test_an_audit_of_another_study_is_not_shown(audited) -> None:
    run, result = audited
    assert load_audits(result.performance.predictions, run).null is not None
    other = result.performance.predictions.assign(score=result.performance.predictions["score"] * 0.99)
    assert load_audits(other, run).null is None


def test_no_run_depends_on_the_labels_of_its_test_patients(audited, study: StudyConfig, tmp_path: Path) -> None:
    run, _ = audited
    bench = set_up(study, run, local_context(run / "cache", 1))
    labels = bench.measured.cohort.patients["label"].to_numpy()
    swapped = np.where(bench.in_training, labels, 1 - labels)
    context = local_context(tmp_path, 1)
    both = [found for _, found in refit(bench, [Refit(0, labels), Refit(1, swapped)], context, "Runs")]
    np.testing.assert_array_equal(both[0]["score"], both[1]["score"])
    changed = (both[0]["label"] != both[1]["label"]).groupby(both[0]["set"]).mean()
    assert changed.to_dict() == {"train_oof": 0.0, "test": 1.0}


def test_a_comparison_of_models_is_made_anew_on_permuted_labels(audited, study: StudyConfig, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(audited[0], run)
    result = audit_null(study.model_copy(update={"comparison": True}), run, runs=2, jobs=1)
    audit = result.audits.null
    names = ["family", "model", "set"]
    compared = result.performance.models
    compared = compared[compared["family"] != "Signatures"][names]
    assert len(compared) == 4
    for number, found in audit.models.groupby("run"):
        assert sorted(found[names].itertuples(index=False)) == sorted(compared.itertuples(index=False)), number
    assert sorted(audit.models["run"].unique()) == [0, 1, 2]
    # the same models on other labels
    both = audit.models.pivot(index=names, columns="run", values="auc")
    assert (both[0] != both[1]).mean() > 0.8
    everything = pd.concat([audit.models, audit.runs])
    best = everything.groupby(["run", "set"])["auc"].max()
    pd.testing.assert_series_equal(audit.best.set_index(["run", "set"])["auc"].sort_index(), best.sort_index())


def test_cheaper_network_is_small_and_frozen(study: StudyConfig) -> None:
    assert cheaper(study) == study
    heavy = study.model_copy(update={"deep": DeepConfig(network=["ResNet101"], size=224, weights="none")})
    cheap = cheaper(heavy).deep
    assert cheap is not None
    assert (cheap.network, cheap.size, cheap.weights) == (["EfficientNet-Lite0"], CHEAP_SIZE, "none")
    assert cheap.training == "frozen"


def test_p_value_counts_the_permutations_that_reach_the_real_auc() -> None:
    aucs = [0.8, 0.5, 0.82, 0.4, 0.6]
    runs = pd.DataFrame({"run": range(5), "signature": "S", "set": "test", "outcome": "yes", "auc": aucs})
    row = summarise(runs).iloc[0]
    assert row["p"] == pytest.approx(2 / 5)
    assert row["mean"] == pytest.approx(np.mean(aucs[1:]))


@pytest.mark.slow
def test_command_prints_the_summary(audited, small_study_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(audited[0])
    assert run_command(["audit", "null", str(small_study_file), "--out", out, "--runs", "3", "--jobs", "1"]) == 0
    text = capsys.readouterr().out
    assert "Clinical+Radiomics" in text
    assert "report.html" in text


def test_too_few_runs_are_refused(study: StudyConfig, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 2"):
        audit_null(study, tmp_path, runs=1)


def test_result_without_audits_has_no_section(audited, tmp_path: Path) -> None:
    plain = changed(audited[1], audits=type(audited[1].audits)())
    assert "Null audit" not in write_report(plain, tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize("cheap", [True, False])
def test_the_cheaper_network_is_used_where_asked(
    study: StudyConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cheap: bool
) -> None:
    class StoppedError(Exception):
        pass

    def stop(used: StudyConfig, *_: object) -> None:
        raise StoppedError(used)

    monkeypatch.setattr("sonoher2.audit.null.run_study", lambda *_: None)
    monkeypatch.setattr("sonoher2.audit.null.set_up", stop)
    heavy = study.model_copy(update={"deep": DeepConfig(size=224, weights="none")})
    with pytest.raises(StoppedError) as caught:
        audit_null(heavy, tmp_path, cheap=cheap)
    assert caught.value.args[0].deep.size == (CHEAP_SIZE if cheap else 224)
