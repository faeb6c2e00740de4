"""What the last step lists: features that the LASSO kept, and steps that found nothing to keep."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.core.errors import Finding, InputError
from sonoher2.networks.own import ImageNetworks, OwnNetwork, Weights
from sonoher2.study.steps import conclude as module
from sonoher2.study.steps.conclude import answer, conclude, explain, lasso_coefficients, update, with_update
from study_facts import result
from study_results import changed


def test_features_are_listed_by_the_size_of_their_coefficients() -> None:
    """Of the second point of the path, which was chosen; the first would keep other ones."""
    path: Any = SimpleNamespace(
        features=["a", "b", "c", "d"],
        coefficients=np.array([[9.0, 0.2], [9.0, -0.7], [9.0, 0.0], [9.0, 0.5]]),
        chosen=1,
    )
    table = lasso_coefficients(path)
    assert table.to_dict("list") == {"feature": ["b", "d", "a"], "coefficient": [-0.7, 0.5, 0.2]}
    assert lasso_coefficients(None).columns.tolist() == ["feature", "coefficient"]


def test_a_step_that_nothing_passed_is_a_warning() -> None:
    log = pd.DataFrame({"step": ["ICC", "LASSO"], "fallback": [True, False]})
    [finding] = module._fallback_findings(SimpleNamespace(log_=log))  # type: ignore[arg-type]
    assert finding.severity == "warning"
    assert "'ICC'" in finding.what
    assert module._fallback_findings(None) == []


def test_the_reference_site_is_that_of_the_model() -> None:
    models: list[Any] = [SimpleNamespace(harmoniser_=one) for one in (None, SimpleNamespace(reference="North"))]
    assert [module._reference_site(model) for model in models] == ["", "North"]


@pytest.mark.parametrize("bundle", [None, SimpleNamespace(schema=SimpleNamespace(main="its own"))])
def test_the_main_signature_is_chosen_in_training_or_is_that_of_the_model(
    bundle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.DataFrame(
        [("a", "train_oof", 0.7), ("a", "test", 0.1), ("b", "train_oof", 0.6), ("b", "test", 0.9)],
        columns=["signature", "set", "auc"],
    ).assign(outcome="positive")
    monkeypatch.setattr(module, "analyse", lambda scored: {"performance": {"signatures": table}})
    state: Any = SimpleNamespace(bundle=bundle, scored=None)
    answer(state)
    assert state.main == ("a" if bundle is None else "its own")


BUNDLE = SimpleNamespace(
    schema=SimpleNamespace(main="its own", training="its training"), sha256="of the bundle", reference="its cases",
    model=SimpleNamespace(
        names=["Clinical", "Radiomics"], nomograms_={"Clinical": "one", "Radiomics": "two"}, harmoniser_=None
    ),
)  # fmt: skip


def run(**own: object) -> Any:
    """A run at its end: three patients, the second of whom was a test patient."""
    names = pd.Index(["A", "B", "C"], name="patient_id")
    table = pd.DataFrame({("radiomics", "a"): [1.0, 2.0, 3.0], ("radiomics", "b"): [4.0, 5.0, 6.0]}, index=names)
    cohort = SimpleNamespace(
        classes=("no", "yes"), flow=("flow",), rule_counts="counts", conflicts="conflicts",
        patients=pd.DataFrame({"group": [7, 8, 9]}, index=names),
    )  # fmt: skip
    model = SimpleNamespace(
        fitted_={}, candidates_="candidates", nomograms_={"Clinical": "own"}, harmoniser_=None,
        harmonised=lambda table: 10 * table, predict_proba=lambda table: {"Clinical": table.index.tolist()},
    )  # fmt: skip
    given = {
        "study": "study", "bundle": None, "out": "out", "main": "Clinical", "started": "then", "context": "context",
        "watch": SimpleNamespace(seconds={"fit": 1.0}), "findings": ["noticed"], "explanations": "explained",
        "cohort_checks": "cohort checks", "in_training": np.array([True, False, True]), "recalibrate": None,
        "measured": SimpleNamespace(cohort=cohort, feature_table=table),
        "checked": SimpleNamespace(
            segmented="outlines", networks=ImageNetworks(), hashes={"a.png": "1"}, records="records"
        ),
        "split": SimpleNamespace(sha256="of the split"), "ledger": SimpleNamespace(entries=("opened",)),
        "fitted": SimpleNamespace(sha256="of the model", model=model, folds="folds", oof="out of fold"),
        "scored": SimpleNamespace(
            patients="patients", predictions="predictions", thresholds="thresholds", learned={"Clinical": "sure"},
            probabilities={"Radiomics": "p"}, model="scored model", X="X",
        ),
        "tables": {
            "performance": {"signatures": "signatures"}, "uncertainty": {"zones": "zones"},
            "robustness": {"ablation": "ablation"}, "external": {"shift": "shift"}, "extra": {"toy": "toy"},
        },
    }  # fmt: skip
    state: Any = SimpleNamespace(**{**given, **own})
    state.model_bundle = state.bundle
    return state


@pytest.mark.parametrize("bundle", [None, BUNDLE])
def test_everything_that_was_found_is_put_together_and_judged(bundle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[Any] = []
    for name in ("listed_lesions", "doubtful_lesions"):
        monkeypatch.setattr(module, name, lambda outlines, name=name: f"{name} of {outlines}")
    monkeypatch.setattr(module, "load_audits", lambda predictions, out: f"audits of {predictions} in {out}")
    monkeypatch.setattr(module, "training_summary", lambda *given: "training")
    monkeypatch.setattr(module, "_record", lambda state: "record")
    monkeypatch.setattr(module, "with_checks", lambda *given: judged.append(given) or "judged")
    monkeypatch.setattr(module, "check_tables", judged.append)
    state = run(bundle=bundle)
    conclude(state)
    (found, checks, folds), compared = judged
    assert (state.result, compared, checks) == ("judged", "judged", "cohort checks")
    assert (folds is None) == (bundle is not None)
    about, cohort, performance = found.about, found.cohort, found.performance
    assert (about.config, about.classes, about.main, about.record) == ("study", ("no", "yes"), "Clinical", "record")
    assert (about.kind, about.frozen) == (
        ("study", ()) if bundle is None else ("validation", tuple(BUNDLE.model.names))
    )
    assert about.seconds == {"fit": 1.0}
    assert (cohort.patients, cohort.flow, cohort.rule_counts) == ("patients", ("flow",), "counts")
    assert (cohort.conflicts, cohort.segmented) == ("conflicts", "listed_lesions of outlines")
    assert cohort.doubtful == "doubtful_lesions of outlines"
    assert (performance.predictions, performance.thresholds) == ("predictions", "thresholds")
    assert (performance.signatures, found.uncertainty.zones, found.robustness.ablation) == (
        "signatures", "zones", "ablation",
    )  # fmt: skip
    assert (found.external.shift, found.external.updated, found.extra) == ("shift", None, {"toy": "toy"})
    assert (found.uncertainty.learned, found.checks.findings) == ({"Clinical": "sure"}, ("noticed",))
    assert (found.explanations, found.audits) == ("explained", "audits of predictions in out")
    # a frozen model shows the nomograms of those signatures that its cohort can be given
    assert found.model.nomograms == ({"Clinical": "own"} if bundle is None else {"Radiomics": "two"})
    assert found.model.training == ("training" if bundle is None else "its training")


def test_of_the_radiomics_selection_all_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """One feature was kept, none by the ICC; patients are shown as harmonised, and training ones are summed up."""
    asked: list[Any] = []
    monkeypatch.setattr(module, "training_summary", lambda *given: asked.append(given[1:]) or "training")
    path = SimpleNamespace(features=["b"], coefficients=np.array([[0.5]]), chosen=0)
    log = pd.DataFrame({"step": ["ICC", "LASSO"], "fallback": [True, False]})
    selection = SimpleNamespace(
        get_feature_names_out=lambda: np.array(["b"]), log_=log, lasso_path_=path, transform=lambda X: X[["b"]]
    )
    state = run()
    state.fitted.model.fitted_ = {"Radiomics": SimpleNamespace(final_selection=selection)}
    state.fitted.model.harmoniser_ = SimpleNamespace(reference="North")
    found = module._fitted_model(state)
    assert (found.candidates, found.selection, found.lasso) == ("candidates", log, path)
    assert found.coefficients.to_dict("list") == {"feature": ["b"], "coefficient": [0.5]}
    assert found.heatmap["b"].to_dict() == {"A": 40, "B": 50, "C": 60}
    assert found.reference_site == "North"
    [(records, trained, names)] = asked
    assert (records, trained.tolist(), names) == ("records", ["A", "C"], ["b"])
    assert [getattr(one, "where", one) for one in state.findings] == ["noticed", "selection"]


def test_without_radiomics_no_selection_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "training_summary", lambda *given: given[-1])
    found = module._fitted_model(run())
    assert found.selection.columns.tolist() == ["step", "features_in", "features_out"]
    assert (found.lasso, found.training, len(found.coefficients), found.heatmap.shape) == (None, [], 0, (0, 0))


def test_the_final_model_scores_its_training_patients_beside_the_folds() -> None:
    record = module._fold_record(run())
    assert record is not None
    assert (record.fold, record.out_of_fold) == ("folds", "out of fold")
    assert record.group.tolist() == [7, 9]
    assert record.in_sample == {"Clinical": ["A", "C"]}


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("bundle", [None, BUNDLE])
def test_the_record_names_what_was_run_by_its_hashes(bundle: Any, own: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "network_hashes", lambda study, outlines, networks: {"network": f"of {outlines}"})
    monkeypatch.setattr(module, "run_record", lambda *given: dict(enumerate(given)))
    state = run(bundle=bundle)
    if own:
        state.checked.networks = ImageNetworks(OwnNetwork(Weights("a", "hash", "b", None, 3, 4)))
    found: Any = module._record(state)
    parts = {"split": "of the split", "model": "of the model"} if bundle is None else {"bundle": "of the bundle"}
    weights = {"sha256": "hash", "without_fold": None, "patients": 3, "images": 4}
    assert found.pop("networks", None) == ({"segmenter": [weights]} if own else None)
    assert list(found.values()) == [
        "study", "then", {"fit": 1.0}, {"a.png": "1"}, {**parts, "network": "of outlines"}, ("opened",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("bundle", "reference", "sha256"),
    [
        (None, "own cases", "of the model"),
        (BUNDLE, "its cases", "of the bundle"),
        (SimpleNamespace(reference=None), None, None),
    ],
)
def test_test_patients_are_compared_with_the_cases_of_training(
    bundle: Any, reference: str | None, sha256: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "study_reference", lambda measured, rows, fitted: ("own cases", "key"))
    monkeypatch.setattr(module, "explainable_patients", lambda *given: given)
    monkeypatch.setattr(module, "explain_test_set", lambda *given: given)
    state = run(bundle=bundle, explanations=None)
    explain(state)
    if reference is None:
        assert state.explanations is None
        return
    tested, *rest = state.explanations
    assert rest == [reference, "Clinical", "context"]
    assert tested == ("scored model", sha256, state.measured, "X", {"Radiomics": "p"}, "thresholds")
    assert getattr(state, "cases", None) == ("key" if bundle is None else None)


def test_probabilities_are_updated_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(module, "update_predictions", lambda *given: asked.append(given) or "updated")
    before = result(n=60)
    state = run(result=before)
    update(state)
    assert state.result is before
    state.recalibrate = 0.3
    update(state)
    assert state.result.external.updated == "updated"
    assert state.result.external.shift is before.external.shift
    [(predictions, patients, *rest)] = asked
    assert predictions is before.performance.predictions
    assert patients is state.measured.cohort.patients
    assert rest == [0.3, before.about.config.seed, before.about.config.evaluation.confidence]


def test_too_few_patients_to_update_on_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def few(*given: object) -> None:
        raise InputError("3 patients are too few", fix="Give more")

    monkeypatch.setattr(module, "update_predictions", few)
    before = changed(result(n=60), findings=(Finding("note", "before"),))
    after = with_update(before, pd.DataFrame(), 0.3)
    assert after.external.updated is None
    assert after.checks.findings[:-1] == before.checks.findings
    told = after.checks.findings[-1]
    assert (told.severity, told.where) == ("warning", "recalibration")
    assert told.what == "no recalibration: 3 patients are too few. Give more"
