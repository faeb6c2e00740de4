"""Which patients are locked away for the test."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sonoher2.config.base import Strict


class RandomSplit(Strict):
    """Patients drawn at random, stratified by class."""

    kind: Literal["random"] = "random"
    test_share: float = Field(0.3, gt=0, lt=1)


class DateSplit(Strict):
    """Patients from a date on are the test set. `column` is of the clinical, else of the images table."""

    kind: Literal["date"]
    column: str = "date"
    test_from: str = Field(description="ISO date; a patient is in the test set when their first date is not before it.")


class SiteSplit(Strict):
    """All patients of some sites are the test set."""

    kind: Literal["site"]
    column: str = "site"
    test: list[str]


class GivenSplit(Strict):
    """A column says who is in the test set."""

    kind: Literal["given"]
    column: str
    test: list[str]


Split = Annotated[RandomSplit | DateSplit | SiteSplit | GivenSplit, Field(discriminator="kind")]
