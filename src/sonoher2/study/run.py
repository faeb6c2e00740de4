"""A whole study: from the study file to the tables of the report and the frozen model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2 import __version__
from sonoher2.bundle.save import dump_network, save_bundle
from sonoher2.bundle.schema import schema_of
from sonoher2.cohort.split import TRAIN as IN_TRAINING
from sonoher2.cohort.split import draw_or_reload
from sonoher2.config import StudyConfig
from sonoher2.errors import Finding
from sonoher2.files import content_key
from sonoher2.fusion.blocks import RADIOMICS
from sonoher2.fusion.signatures import FeatureSignature, build_signatures
from sonoher2.selection.lasso import LassoPath
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.study.assess import assess, learn_thresholds, long_predictions, main_signature
from sonoher2.study.cache import Cache
from sonoher2.study.check import checked_cohort
from sonoher2.study.compute import default_jobs
from sonoher2.study.manifest import now, open_test_set, run_record
from sonoher2.study.prepare import Measured, Stopwatch, measure_cohort
from sonoher2.study.result import TEST, TRAIN, StudyResult, write_result
from sonoher2.study.steps import Fitted, TrainingSet, Workshop, fit_signatures

if TYPE_CHECKING:
    from sonoher2.models.deep.embedding import DeepEmbedding


def run_study(study: StudyConfig, out: Path, jobs: int | None = None) -> StudyResult:
    """Run a study; whatever is finished already is taken from `out/cache`.

    Parameters
    ----------
    study
        The study.
    out
        Folder for everything that the run writes.
    jobs
        Processes; all processors unless told.

    Returns
    -------
    The tables of the report; written to `out` too, with the frozen model.

    Raises
    ------
    InputError, FindingsError
        The study cannot be run as it is.
    """
    started, watch = now(), Stopwatch()
    workshop = Workshop(Cache(out / "cache"), jobs or default_jobs())
    with watch.step("cohort"):
        checked = checked_cohort(study, workshop)
        split = draw_or_reload(checked.cohort, study, out / "split.json")
        report = checked.report(split)
        report.raise_errors()
    with watch.step("features"):
        network = study_network(study)
        measured = measure_cohort(checked.cohort, study, checked.hashes, workshop, network)
    in_training = (split.sets.loc[measured.blocks.index] == IN_TRAINING).to_numpy()
    signatures = build_signatures(study, measured.cohort.clinical, RADIOMICS in measured.blocks.columns)
    with watch.step("models"):
        fitted = fit_signatures(signatures, training_set(measured, in_training), study, workshop)
    with watch.step("evaluation"):
        predictions = score_patients(measured, fitted, in_training)
        thresholds = learn_thresholds(predictions[predictions["set"] == TRAIN], study.evaluation)
        ledger = open_test_set(out, content_key(fitted.sha256, split.sha256))
        patients = patient_table(measured, np.where(in_training, TRAIN, TEST))
        tables = assess(predictions, thresholds, patients, study, workshop.cache)
    selection = radiomics_selection(fitted)
    parts = {"split": split.sha256, "model": fitted.sha256}
    record = run_record(study, started, watch.seconds, checked.hashes, parts, ledger)
    result = StudyResult(
        config=study,
        kind="study",
        classes=measured.cohort.classes,
        flow=measured.cohort.flow,
        findings=(*report.findings, *measured.findings, *_fallback_findings(selection)),
        rule_counts=measured.cohort.rule_counts,
        conflicts=measured.cohort.conflicts,
        patients=patients,
        predictions=predictions,
        thresholds=thresholds,
        signatures=tables["signatures"],
        comparisons=tables["comparisons"],
        subgroups=tables["subgroups"],
        zoo=fitted.model.zoo_,
        selection=selection.log_ if selection else pd.DataFrame(columns=["step", "features_in", "features_out"]),
        lasso=selection.lasso_path_ if selection else None,
        coefficients=lasso_coefficients(selection.lasso_path_ if selection else None),
        heatmap=_selected(selection, measured),
        main=main_signature(tables["signatures"]),
        nomograms=fitted.model.nomograms_,
        seconds=watch.seconds,
        record=record,
    )
    write_result(result, measured.cohort.images[["patient_id", "image"]], measured.features, out)
    freeze(result, fitted, network, out / "bundle")
    return result


def training_set(measured: Measured, in_training: NDArray[np.bool_]) -> TrainingSet:
    """Take the training patients out of a measured cohort; nothing that is fitted sees more than this."""
    patients = measured.cohort.patients[in_training]
    return TrainingSet(
        measured.blocks[in_training], patients["label"].to_numpy(np.int64), patients["group"].to_numpy(np.int64)
    )


def patient_table(measured: Measured, subset: NDArray[Any]) -> pd.DataFrame:
    """List the patients with set, class, count of images and clinical columns."""
    patients = measured.cohort.patients
    names = np.asarray(measured.cohort.classes, dtype=object)[patients["label"].to_numpy()]
    counts = measured.cohort.images["patient_id"].value_counts()
    first = pd.DataFrame(
        {"set": subset, "label": names, "images": counts.reindex(patients.index, fill_value=0)}, index=patients.index
    )
    return first.join(patients.drop(columns=["label", "group"]))


def score_patients(measured: Measured, fitted: Fitted, in_training: NDArray[np.bool_]) -> pd.DataFrame:
    """Score training patients out of fold, test patients by the final model."""
    labels, classes = measured.cohort.patients["label"], measured.cohort.classes
    tested = fitted.model.predict_proba(measured.blocks[~in_training])
    return pd.concat(
        [
            long_predictions(fitted.oof, labels[in_training], classes, TRAIN),
            long_predictions(tested, labels[~in_training], classes, TEST),
        ],
        ignore_index=True,
    )


def radiomics_selection(fitted: Fitted) -> SelectionPipeline | None:
    """Find the selection that was fitted on all training patients; None without images."""
    radiomics = fitted.model.fitted_.get("Radiomics")
    return radiomics.search_.selection_ if isinstance(radiomics, FeatureSignature) else None


def _selected(selection: SelectionPipeline | None, measured: Measured) -> pd.DataFrame:
    return pd.DataFrame() if selection is None else pd.DataFrame(selection.transform(measured.blocks[RADIOMICS]))


def lasso_coefficients(path: LassoPath | None) -> pd.DataFrame:
    """List the features that the LASSO kept, by the size of their coefficients: `feature, coefficient`."""
    if path is None:
        return pd.DataFrame(columns=["feature", "coefficient"])
    table = pd.DataFrame({"feature": path.features, "coefficient": path.coefficients[:, path.chosen]})
    table = table[table["coefficient"] != 0]
    return table.sort_values("coefficient", key=abs, ascending=False, kind="stable", ignore_index=True)


def _fallback_findings(selection: SelectionPipeline | None) -> list[Finding]:
    if selection is None:
        return []
    return [
        Finding(
            "warning",
            f"no feature passed the step '{step}' on the training patients; the best ones were kept",
            "selection",
            "Expect little of the radiomics signature",
        )
        for step in selection.log_.loc[selection.log_["fallback"], "step"]
    ]


def study_network(study: StudyConfig) -> DeepEmbedding | None:
    """Fetch the frozen network of the deep features; None for a study without them.

    Raises
    ------
    InputError
        No such network, or its weights cannot be had.
    """
    if study.images is None or study.deep is None:
        return None
    # networks are slow to import, and most commands need none
    from sonoher2.models.deep.lesion import frozen_embedding

    return frozen_embedding(study.deep)


def freeze(result: StudyResult, fitted: Fitted, network: DeepEmbedding | None, folder: Path) -> None:
    """Write the bundle of a finished study."""
    thresholds: dict[str, dict[str, float]] = {}
    for row in result.thresholds.to_dict("records"):
        thresholds.setdefault(row["signature"], {})[row["outcome"]] = float(row["threshold"])
    trained = result.patients.loc[result.patients["set"] == TRAIN, "label"].value_counts()
    schema = schema_of(
        result.config,
        version=__version__,
        classes=result.classes,
        signatures=tuple(thresholds),
        main=result.main,
        thresholds=thresholds,
        threshold_rule=str(result.thresholds["rule"].iloc[0]),
        training_patients={name: int(trained.get(name, 0)) for name in result.classes},
    )
    save_bundle(folder, fitted.data, schema, None if network is None else dump_network(network))
