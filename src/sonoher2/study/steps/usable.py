"""What a study file asks for and this cohort cannot give, or that has no effect: said before anything is measured."""

from __future__ import annotations

from collections.abc import Iterator

from sonoher2.classifiers.encoding import LEAST_PATIENTS
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.cohort.split import SPLIT_BY, Split
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TRAIN
from sonoher2.core.errors import Finding, Severity
from sonoher2.core.spelling import plain
from sonoher2.selection.harmonise import FEWEST
from sonoher2.study.results import columns as c

OF_IMAGES = ("regions", "enhance", "ablation", "radiomics", "deep")
"""Settings that mean nothing without images."""
SHOWN = 10


def usable_findings(study: StudyConfig, cohort: Cohort, split: Split) -> list[Finding]:
    """Tell what has no effect, or cannot be.

    Parameters
    ----------
    study, cohort, split
        As they are run.
    """
    return [
        *_without_effect(study),
        *_same_column(study),
        *_counts_as_training(study, cohort, split),
        *_reference_site(study, cohort, split),
        *_rare_levels(study, cohort, split),
    ]


def _without_effect(study: StudyConfig) -> Iterator[Finding]:
    if study.images is None:
        fields = type(study).model_fields
        asked = [
            name
            for name in OF_IMAGES
            if name in study.model_fields_set and getattr(study, name) != fields[name].get_default()
        ]
        if asked:
            what = (
                f"the study has no images, so that {', '.join(asked)} {'has' if len(asked) == 1 else 'have'} no effect"
            )
            yield Finding("warning", what, "images", "Name the table of the images, or leave these settings out")
    if study.evaluation.threshold == "youden" and "threshold_at" in study.evaluation.model_fields_set:
        what = "the threshold is Youden's, so that `threshold_at` has no effect"
        fix = "Set `threshold: sensitivity` or `specificity`, or leave `threshold_at` out"
        yield Finding("warning", what, "evaluation.threshold_at", fix)


def _same_column(study: StudyConfig) -> Iterator[Finding]:
    """Warn of one column of the table under two names: the model would count it twice."""
    by_source: dict[tuple[str, str | None], list[str]] = {}
    for key, column in study.clinical.columns.items():
        by_source.setdefault((plain(column.column or key), column.contains), []).append(key)
    for keys in by_source.values():
        if len(keys) > 1:
            what = f"{', '.join(keys)} are one column of the table, which would count {len(keys)} times"
            yield Finding("warning", what, "clinical.columns", "Leave one of them")


def _counts_as_training(study: StudyConfig, cohort: Cohort, split: Split) -> Iterator[Finding]:
    """Say which values of the split's column are training, where they are not named."""
    if study.split.kind not in ("given", "site"):
        return
    training = split.sets.index[split.sets == TRAIN]
    values = sorted(set(cohort.patients.loc[training, SPLIT_BY].dropna().astype(str)))
    if len(values) > 1:
        more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
        what = f"patients with these values are training patients: {', '.join(values[:SHOWN])}{more}"
        yield Finding(
            "note", what, "split", "Name further values in `split.test`, or leave such patients out with `where`"
        )


def _reference_site(study: StudyConfig, cohort: Cohort, split: Split) -> Iterator[Finding]:
    if study.harmonise is None:
        return
    training = split.sets.index[split.sets == TRAIN]
    sites = cohort.patients.loc[training, c.SITE].dropna().astype(str).value_counts()
    patients = int(sites.get(study.harmonise.reference, 0))
    # the smallest part of them that a fold may leave to learn from
    least = patients - -(-patients // study.validation.outer_folds)
    if least < FEWEST:
        known = ", ".join(f"{site} ({count})" for site, count in sites.items())
        what = (
            f"the reference site '{study.harmonise.reference}' has {patients} training patients, of whom a fold may"
            f" leave fewer than {FEWEST}"
        )
        severity: Severity = "error" if patients < FEWEST else "warning"
        yield Finding(severity, what, "harmonise.reference", f"Training patients by site: {known}")


def _rare_levels(study: StudyConfig, cohort: Cohort, split: Split) -> Iterator[Finding]:
    """Warn of a category of which no level is frequent enough to be told from the others."""
    training = split.sets.index[split.sets == TRAIN]
    for key, column in cohort.clinical.items():
        if column.kind != "category":
            continue
        counts = cohort.patients.loc[training, key].dropna().astype(str).value_counts()
        if len(counts) and counts.max() < LEAST_PATIENTS:
            what = f"no value of {key} has {LEAST_PATIENTS} training patients, so that the column tells nothing"
            yield Finding("warning", what, f"clinical.columns.{key}", "Join values, or leave the column out")
