"""SITE001, MARK001, MARK002 and MISS001: what no model should need predicts the label.

Each family of shortcuts (the size of the picture, marks, the site ...) is tested alone, and all together, by
`evaluation.predictability.predict_outcome` on the training patients. Nothing of it reaches a signature.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.cohort.images.check import ImageRecord
from sonoher2.core.errors import InputError, Severity
from sonoher2.evaluation.compare.comparison import holm
from sonoher2.evaluation.shift.predictability import predict_outcome
from sonoher2.images.pixels.spacing import pixel_side
from sonoher2.study.checks.codes import is_coded
from sonoher2.study.checks.columns import MISSING, dummies
from sonoher2.study.checks.facts import ONE_CLASS, Facts
from sonoher2.study.checks.outcome import Check, Outcome
from sonoher2.study.results import columns as c

TOGETHER = "All together"
ALPHA, WORTH_A_WARNING, WORTH_AN_ERROR = 0.01, 0.6, 0.7
"""Level of the p value after Holm, and the AUC from which on a shortcut is a warning or an error."""
COLUMNS = (c.SHORTCUT, c.OUTCOME, c.N, c.EVENTS, c.AUC, c.low(c.AUC), c.high(c.AUC), c.P, c.P_HOLM)


@dataclass(frozen=True)
class Shortcuts:
    """How well each family of shortcuts predicts the label.

    Attributes
    ----------
    table
        One row per family and outcome: `COLUMNS`.
    scores
        Out-of-fold scores of all families together, (patients looked at, outcomes), index `patient_id`.
    skipped
        Why nothing was tested; empty when it was.
    """

    table: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS)))
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    skipped: str = ""


def shortcut_columns(facts: Facts) -> dict[str, pd.DataFrame]:
    """Shortcuts of each patient by family, each (patients, columns), index `patient_id`; only those that vary."""
    patients, families = facts.cohort.patients, _of_images(facts)
    for family, name in (("Site", c.SITE), ("Scanner", c.SCANNER)):
        if name in patients:
            families[family] = dummies(patients[name])
    if c.DATE in patients:
        families["Date"] = _days(patients[c.DATE])
    if len(facts.cohort.images):
        families["Origin of the mask"] = _origins(facts)
    clinical = facts.cohort.clinical
    missing = {name: patients[name].isna() | is_coded(patients[name], column) for name, column in clinical.items()}
    families["Missing clinical values"] = pd.DataFrame(missing, index=patients.index).astype(np.float64)
    here = facts.looked_at
    varying = {name: table.loc[:, table[here].nunique() > 1] for name, table in families.items()}
    return {name: varying[name] for name in FAMILIES if name in varying and varying[name].shape[1]}


def _days(dates: pd.Series) -> pd.DataFrame:
    """Days since the year 1 of each date, and whether there is none that can be read; both finite."""
    read = pd.to_datetime(dates.astype(object), errors="coerce", format="mixed", utc=True)
    days = read.map(lambda day: float(day.toordinal()) if pd.notna(day) else np.nan).astype(np.float64)
    filled = days.fillna(days.mean() if days.notna().any() else 0.0)
    return pd.DataFrame({"days": filled, MISSING: days.isna().astype(np.float64)}, index=dates.index)


def _origins(facts: Facts) -> pd.DataFrame:
    """How each patient's masks came to be: drawn by the segmenter, how many for an image, and in which format."""
    images = facts.cohort.images
    if c.MASKS not in images:
        return pd.DataFrame(index=facts.cohort.patients.index)
    rows = pd.DataFrame(
        {
            "automatic": [float(bool(facts.segmented_masks.intersection(masks))) for masks in images[c.MASKS]],
            c.MASKS: [float(len(masks)) for masks in images[c.MASKS]],
            "format": [Path(masks[0]).suffix.lower() if masks else "none" for masks in images[c.MASKS]],
        }
    )
    columns = pd.concat([rows[["automatic", c.MASKS]], dummies(rows["format"])], axis=1)
    return columns.groupby(images[c.PATIENT_ID].to_numpy()).mean().reindex(facts.cohort.patients.index, fill_value=0.0)


def _of_images(facts: Facts) -> dict[str, pd.DataFrame]:
    """Shortcuts that lie in the image files, means over a patient's images."""
    if not facts.records:
        return {}
    owners = facts.cohort.images[c.PATIENT_ID].to_numpy()
    rows = pd.DataFrame([_picture(*record.file_shape) for record in facts.records])
    spacing = pd.Series([pixel_side(record.mm_per_pixel) for record in facts.records])
    size = rows.assign(**{c.MM_PER_PIXEL: spacing.fillna(spacing.mean() if spacing.notna().any() else 0.0)})
    families = {
        "Picture size": size.assign(known=spacing.notna().astype(float)),
        "File format": dummies(pd.Series([record.format for record in facts.records])),
        "Black border": pd.DataFrame({c.SHARE: [record.black_border for record in facts.records]}),
        "Callipers, text and colour": pd.DataFrame([_marks(record) for record in facts.records]),
    }
    pooled = {name: table.groupby(owners).mean() for name, table in families.items()}
    pooled["Number of images"] = pd.Series(owners).value_counts().astype(float).to_frame(c.IMAGES)
    return {name: table.reindex(facts.cohort.patients.index) for name, table in pooled.items()}


def _picture(height: int, width: int) -> dict[str, float]:
    return {"rows": height, "columns": width, "aspect": np.log(max(width, 1) / max(height, 1))}


def _marks(record: ImageRecord) -> dict[str, float]:
    return {
        "callipers": min(record.callipers, 8),
        "any calliper": record.callipers > 0,
        "text": min(record.text, 8),
        "colour": record.colour_share > 0,
        "on the lesion": record.marked,
    }


def shortcut_tests(facts: Facts) -> Shortcuts:
    """Test each family alone and all together, for each outcome."""
    families = shortcut_columns(facts)
    if not families:
        return Shortcuts(skipped="nothing of the kind varies between the patients")
    if facts.of_one_class:
        return Shortcuts(skipped=ONE_CLASS)
    if len(families) > 1:
        families[TOGETHER] = pd.concat(families, axis=1)
    try:
        parts = [_one_outcome(facts, families, code) for code in facts.cohort.outcomes]
    except InputError as error:
        return Shortcuts(skipped=error.what)
    return Shortcuts(
        pd.concat([table for table, _ in parts], ignore_index=True), pd.concat([score for _, score in parts], axis=1)
    )


def _one_outcome(facts: Facts, families: dict[str, pd.DataFrame], code: int) -> tuple[pd.DataFrame, pd.Series]:
    patients, name = facts.cohort.patients[facts.looked_at], facts.cohort.classes[code]
    cases = (patients[c.LABEL] == code).to_numpy()
    rows = []
    score = pd.Series(0.0, index=patients.index, name=name)
    for family, table in families.items():
        result = predict_outcome(
            table.loc[patients.index],
            cases,
            patients[c.GROUP],
            seed=facts.config.seed,
            confidence=facts.config.evaluation.confidence,
        )
        auc = result.auc
        rows.append((family, name, len(cases), int(cases.sum()), auc.value, auc.low, auc.high, result.p))
        # of one family alone, it is all there is
        score = pd.Series(result.score, index=patients.index, name=name)
    table = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    return table.assign(**{c.P_HOLM: holm(table[c.P])}), score


@dataclass(frozen=True)
class ShortcutCheck(Check):
    """A check that judges some families of shortcuts by the strongest of them.

    Attributes
    ----------
    families
        Names of the families, as `shortcut_columns` gives them.
    """

    families: tuple[str, ...]

    def look(self, shortcuts: Shortcuts) -> Outcome:
        """Judge the own families."""
        own = shortcuts.table[shortcuts.table[c.SHORTCUT].isin(self.families)]
        if own.empty:
            return self.skipped(shortcuts.skipped or "nothing of the kind varies between the patients, or is known")
        telling = own[(own[c.P_HOLM] < ALPHA) & (own[c.AUC] >= WORTH_A_WARNING)]
        if telling.empty:
            return self.passed()
        row = telling.sort_values(c.AUC).iloc[-1]
        severity: Severity = "error" if row[c.AUC] >= WORTH_AN_ERROR else "warning"
        return self.found(
            severity,
            f"from {row[c.SHORTCUT].lower()} alone, {row[c.OUTCOME]} is told from the rest with an out-of-fold AUC of"
            f" {row[c.AUC]:.2f} ({row[c.low(c.AUC)]:.2f} to {row[c.high(c.AUC)]:.2f}, permutation p {row[c.P]:.3f})",
        )


SITE001 = ShortcutCheck(
    "SITE001",
    "Label follows the site, the scanner or the date",
    "Take cases and controls from each site, or test at another site",
    ("Site", "Scanner", "Date"),
)
MARK001 = ShortcutCheck(
    "MARK001",
    "Callipers or burnt-in marks predict the label",
    "Use images saved without marks, or mark all images alike",
    ("Callipers, text and colour",),
)
MARK002 = ShortcutCheck(
    "MARK002",
    "Picture size, format, border or origin of the mask predicts the label",
    "Export all images alike, crop to the B-mode part; outline all lesions in one way",
    ("Picture size", "File format", "Black border", "Number of images", "Origin of the mask"),
)
MISS001 = ShortcutCheck(
    "MISS001",
    "Missing values predict the label",
    "Collect the values alike from all, or leave the column out",
    ("Missing clinical values",),
)
FAMILIES = tuple(family for check in (SITE001, MARK001, MARK002, MISS001) for family in check.families)
"""All families of shortcuts, in order."""
