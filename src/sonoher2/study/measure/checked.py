"""A cohort that is read, looked at and checked before anything is computed on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd

from sonoher2.cohort.check import CheckReport, check_cohort
from sonoher2.cohort.images.check import ImageRecord, image_findings
from sonoher2.cohort.images.pixel_size import length_unit, pixel_sizes
from sonoher2.cohort.load import load_cohort, with_groups
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.cohort.split import Split
from sonoher2.config.study import StudyConfig
from sonoher2.core import columns as c
from sonoher2.core.errors import Finding
from sonoher2.core.files import check_unchanged, file_sha256
from sonoher2.engine import ExecutionContext
from sonoher2.networks.own import SHIPPED_NETWORKS, ImageNetworks
from sonoher2.study.measure.lesion_files import file_hashes
from sonoher2.study.measure.own_networks import with_enhancers
from sonoher2.study.measure.records import image_records, kept_pairs
from sonoher2.study.measure.segmented import segment_cohort
from sonoher2.study.measure.trained_on import patients_trained_on
from sonoher2.study.results.manifest import study_tables


@dataclass(frozen=True)
class Checked:
    """A cohort whose every file was opened.

    Attributes
    ----------
    study
        The study, with the unit that its lesions are measured in.
    cohort
        Its patients; those who share a picture or an identifier are in one group. Its findings tell of the images too.
    records
        What is known of each image, in the order of `cohort.images`.
    hashes
        Sha256 of every image and mask file, by path.
    segmented
        Lesions that the segmenter found: see `segmented.segment_cohort`; may be empty.
    tables
        Sha256 of every table, by path.
    trained_on
        As from `patients_trained_on`.
    networks
        Of the study's own.
    """

    study: StudyConfig
    cohort: Cohort
    records: list[ImageRecord] = field(repr=False)
    hashes: dict[str, str] = field(repr=False)
    segmented: pd.DataFrame = field(repr=False)
    tables: dict[str, str] = field(repr=False, default_factory=dict)
    trained_on: dict[str, frozenset[str]] = field(repr=False, default_factory=dict)
    networks: ImageNetworks = SHIPPED_NETWORKS

    def require_unchanged(self) -> None:
        """Check at the end of the work that tables, images and masks are those that were read.

        Raises
        ------
        InputError
            Some were changed or deleted meanwhile.
        """
        weights = {one.path: one.sha256 for network in self.networks.own.values() for one in network.all}
        check_unchanged(self.tables | self.hashes | weights)

    def report(self, split: Split) -> CheckReport:
        """Say everything that can be said before anything is fitted."""
        return check_cohort(self.study, self.cohort, split, self.records)


def checked_cohort(
    study: StudyConfig, context: ExecutionContext, networks: ImageNetworks = SHIPPED_NETWORKS
) -> Checked:
    """Read the tables and look at every image.

    Parameters
    ----------
    study, context
        Settings; where it is computed and kept.
    networks
        Of the study's own. Where one is still to be trained, lesions are not outlined.

    Raises
    ------
    InputError, FindingsError
        The tables cannot be used. What is wrong with images is among the cohort's findings.
    """
    paths = [study.path(table) for table in study_tables(study)]
    tables = {str(path): file_sha256(path) for path in paths if path.is_file()}
    cohort, segmented = segment_cohort(load_cohort(study), study, context, networks)
    cohort = with_enhancers(cohort, study, networks)
    hashes = file_hashes(cohort.images)
    records: list[ImageRecord] = []
    if study.reading is not None:
        records = image_records(cohort.images, study.reading, hashes, context)
    findings, groups = image_findings(cohort, study, records, hashes, partial(kept_pairs, context=context))
    study, told = _with_unit(study, cohort, records)
    cohort = replace(with_groups(cohort, groups), findings=(*cohort.findings, *findings, *told))
    trained_on = patients_trained_on(study, cohort.images, segmented, context, networks)
    return Checked(study, cohort, records, hashes, segmented, tables, trained_on, networks)


def _with_unit(study: StudyConfig, cohort: Cohort, records: Sequence[ImageRecord]) -> tuple[StudyConfig, list[Finding]]:
    """Settle in which unit the study measures."""
    sizes = pixel_sizes(cohort.images[c.IMAGE], records)
    if not sizes:
        return study, []
    unit, findings = length_unit(study.radiomics, sizes)
    return study.model_copy(update={"radiomics": study.radiomics.model_copy(update={"unit": unit})}), findings
