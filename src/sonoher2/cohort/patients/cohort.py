"""What the rest of the package knows of a cohort: patients with a label, their images, and who was left out."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from sonoher2.config.clinical import ClinicalColumn
from sonoher2.core.errors import Finding


@dataclass(frozen=True)
class FlowStep:
    """One box of the flow diagram: patients left out for one reason, and how many stay.

    Attributes
    ----------
    reason
        Why they were left out ("HER2 indeterminate: IHC 2+ without ISH"); empty for the first and last boxes.
    left_out, patients, images
        Patients left out here; patients and images that stay.
    """

    reason: str
    left_out: int
    patients: int
    images: int


@dataclass(frozen=True)
class Cohort:
    """A cohort that satisfies the data contract.

    Attributes
    ----------
    patients
        One row per patient, index `patient_id` (str), sorted. Columns: `label` (int, 0 to K-1), `group` (int;
        patients who share an identifier or a near-duplicate image have one group), then the clinical columns of the
        study file under their own keys: number -> float; ordered -> float code 0, 1, ... (NaN when missing); yes/no ->
        float 0 or 1; category -> object of str or None. Then `site`, `scanner` and `date` where the tables have them,
        and `given` when a column says who is in the test set.
    images
        One row per image, columns `patient_id`, `image` (absolute path, str), `masks` (tuple of absolute paths),
        `second_mask` (str or None), `lesion_id`, `view`, `site`, `scanner`, `date` (str or None), `frame` (float,
        counted from 1; NaN when the file has only one) and `mm_per_pixel` (float, NaN when unknown). No rows when the
        study has no images.
    classes
        Names of the labels, in order: ("negative", "positive").
    clinical
        The declared clinical columns by key.
    flow
        The flow diagram, in order.
    findings
        What was noticed while reading; never holds an error.
    rule_counts
        HER2 studies: patients per branch of the rule (`branch`, `status`, `patients`); else empty.
    conflicts
        HER2 studies: patients whose reported status contradicts the rule's (`patient_id`, `derived`, `reported`,
        `branch`); else empty.
    """

    patients: pd.DataFrame
    images: pd.DataFrame
    classes: tuple[str, ...]
    clinical: dict[str, ClinicalColumn]
    flow: tuple[FlowStep, ...]
    findings: tuple[Finding, ...] = ()
    rule_counts: pd.DataFrame = field(default_factory=pd.DataFrame)
    conflicts: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def outcomes(self) -> tuple[int, ...]:
        """Labels that are evaluated one against the rest: (1,) for two classes, all for more."""
        return (1,) if len(self.classes) == 2 else tuple(range(len(self.classes)))
