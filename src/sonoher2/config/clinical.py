"""The clinical columns of a study."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from sonoher2.config.base import FilePath, Kind, Strict, Timing
from sonoher2.config.tables import ColumnSource, Join, TableReading
from sonoher2.core.spelling import plain

RESERVED = ("label", "group", "set", "site", "scanner", "date", "given", "split_by", "images", "patient_id")
"""Names of columns that every cohort may have; a clinical column cannot take them."""
SENSELESS = {("highest", "category"), ("mean", "category"), ("mean", "ordered"), ("mean", "yes/no")}
"""Ways to sum up several values that a kind of column does not know."""


class ClinicalColumn(Strict):
    """One clinical column that the study uses."""

    column: str | None = Field(None, description="Name in the table; the key itself when left out.")
    kind: Kind
    timing: Timing
    unit: str = ""
    levels: list[str] = Field([], description="`ordered`: the levels, lowest first. `yes/no`: [no, yes].")
    contains: str | None = Field(None, description="`yes/no`: yes when the text holds this; else no.")
    low: float | None = Field(None, description="Smallest possible value; below it is an error.")
    high: float | None = Field(None, description="Largest possible value; above it is an error.")
    missing: list[str] = Field([], description="Spellings of a missing value in this column alone.")
    several: Literal["refuse", "highest", "mean"] = Field(
        "refuse", description="What to do when the rows of one patient differ."
    )

    @model_validator(mode="after")
    def _levels_fit_kind(self) -> ClinicalColumn:
        if self.kind == "ordered" and len(self.levels) < 2:
            raise ValueError("an ordered column needs its levels, lowest first")
        twins = [level for i, level in enumerate(self.levels) if plain(level) in map(plain, self.levels[:i])]
        if twins:
            raise ValueError(f"the level '{twins[0]}' stands twice: case and spacing do not tell levels apart")
        if self.levels and self.kind == "yes/no" and len(self.levels) != 2:
            raise ValueError("the levels of a yes/no column are [no, yes]")
        if self.levels and self.kind == "number":
            raise ValueError("a number has no levels; give `low` and `high`, or make the column ordered")
        return self

    @model_validator(mode="after")
    def _options_fit_kind(self) -> ClinicalColumn:
        if self.kind != "number" and (self.low is not None or self.high is not None):
            raise ValueError("only a number has `low` and `high`")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("`low` must be below `high`")
        if self.contains is not None and (self.kind != "yes/no" or self.levels):
            raise ValueError("`contains` is for a yes/no column without levels")
        if (self.several, self.kind) in SENSELESS:
            raise ValueError(f"several values of a {self.kind} column have no {self.several}")
        return self


class ClinicalConfig(TableReading):
    """The `clinical` table: one row per patient (rows that agree are merged)."""

    table: FilePath
    join: list[Join] = []
    where: dict[str, list[str]] = {}
    patient_id: ColumnSource = "patient_id"
    columns: dict[str, ClinicalColumn] = {}
    missing: list[str] = Field([], description="Further spellings of a missing value.")

    @model_validator(mode="after")
    def _names_are_free(self) -> ClinicalConfig:
        taken = [name for name in self.columns if name in RESERVED]
        if taken:
            raise ValueError(f"a clinical column cannot be called {', '.join(taken)}; choose another key")
        return self
