"""The planted-truth audit: what is planted is known, and is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from sonoher2.audit.refit import Bench
from sonoher2.audit.set_up import set_up
from sonoher2.audit.simulated_signal import audit_planted, planted_probability, planted_signal, summarise
from sonoher2.cli.app import run as run_command
from sonoher2.cli.audit.simulated_signal import read_mixture
from sonoher2.config.load import load_study
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import InputError, UsageError
from sonoher2.engine import local_context
from sonoher2.report.page.html import write_report
from sonoher2.study.results.parts import StudyResult


@pytest.fixture(scope="module")
def study(small_study_file: Path) -> StudyConfig:
    return load_study(small_study_file)


@pytest.fixture(scope="module")
def run(finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the finished run."""
    folder = tmp_path_factory.mktemp("planted") / "run"
    shutil.copytree(finished.run, folder)
    return folder


@pytest.fixture(scope="module")
def bench(study: StudyConfig, run: Path) -> Bench:
    return set_up(study, run, local_context(run / "cache", 1))


@pytest.fixture(scope="module")
def audited(study: StudyConfig, run: Path) -> StudyResult:
    """A strong signal in the clinical columns alone."""
    return audit_planted(study, run, strength=6, mixture={"clinical": 1}, runs=2, jobs=1)


def test_parts_are_standardised_and_drawn_anew_for_each_seed(bench: Bench) -> None:
    weights = {"clinical": 1.0, "radiomics": 1.0}
    signal = planted_signal(bench, weights, seed=1)
    assert list(signal.columns) == list(weights)
    np.testing.assert_allclose(signal.mean(), 0, atol=1e-9)
    np.testing.assert_allclose(signal.std(ddof=0), 1)
    pd.testing.assert_frame_equal(signal, planted_signal(bench, weights, seed=1))
    assert abs(signal["radiomics"].corr(planted_signal(bench, weights, seed=2)["radiomics"])) < 0.99


def test_probabilities_have_the_asked_share_of_cases() -> None:
    log_odds = np.random.default_rng(0).normal(0, 2, 300)
    chance = planted_probability(log_odds, 0.3)
    assert chance.mean() == pytest.approx(0.3)
    # a logistic model with slope 1: the log-odds differ by a constant
    shift = np.log(chance / (1 - chance)) - log_odds
    np.testing.assert_allclose(shift, shift[0])
    np.testing.assert_allclose(chance, expit(shift[0] + log_odds))


def test_what_is_planted_in_one_part_is_found_there_alone(audited: StudyResult) -> None:
    summary = audited.audits.planted.summary.set_index(["signature", "set"])
    assert summary.loc[("Clinical", "train_oof"), "share"] > 0.5
    assert summary.loc[("Clinical", "train_oof"), "share"] > summary.loc[("Radiomics", "train_oof"), "share"]
    assert (summary["best"] > 0.9).all()


def test_best_auc_is_that_of_the_true_probabilities(audited: StudyResult, bench: Bench) -> None:
    signal = planted_signal(bench, {"clinical": 1.0}, seed=1).to_numpy()[:, 0]
    share = (bench.measured.cohort.patients["label"] > 0).mean()
    chance = planted_probability(6 * signal, share)
    labels = np.random.default_rng((1, 1)).binomial(1, chance)
    runs = audited.audits.planted.runs.query("run == 1")
    for name, side in (("train_oof", bench.in_training), ("test", ~bench.in_training)):
        expected = roc_auc_score(labels[side], chance[side])
        np.testing.assert_allclose(runs.loc[runs["set"] == name, "best"], expected)


def test_share_and_gain_are_computed_from_the_runs() -> None:
    names, found = ["Clinical", "Radiomics", "Clinical+Radiomics"], [0.6, 0.7, 0.75, 0.7, 0.6, 0.72]
    runs = pd.DataFrame(
        {"run": [1] * 3 + [2] * 3, "signature": names * 2, "set": "test", "auc": found, "best": 0.9, "share": 0.5}
    )
    summary = summarise(runs).set_index("signature")
    assert summary.loc["Clinical+Radiomics", "gain"] == pytest.approx((0.05 + 0.02) / 2)
    assert np.isnan(summary.loc["Clinical", "gain"])
    assert summary.loc["Radiomics", "auc"] == pytest.approx(0.65)


@pytest.mark.slow
def test_tables_and_report_are_written(audited: StudyResult, run: Path, tmp_path: Path) -> None:
    written = pd.read_csv(run / "audit" / "planted.csv")
    assert list(written.columns) == ["run", "signature", "set", "auc", "best", "share"]
    page = write_report(audited, tmp_path).read_text(encoding="utf-8")
    assert "how much of a known signal is found" in page
    assert (tmp_path / "figures" / "planted.svg").is_file()


@pytest.mark.slow
def test_command_prints_the_summary(
    audited: StudyResult, run: Path, small_study_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--strength", "6", "--mixture", "clinical=1", "--runs", "2", "--jobs", "1"]
    assert run_command(["audit", "planted", str(small_study_file), "--out", str(run), *options]) == 0
    assert "share" in capsys.readouterr().out


def test_mixture_is_read_as_written() -> None:
    assert read_mixture("clinical=1, deep=0.5") == {"clinical": 1.0, "deep": 0.5}
    assert read_mixture("") == {}
    with pytest.raises(UsageError, match="clinical=1,radiomics=1,deep=1"):
        read_mixture("clinical")


def test_a_part_that_the_study_lacks_is_named(study: StudyConfig, run: Path) -> None:
    with pytest.raises(InputError, match="measures nothing that is deep"):
        audit_planted(study, run, mixture={"deep": 1}, runs=2, jobs=1)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"strength": 0}, "strength above 0"),
        ({"runs": 1}, "at least 2 runs"),
        ({"mixture": {"genomics": 1}}, "no part called genomics"),
        ({"mixture": {"clinical": 0}}, "one of them is more"),
    ],
)
def test_senseless_requests_are_refused(study: StudyConfig, tmp_path: Path, request_, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        audit_planted(study, tmp_path, **request_)
