"""The simulated signal on a bench of a few made-up patients: its parts, its weights, its summary."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from sonoher2.audit import simulated_signal as audit
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.core.errors import InputError, UsageError
from sonoher2.study.results.audits import PlantedAudit

N = 60


@dataclass(frozen=True)
class Cohort:
    clinical: dict[str, ClinicalColumn]
    patients: pd.DataFrame
    classes: tuple[str, ...] = ("no", "yes")


@dataclass(frozen=True)
class Measured:
    feature_table: pd.DataFrame
    cohort: Cohort


@dataclass(frozen=True)
class Result:
    performance: Any
    audits: Any = None


@dataclass(frozen=True)
class Bench:
    measured: Measured
    study: Any = None
    in_training: Any = None


def bench(deep: bool = True) -> Any:
    rng = np.random.default_rng(0)
    columns: dict[tuple[str, str], np.ndarray] = {("clinical", "age"): rng.normal(50, 10, N)}
    columns |= {("radiomics", f"f{i}"): rng.normal(size=N) for i in range(5)}
    # a tail so long that one patient would carry the signal
    columns["radiomics", "f0"][0] = 1000.0
    if deep:
        columns |= {("deep net", f"d{i}"): rng.normal(size=N) for i in range(12)}
        columns |= {("deep score net", "log-odds"): rng.normal(size=N)}
    table = pd.DataFrame(columns, index=[f"P{i}" for i in range(N)])
    clinical = {"age": ClinicalColumn(kind="number", timing="pre-biopsy")}
    patients = pd.DataFrame({"label": [0, 0, 1] * 20}, index=table.index)
    return Bench(Measured(table, Cohort(clinical, patients)))


def test_the_score_of_a_network_is_no_part_of_the_signal() -> None:
    assert audit._part(bench(), "deep").columns.get_level_values(0).unique().tolist() == ["deep net"]
    assert audit._part(bench(), "radiomics").shape == (N, 5)
    assert audit._part(bench(deep=False), "deep").empty


def test_columns_are_standardised_and_tails_cut_at_three() -> None:
    for name, count in (("clinical", 1), ("radiomics", 5), ("deep", 10)):
        found = audit._columns(bench(), name)
        assert found.shape == (N, count)
        np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(found.std(axis=0), 1)
    # the long tail is cut at 3 before it is standardised: 3 over the deviation of (3, and 59 of nearly -1 / 60)
    assert audit._columns(bench(), "radiomics")[0, 0] == pytest.approx(7.68, abs=0.05)


def test_three_features_carry_the_signal_and_all_clinical_columns() -> None:
    table = np.eye(8)
    rng = np.random.default_rng(0)
    assert len(np.unique(np.round(audit._draw(table, "radiomics", rng), 9))) <= 3
    used = [np.abs(audit._draw(table, name, np.random.default_rng(1)) - 0) for name in ("radiomics", "clinical")]
    # of eight patients three differ from the others, or all
    middle = np.median(np.round(audit._draw(table, "radiomics", np.random.default_rng(1)), 9))
    drawn = np.round(audit._draw(table, "radiomics", np.random.default_rng(1)), 9)
    assert (drawn != middle).sum() == 3
    assert len(used[1]) == 8
    # three features are all of three, each once: the patient who has none of them stands apart
    for seed in range(10):
        *others, none = np.round(audit._draw(np.eye(4)[:, :3], "radiomics", np.random.default_rng(seed)), 9)
        assert none not in others


def test_weights_are_those_asked_for_or_alike() -> None:
    assert audit._weights(bench(), {}) == {"clinical": 1.0, "radiomics": 1.0, "deep": 1.0}
    assert audit._weights(bench(deep=False), {}) == {"clinical": 1.0, "radiomics": 1.0}
    assert audit._weights(bench(), {"clinical": 0.5, "deep": 0.0}) == {"clinical": 0.5}
    assert audit._weights(bench(deep=False), {"clinical": 2, "deep": 0}) == {"clinical": 2}
    with pytest.raises(InputError, match="measures nothing that is deep") as caught:
        audit._weights(bench(deep=False), {"deep": 1})
    assert caught.value.where == "mixture"
    assert caught.value.fix == "Leave it out of the mixture; the study has clinical, radiomics"


def test_the_mixture_has_a_deviation_of_one() -> None:
    signal = pd.DataFrame({"clinical": [1.0, -1, 1, -1], "radiomics": [1.0, 1, -1, -1]})
    # 3 a + 4 b of two that are independent has the deviation 5
    np.testing.assert_allclose(audit._unit(signal, {"clinical": 3, "radiomics": 4}), [0.6, 0.8])
    with pytest.raises(InputError, match=r"the parts of the mixture cancel out\. Give other weights") as caught:
        audit._unit(signal.assign(radiomics=-signal["clinical"]), {"clinical": 1, "radiomics": 1})
    assert caught.value.where == "mixture"


@pytest.mark.parametrize("cheap", [True, False])
def test_what_is_planted_is_kept_beside_the_study(cheap: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    performance = SimpleNamespace(predictions="predictions")
    given = {
        "run_study": Result(performance),
        "local_context": "context",
        "set_up": "bench",
        "cheaper": "cheap study",
        "planted_audit": PlantedAudit(pd.DataFrame(), pd.DataFrame(), {"runs": 4}),
        "write_audit": None,
        "load_audits": "audits",
    }
    for name, answer in given.items():
        monkeypatch.setattr(audit, name, lambda *rest, name=name, answer=answer: asked.append((name, *rest)) or answer)
    study, out = cast(Any, "study"), Path("run")
    found = audit.audit_planted(study, out, strength=1.5, mixture={"clinical": 1}, runs=4, jobs=2, cheap=cheap)
    assert found == Result(performance, "audits")  # type: ignore[comparison-overlap]
    calls = {name: rest for name, *rest in asked}
    assert calls["run_study"] == ["study", out, 2]
    assert calls["local_context"] == [out / "cache", 2]
    assert calls["set_up"] == ["cheap study" if cheap else "study", out, "context"]
    assert calls["planted_audit"] == ["bench", 1.5, {"clinical": 1}, 4, "context"]
    written, *rest = calls["write_audit"]
    assert (written.settings, rest) == ({"runs": 4, "cheap": cheap}, ["predictions", out])
    assert calls["load_audits"] == ["predictions", out]
    audit.audit_planted(study, out)
    assert asked[-3][1:] == ("bench", 2.0, {}, 10, "context")
    assert asked[-2][1].settings["cheap"] is False


@pytest.mark.parametrize(
    ("strength", "runs", "mixture", "refused"),
    [
        (0.1, 2, None, False), (0, 2, None, True), (-1, 2, None, True), (1, 1, None, True), (1, 2, {}, False),
        (1, 2, {"clinical": 0, "deep": 0.5}, False), (1, 2, {"clinical": 0}, True),
        (1, 2, {"clinical": 1, "deep": -0.5}, True), (1, 2, {"genes": 1}, True),
    ],
)  # fmt: skip
def test_a_request_that_makes_sense(strength: float, runs: int, mixture: dict | None, refused: bool) -> None:
    with pytest.raises(UsageError) if refused else nullcontext():
        audit._check_request(strength, runs, mixture)


def test_every_run_has_its_own_signal_and_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    changes: list[Any] = []
    inside = np.arange(N) % 4 > 0

    def refit(given: Any, todo: Any, context: Any, label: str) -> Any:
        asked.append((given, todo, context, label))
        for run in todo:
            names = np.array(given.measured.cohort.classes)[run.labels]
            # scores that tell nothing in the first run, all in the others
            rows = {
                "set": np.where(inside, "train_oof", "test"),
                "label": names,
                "score": run.labels * (run.number > 1.0),
            }
            yield run.number, pd.DataFrame(rows).assign(signature="Clinical", outcome="planted")

    monkeypatch.setattr(audit, "refit", refit)
    study = SimpleNamespace(model_copy=lambda update: changes.append(update) or "alone")
    table = bench()
    found = audit.planted_audit(Bench(table.measured, study, inside), 3.0, {"clinical": 1.0, "deep": 2.0}, 3, "here")  # type: ignore[arg-type]
    [(given, todo, context, label)] = asked
    assert (given.study, given.measured.cohort.classes, context) == ("alone", ("absent", "planted"), "here")
    assert changes == [{"comparison": False}]
    assert label == "Planted runs"
    assert [run.number for run in todo] == [1, 2, 3]
    correlations = []
    for run in todo:
        signal = audit.planted_signal(table, {"clinical": 1.0, "deep": 2.0}, run.number)
        mixture = signal["clinical"] + 2 * signal["deep"]
        # a third of the patients are cases, as in the study
        chance = audit.planted_probability(3 * (mixture / mixture.std(ddof=0)).to_numpy(), 1 / 3)
        np.testing.assert_array_equal(run.labels, np.random.default_rng((run.number, 1)).binomial(1, chance))
        tested = found.runs[(found.runs["run"] == run.number) & (found.runs["set"] == "test")].iloc[0]
        assert tested["auc"] == (0.5 if run.number == 1 else 1)
        assert tested["best"] == pytest.approx(roc_auc_score(run.labels[~inside], chance[~inside]))
        correlations.append(signal["clinical"].corr(signal["deep"]))
    together = round(float(np.mean(correlations)), 3)
    assert found.settings == {
        "runs": 3, "strength": 3.0, "mixture": {"clinical": 1.0, "deep": 2.0},
        "correlation": {"clinical": {"clinical": 1.0, "deep": together}, "deep": {"clinical": together, "deep": 1.0}},
    }  # fmt: skip
    pd.testing.assert_frame_equal(found.summary, audit.summarise(found.runs))


def test_the_share_found_is_of_the_best_in_the_same_set() -> None:
    table = pd.DataFrame(
        {"run": 1, "signature": "S", "set": ["train_oof", "test"], "outcome": "planted", "auc": [0.6, 0.75]}
    )
    chance = np.array([0.1, 0.9, 0.2, 0.3, 0.1, 0.8, 0.5])
    inside = np.array([True] * 3 + [False] * 4)
    # training: the case has the highest chance; test: of four pairs of case and control one is the wrong way round
    found = audit._with_best(table, chance, np.array([0, 1, 0, 1, 0, 1, 0]), inside)
    assert found.columns.tolist() == ["run", "signature", "set", "auc", "best", "share"]
    assert found["best"].tolist() == [1.0, 0.75]
    np.testing.assert_allclose(found["share"], [0.2, 1.0])


def test_a_summary_by_hand() -> None:
    aucs = {"Clinical": (0.6, 0.8), "Radiomics": (0.7, 0.5), "Clinical+Radiomics": (0.9, 0.7)}
    rows = [
        (run, name, "test", found[run - 1], 0.9 + run / 100, found[run - 1] / 2)
        for run in (1, 2)
        for name, found in aucs.items()
    ]
    summary = audit.summarise(pd.DataFrame(rows, columns=["run", "signature", "set", "auc", "best", "share"]))
    assert summary.columns.tolist() == [
        "signature", "set", "runs", "auc", "auc_se", "best", "share", "share_se", "gain", "gain_se",
    ]  # fmt: skip
    joined = summary.set_index("signature").loc["Clinical+Radiomics"]
    # gains over the better of the two: 0.9 - 0.7 and 0.7 - 0.8; the error of two values is half their distance
    assert joined[["runs", "auc", "auc_se", "best", "share", "share_se", "gain", "gain_se"]].tolist() == pytest.approx(
        [2, 0.8, 0.1, 0.915, 0.4, 0.05, 0.05, 0.15]
    )
    assert np.isnan(summary.set_index("signature").loc["Radiomics", "gain"])
    alone = audit.summarise(
        pd.DataFrame(rows, columns=["run", "signature", "set", "auc", "best", "share"]).iloc[[1, 2, 4, 5]]
    )
    assert alone["gain"].isna().all()
