"""What every part of the report asks of a result: its sets, signatures, outcomes, colours and main signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.core.spelling import level
from sonoher2.report.content.cells import row_numbers
from sonoher2.report.content.style import signature_colours
from sonoher2.signatures.registry import headline
from sonoher2.study.results import columns as c
from sonoher2.study.results.parts import StudyResult

Metrics = Mapping[str, float]
"""Numbers of one row of the signature table, by column."""


@dataclass(frozen=True)
class View:
    """A result as the report looks at it."""

    result: StudyResult

    @property
    def validation(self) -> bool:
        """Whether a frozen model met a second cohort."""
        return self.result.about.kind == "validation"

    @cached_property
    def sets(self) -> dict[str, str]:
        """Title of each set that has predictions, training first."""
        names = {TRAIN_OOF: "Training (out of fold)", TEST: "External validation" if self.validation else "Test"}
        present = set(self.result.performance.predictions[c.SET])
        return {name: title for name, title in names.items() if name in present}

    @property
    def short_sets(self) -> dict[str, str]:
        """Name of each set in a table's cell or a figure's corner."""
        names = {TRAIN_OOF: "Training", TEST: "Validation" if self.validation else "Test"}
        return {name: names[name] for name in self.sets}

    @cached_property
    def signatures(self) -> tuple[str, ...]:
        """Names in the order of the result."""
        return tuple(self.result.performance.predictions[c.SIGNATURE].drop_duplicates())

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """Classes that have a score; the positive one of two."""
        present = set(self.result.performance.predictions[c.OUTCOME])
        return tuple(name for name in self.result.about.classes if name in present)

    @property
    def several(self) -> bool:
        """Whether there is more than one outcome."""
        return len(self.outcomes) > 1

    @cached_property
    def colours(self) -> dict[str, str]:
        """Colour of each signature, the same in every figure."""
        return signature_colours(self.signatures)

    @cached_property
    def main(self) -> str:
        """The signature that the report speaks of; see `headline` for a cohort that has not what the main one needs."""
        return headline(self.result.about.main, self.signatures)

    @property
    def not_given(self) -> tuple[str, ...]:
        """Signatures of the frozen model for which a second cohort lacks the data."""
        return tuple(name for name in self.result.about.frozen if name not in self.signatures)

    @property
    def confidence(self) -> str:
        """Level of the intervals, as ``95%``."""
        return level(self.result.about.config.evaluation.confidence)

    @cached_property
    def failed_checks(self) -> tuple[str, ...]:
        """Code and title of each check that found an error."""
        data = self.result.checks.table
        if data.empty:
            return ()
        failed = data[data[c.RESULT] == "error"]
        return tuple(f"{code} {title}" for code, title in zip(failed[c.CODE], failed[c.TITLE], strict=True))

    def set_names(self, data: pd.DataFrame) -> pd.Series:
        """Short name of the set of each row of a table."""
        return data[c.SET].map(self.short_sets)

    def outcome_cells(self, data: pd.DataFrame) -> dict[str, pd.Series]:
        """Column of outcomes of a shown table; none where there is only one."""
        return {"Outcome": data[c.OUTCOME]} if self.several else {}

    def title(self, subset: str, outcome: str) -> str:
        """Title of a panel."""
        return f"{self.sets[subset]}: {outcome}" if self.several else self.sets[subset]

    def scores(self, signature: str, subset: str, outcome: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """As `StudyResult.scores`."""
        return self.result.performance.scores(signature, subset, outcome)

    def metrics(self, signature: str, subset: str, outcome: str) -> Metrics | None:
        """Numbers of a row of the signature table, or None."""
        rows = self.result.performance.signatures.query(
            "signature == @signature and `set` == @subset and outcome == @outcome"
        )
        return None if rows.empty else row_numbers(rows)

    def threshold(self, signature: str, outcome: str) -> float:
        """Frozen threshold; NaN when there is none."""
        rows = self.result.performance.thresholds.query("signature == @signature and outcome == @outcome")
        return float("nan") if rows.empty else float(rows[c.THRESHOLD].iloc[0])
