"""What is to be predicted: HER2 status by a rule, or a column."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from sonoher2.config.base import Strict

Her2Rule = Literal["ASCO/CAP 2018", "ASCO/CAP 2023"]
Her2Task = Literal[
    "positive-vs-negative", "low-vs-zero", "zero-low-positive", "low-ultralow-vs-null", "ultralow-vs-null"
]
Her2Role = Literal["ihc", "ish", "ratio", "copies", "status"]


def _spellings(value: Any) -> Any:
    """Check a map of spellings, whose own keys may be anything that a cell can hold."""
    if not isinstance(value, dict):
        raise ValueError('a map is needed, such as {"2＋": 2+} or {ihc: {"HER2+": 3+}}')
    roles = get_args(Her2Role)
    for spelling, meaning in value.items():
        if isinstance(meaning, dict) and spelling in roles:
            _spellings(meaning)
        elif isinstance(meaning, dict):
            raise ValueError(f"spellings are given for all columns or for one of {', '.join(roles)}")
        elif spelling is None or meaning is None or isinstance(meaning, list):
            raise ValueError("put spellings in quotes, and write `missing` for a value that is none")
    return value


class Recount(Strict):
    """A second count of the ISH by another observer, which the guideline asks for in groups 2 to 4 with IHC 2+."""

    ratio: str | None = Field(None, description="Column of the HER2/CEP17 ratio.")
    copies: str | None = Field(None, description="Column of the mean HER2 copies per cell.")
    result: str | None = Field(None, description="Column of the final result, where both counts were weighed.")

    @model_validator(mode="after")
    def _says_something(self) -> Recount:
        if (self.ratio is None) != (self.copies is None):
            raise ValueError("a recount has both `ratio` and `copies`")
        if self.ratio is None and self.result is None:
            raise ValueError("give `ratio` and `copies` of the recount, or its `result`")
        return self


class Her2Target(Strict):
    """HER2 status from raw immunohistochemistry (IHC) and in-situ hybridisation (ISH) by a named rule."""

    ihc: str = Field(description="Column of the IHC score: 0, 1+, 2+, 3+ (also 1, 2, 3).")
    ish: str | None = Field(None, description="Column of the ISH result: positive, negative, equivocal, group 1 to 5.")
    ratio: str | None = Field(None, description="Column of the HER2/CEP17 ratio.")
    copies: str | None = Field(None, description="Column of the mean HER2 copies per cell.")
    status: str | None = Field(None, description="Column of a reported status, compared and never used as label.")
    rule: Her2Rule
    task: Her2Task = "positive-vs-negative"
    values: Annotated[dict[str, str | dict[str, str]], BeforeValidator(_spellings)] = Field(
        {}, description="What spellings of the table mean, for all columns or by column (`ihc`, `ish`, ...)."
    )
    ish_rule: Her2Rule | None = Field(
        None, description="The guideline that the words in `ish` follow, where all follow one of these."
    )
    recount: Recount | None = Field(None, description="A second count of the ISH by another observer.")

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the table's columns that the status rests on."""
        named = [self.ihc, self.ish, self.ratio, self.copies, self.status]
        if self.recount is not None:
            named += [self.recount.ratio, self.recount.copies, self.recount.result]
        return tuple(name for name in named if name)

    def spellings(self, role: Her2Role) -> dict[str, str]:
        """Map spellings to meanings for the columns of a role, as the study file says."""
        own = self.values.get(role, {})
        flat = {spelling: meaning for spelling, meaning in self.values.items() if isinstance(meaning, str)}
        return flat | (own if isinstance(own, dict) else {})


class ColumnTarget(Strict):
    """Any other two-class target."""

    column: str
    positive: str | list[str]
    negative: str | list[str] | None = Field(None, description="Everything else that is not missing, if left out.")

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the table's columns that the label rests on."""
        return (self.column,)


def _target_form(value: Any) -> str:
    keys = value if isinstance(value, dict) else ColumnTarget.model_fields
    her2 = isinstance(value, Her2Target) or ("column" not in keys and set(keys) & set(Her2Target.model_fields))
    return "her2" if her2 else "column"


Target = Annotated[
    Annotated[Her2Target, Tag("her2")] | Annotated[ColumnTarget, Tag("column")], Discriminator(_target_form)
]
