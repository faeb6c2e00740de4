"""The chapters of the report, in order."""

from __future__ import annotations

from sonoher2.report.chapters.cohort.patients import PATIENTS
from sonoher2.report.chapters.cohort.segmentation import REGIONS
from sonoher2.report.chapters.model.candidates import CANDIDATES
from sonoher2.report.chapters.model.comparison import COMPARISON
from sonoher2.report.chapters.model.explanations import EXPLANATIONS
from sonoher2.report.chapters.model.features import FEATURES
from sonoher2.report.chapters.model.nomogram import NOMOGRAM
from sonoher2.report.chapters.performance.calibration import CALIBRATION
from sonoher2.report.chapters.performance.performance import PERFORMANCE
from sonoher2.report.chapters.performance.predictions import PREDICTIONS
from sonoher2.report.chapters.performance.reclassification import RECLASSIFICATION
from sonoher2.report.chapters.performance.subgroups import SUBGROUPS
from sonoher2.report.chapters.performance.threshold import THRESHOLD
from sonoher2.report.chapters.performance.uncertainty import UNCERTAINTY
from sonoher2.report.chapters.performance.usefulness import USEFULNESS
from sonoher2.report.chapters.robustness.audits import AUDITS
from sonoher2.report.chapters.robustness.new_site import NEW_SITE
from sonoher2.report.chapters.robustness.shift import SHIFT
from sonoher2.report.chapters.robustness.sites import SITES
from sonoher2.report.chapters.robustness.stability import STABILITY
from sonoher2.report.chapters.robustness.updating import UPDATING
from sonoher2.report.chapters.run.checks import CHECKS
from sonoher2.report.chapters.run.drafts import METHODS, RESULTS
from sonoher2.report.chapters.run.findings import FINDINGS
from sonoher2.report.chapters.run.further import FURTHER
from sonoher2.report.chapters.run.provenance import PROVENANCE
from sonoher2.report.checklists.section import checklist_parts
from sonoher2.report.content.parts import Section
from sonoher2.report.content.view import View

CHAPTERS = (
    PATIENTS,
    PERFORMANCE,
    CALIBRATION,
    USEFULNESS,
    THRESHOLD,
    UNCERTAINTY,
    SITES,
    SHIFT,
    NEW_SITE,
    UPDATING,
    SUBGROUPS,
    FEATURES,
    REGIONS,
    STABILITY,
    NOMOGRAM,
    EXPLANATIONS,
    RECLASSIFICATION,
    FURTHER,
    COMPARISON,
    CANDIDATES,
    AUDITS,
    PREDICTIONS,
    CHECKS,
    FINDINGS,
    METHODS,
    RESULTS,
    PROVENANCE,
)


def build_sections(view: View) -> list[Section]:
    """All chapters that have something to show, and the checklists, which link to these."""
    sections = [section for chapter in CHAPTERS if (section := chapter.section(view)).parts]
    return [*sections, Section("checklists", "Checklists", checklist_parts(view, sections))]
