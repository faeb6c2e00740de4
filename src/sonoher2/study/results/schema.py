"""What every table of a study holds: its columns with their kind and meaning, each declared once.

A table of a result is compared with its declaration when the result is put together, so that a column that is missing,
unknown or of another kind ends the run instead of reaching a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from sonoher2.study.results import columns as c

Kind = Literal["text", "number", "count", "truth"]


class SchemaError(Exception):
    """A table is not what was declared: an error of the program, not of its user."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name
        In the table and its files.
    kind
        ``text``, ``number``, ``count`` (a whole number) or ``truth``.
    meaning
        In one line.
    title
        In a report; made from the name unless given.
    digits
        Of a number in a report.
    """

    name: str
    kind: Kind
    meaning: str
    title: str = ""
    digits: int = 2

    @property
    def heading(self) -> str:
        """Title over the column in a report."""
        return self.title or self.name.replace("_", " ").capitalize()

    def shown(self, values: pd.Series) -> list[str]:
        """Cells of a report's table, empty where there is no value."""
        return ["" if pd.isna(value) else self._cell(value) for value in values]

    def _cell(self, value: object) -> str:
        if self.kind == "truth":
            return "yes" if value else "no"
        if self.kind == "count":
            return f"{value:,}"
        return f"{value:.{self.digits}f}" if self.kind == "number" else str(value)

    def fits(self, values: pd.Series) -> bool:
        """Whether values are of this kind; where all are missing they are of any."""
        known = values.dropna()
        if known.empty:
            return True
        if self.kind == "truth":
            return bool(known.map(lambda value: isinstance(value, bool | np.bool_)).all())
        if self.kind == "text":
            return bool(known.map(lambda value: isinstance(value, str)).all())
        numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
        return numeric and (self.kind == "number" or bool((known % 1 == 0).all()))


@dataclass(frozen=True)
class TableSchema:
    """One table.

    Attributes
    ----------
    title
        In a report.
    columns
        All that it holds, in order.
    optional
        Names of columns that may be absent.
    index
        Name of the index; none where it says nothing.
    further
        Whether there are more columns, which the study names: clinical columns, features.
    """

    title: str
    columns: tuple[Column, ...]
    optional: frozenset[str] = frozenset()
    index: str | None = None
    further: bool = False

    def shown(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give the declared columns of a table as text under their headings, for a report."""
        return pd.DataFrame(
            {column.heading: column.shown(table[column.name]) for column in self.columns if column.name in table}
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def check(self, table: pd.DataFrame, name: str) -> None:
        """Compare a table with its declaration; one without columns is absent, and right.

        Parameters
        ----------
        table
            The table.
        name
            What it is called in the error.

        Raises
        ------
        SchemaError
            A column is missing, unknown or of another kind, or the index has another name.
        """
        if not table.shape[1]:
            return
        present = list(map(str, table.columns))
        problems = [f"lacks {one}" for one in self.names if one not in present and one not in self.optional]
        if not self.further:
            problems += [f"has {one}, which is not declared" for one in present if one not in self.names]
        if self.index is not None and table.index.name != self.index:
            problems.append(f"has the index {table.index.name}, not {self.index}")
        known = [column for column in self.columns if column.name in present]
        problems += [f"{column.name} is no {column.kind}" for column in known if not column.fits(table[column.name])]
        if problems:
            raise SchemaError(f"the table {name} {'; '.join(problems)}")


def _with_ends(column: Column) -> Iterable[Column]:
    yield column
    for name, end in ((c.low(column.name), "lower"), (c.high(column.name), "upper")):
        meaning, title = f"{end} end of the interval", f"{column.heading}, {end}"
        yield Column(name, "number", meaning, title, column.digits)


_TEXTS = {
    c.PATIENT_ID: "the patient's identifier in the study's tables",
    c.LABEL: "name of the true class",
    c.SET: "train_oof: training patients, scored out of fold; test: the others",
    c.SITE: "where the images were made",
    c.IMAGE: "name of the image's file",
    c.MASK: "name of the mask's file in the run's folder masks; empty where no lesion was found",
    c.PROBLEM: "why the image cannot be read; empty where it can",
    c.BRANCH: "branch of the HER2 rule",
    c.STATUS: "HER2 status that the branch gives",
    c.DERIVED: "HER2 status by the rule",
    c.REPORTED: "HER2 status as it was reported",
    c.SIGNATURE: "name of the signature",
    c.OUTCOME: "class that the score is the probability of; macro: mean over the classes",
    c.RULE: "how the threshold was learned",
    c.SIGNATURE_A: "first signature",
    c.SIGNATURE_B: "second signature",
    c.SUBGROUP: "column that the patients are grouped by",
    c.LEVEL: "group of patients",
    c.OLD: "signature that is added to",
    c.NEW: "signature that holds it and more",
    c.MEASURE: "NRI, continuous NRI or IDI",
    c.FAMILY: "what the model sees: a signature, or what the models of one choose on",
    c.MODEL: "candidate model",
    c.PARAMETERS: "its settings",
    c.STEP: "step of the selection",
    c.FEATURE: "name of the feature",
    c.CHANGE: "how the masks were changed; given: as they are",
    c.READING: "masks and images that the patients were read with; as run: the study's own",
    c.PART: "features, clinical or images",
    c.COLUMN: "what is compared",
    c.SPACE: "through which columns the patients are seen: clinical ones or a signature's features",
    c.UPDATE: "how the probabilities were updated; frozen: not at all",
    c.CAUTION: "why the estimate is not to be trusted; empty where nothing is known against it",
    c.VARIABLE: "variable of the nomogram; total: the sum",
    c.PREDICTED: "class that the signature predicts",
    c.CODE: "code of the check",
    c.TITLE: "what it looks for",
    c.RESULT: "error, warning, note, passed or not checked",
    c.REMEDY: "what to do",
    c.PAGE: "page of the documentation",
    c.SHORTCUT: "what no model should need",
}
_COUNTS = {
    c.N: "patients",
    c.EVENTS: "patients of the outcome",
    c.PATIENTS: "patients",
    c.IMAGES: "images of the patient",
    c.LEVELS: "groups that are large enough",
    c.DF: "degrees of freedom",
    c.FEATURES_IN: "features before the step",
    c.FEATURES_OUT: "features after the step",
    c.LESIONS: "lesions measured",
    c.SITES: "sites",
    c.FEATURES: "features compared",
    c.LABELLED: "patients that an update was learned on",
    c.COLUMNS: "columns compared",
    c.RUN: "number of the run; 0 has the real labels",
    c.RUNS: "runs",
    c.STAGE: "stages of the network that were replaced by noise",
    c.FRAME: "frame of the file, counted from 1",
}
_NUMBERS = {
    c.SCORE: "probability of the outcome",
    c.THRESHOLD: "frozen threshold: at or above it the outcome is predicted",
    c.AUC: "area under the ROC curve",
    c.AUPRC: "area under the precision-recall curve",
    c.SENSITIVITY: "share of events that are found",
    c.SPECIFICITY: "share of others that are left in peace",
    c.PPV: "share of events among those who are predicted to be",
    c.NPV: "share of others among those who are not predicted to be",
    c.F1: "harmonic mean of sensitivity and PPV",
    c.ACCURACY: "share of right predictions",
    c.BRIER: "mean squared error of the probability",
    c.CALIBRATION_SLOPE: "slope of the logistic recalibration; 1 is right",
    c.CALIBRATION_INTERCEPT: "intercept of the logistic recalibration; 0 is right",
    c.AUC_A: "AUC of the first signature",
    c.AUC_B: "AUC of the second signature",
    c.DIFFERENCE: "first less second; of changed scores: changed less given",
    c.LOW: "lower end of the interval",
    c.HIGH: "upper end of the interval",
    c.Z: "standard normal statistic",
    c.P: "p value",
    c.P_HOLM: "p value after Holm",
    c.P_AUC: "p value of equal AUCs",
    c.CHI2: "likelihood ratio statistic",
    c.TAU2: "variance between sites, on the logit scale",
    c.I2: "share of the variance that lies between sites",
    c.CASES: "gain among events",
    c.CONTROLS: "gain among others",
    c.TOTAL: "their sum",
    c.ASKED: "coverage that was asked for",
    c.COVERAGE: "share of sets of classes that hold the true one",
    c.SINGLE: "share of sets of one class",
    c.SEVERAL: "share of sets of several classes",
    c.EMPTY: "share of empty sets",
    c.RIGHT: "share of right ones among sets of one class",
    c.RULE_OUT: "below it the outcome is ruled out",
    c.RULE_IN: "from it on the outcome is ruled in",
    c.ASKED_SENSITIVITY: "sensitivity that ruling out should keep",
    c.ASKED_SPECIFICITY: "specificity that ruling in should keep",
    c.RULED_OUT: "share ruled out",
    c.UNDECIDED: "share undecided",
    c.RULED_IN: "share ruled in",
    c.CV_AUC: "mean AUC in the inner cross-validation",
    c.CV_AUC_SD: "standard deviation over its folds",
    c.COEFFICIENT: "coefficient of the standardised feature",
    c.ICC: "ICC(2,1) between unchanged and all changed masks",
    c.ICC_SECOND_READER: "ICC(2,1) between both readers",
    c.STRENGTH: "size of the change, as a share of the lesion's diameter",
    c.DICE: "overlap of the masks",
    c.MOVED: "mean absolute change of the score",
    c.SWITCHED: "share of patients who change sides of the threshold",
    c.EXPLAINED: "median share of a feature's variance that the site explains",
    c.DIFFERING: "share of features that differ between sites",
    c.MISSING_TRAINING: "share missing in training",
    c.MISSING_NEW: "share missing in the new cohort",
    c.DISTANCE: "Kolmogorov-Smirnov distance",
    c.CONFIDENCE: "Dice that the outline would have if each pixel's probability were true",
    c.EXPECTED: "events predicted per event seen",
    c.PREVALENCE: "share of events that the scores suggest, without labels",
    c.OBSERVED_SHARE: "share of events that was seen",
    c.SATURATED: "share of probabilities below 0.01 or above 0.99",
    c.TOLD_APART: "lower end of the AUC with which the patients are told from the training patients",
    c.AT_MOST: "the largest such AUC if only the share of events differed",
    c.UNFITTED: "share of draws that allow no update",
    c.WORSE: "share of draws after which the Brier score is worse than that of the frozen model",
    c.ECE: "mean distance of predicted and observed share in ten groups",
    c.SLOPE: "slope of the recalibration of what is reported",
    c.INTERCEPT: "intercept of the recalibration of what is reported",
    c.POINTS: "points on the nomogram",
    c.LESION: "share of the heat in the lesion",
    c.RING: "share of the heat in the ring around it",
    c.ELSEWHERE: "share of the heat elsewhere",
    c.LESION_AREA: "share of the area that the lesion has",
    c.RING_AREA: "share of the area that the ring has",
    c.SHARE: "share of the picture that is blurred away; of an audit: share of the best AUC that was found",
    c.BY_HEAT: "log-odds as the hottest part goes first",
    c.BY_CHANCE: "log-odds as parts go by chance",
    c.CORRELATION: "rank correlation with the true map",
    c.REAL: "AUC of the real labels",
    c.MEAN: "mean AUC over the runs",
    c.SE: "its standard error",
    c.BEST: "AUC of the true probabilities",
    c.GAIN: "AUC less the best of the single parts",
}
_TRUTHS = {
    c.CHOSEN: "whether the candidate was chosen",
    c.FALLBACK: "whether no feature passed and the best were kept",
    c.HARMONISED: "whether the features were harmonised",
}
_KINDS: tuple[tuple[Kind, Mapping[str, str]], ...] = (
    ("text", _TEXTS),
    ("count", _COUNTS),
    ("number", _NUMBERS),
    ("truth", _TRUTHS),
)
_TITLES = {c.AUC: "AUC", c.N: "n", c.P: "p", c.P_HOLM: "p (Holm)", c.PPV: "PPV", c.NPV: "NPV"}
DICTIONARY = {
    name: Column(name, kind, meaning, _TITLES.get(name, ""), 3 if name in (c.P, c.P_HOLM, c.P_AUC) else 2)
    for kind, meanings in _KINDS
    for name, meaning in meanings.items()
}
"""Columns that have the same meaning wherever they stand."""


def declare(
    title: str,
    *columns: str | Column,
    ends: Iterable[str] = (),
    optional: Iterable[str] = (),
    index: str | None = None,
    further: bool = False,
) -> TableSchema:
    """Declare a table.

    Parameters
    ----------
    title
        In a report.
    *columns
        Names of `DICTIONARY`, or columns of this table's own.
    ends
        Names of columns that are followed by both ends of their interval.
    optional, index, further
        As in `TableSchema`.
    """
    followed = set(ends)
    found: list[Column] = []
    for one in columns:
        column = DICTIONARY[one] if isinstance(one, str) else one
        found += _with_ends(column) if column.name in followed else [column]
    return TableSchema(title, tuple(found), frozenset(optional), index, further)
