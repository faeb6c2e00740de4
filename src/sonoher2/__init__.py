"""SonoHER2: HER2 status of a breast cancer from its B-mode ultrasound image and clinical data.

Research software, not for clinical use. The names below are loaded when they are first used; docs/api.md lists them
with examples.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sonoher2.core.version import __version__

if TYPE_CHECKING:
    from sonoher2.api.her2 import her2_status, her2_statuses
    from sonoher2.api.images import enhance_image, segment_image
    from sonoher2.api.radiomics import extract_radiomics
    from sonoher2.api.split import split_patients
    from sonoher2.api.study import check_study, run_study, validate_bundle
    from sonoher2.bundle.load import load_bundle
    from sonoher2.config.load import load_study
    from sonoher2.core.errors import InputError
    from sonoher2.evaluation.calibration import calibration_curve, calibration_slope_intercept
    from sonoher2.evaluation.compare.comparison import delong_test
    from sonoher2.evaluation.decision_curve import net_benefit
    from sonoher2.evaluation.discrimination import auc_delong
    from sonoher2.images.read import read_image
    from sonoher2.predict.case import Case
    from sonoher2.predict.patient import ImageInput, PatientInput
    from sonoher2.predict.scoring import predict_patient
    from sonoher2.report.page.html import write_report
    from sonoher2.study.results.saved import open_run
    from sonoher2.synthetic.demo import write_demo_cohort

_HOMES = {
    "Case": "predict.case",
    "ImageInput": "predict.patient",
    "InputError": "core.errors",
    "PatientInput": "predict.patient",
    "auc_delong": "evaluation.discrimination",
    "calibration_curve": "evaluation.calibration",
    "calibration_slope_intercept": "evaluation.calibration",
    "check_study": "api.study",
    "delong_test": "evaluation.compare.comparison",
    "enhance_image": "api.images",
    "extract_radiomics": "api.radiomics",
    "her2_status": "api.her2",
    "her2_statuses": "api.her2",
    "load_bundle": "bundle.load",
    "load_study": "config.load",
    "net_benefit": "evaluation.decision_curve",
    "open_run": "study.results.saved",
    "predict_patient": "predict.scoring",
    "read_image": "images.read",
    "run_study": "api.study",
    "segment_image": "api.images",
    "split_patients": "api.split",
    "validate_bundle": "api.study",
    "write_demo_cohort": "synthetic.demo",
    "write_report": "report.page.html",
}
"""Where each public name lives."""

__all__ = [
    "Case",
    "ImageInput",
    "InputError",
    "PatientInput",
    "__version__",
    "auc_delong",
    "calibration_curve",
    "calibration_slope_intercept",
    "check_study",
    "delong_test",
    "enhance_image",
    "extract_radiomics",
    "her2_status",
    "her2_statuses",
    "load_bundle",
    "load_study",
    "net_benefit",
    "open_run",
    "predict_patient",
    "read_image",
    "run_study",
    "segment_image",
    "split_patients",
    "validate_bundle",
    "write_demo_cohort",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sonoher2' has no attribute '{name}'")
    value = getattr(import_module(f"sonoher2.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
