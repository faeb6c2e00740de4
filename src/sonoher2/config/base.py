"""What all parts of a study file share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict

from sonoher2.core.files import path_fault

Timing = Literal["pre-biopsy", "biopsy", "post-op"]
TIMINGS: tuple[str, ...] = get_args(Timing)
Kind = Literal["number", "ordered", "category", "yes/no"]
LengthUnit = Literal["mm", "pixels"]


def _possible(path: Path) -> Path:
    fault = path_fault(str(path))
    if fault:
        raise ValueError(f"this cannot be a path: {fault}")
    return path


FilePath = Annotated[Path, AfterValidator(_possible)]


class Strict(BaseModel):
    """A part of a study file: unknown keys are errors, nothing changes after reading."""

    # levels and values are compared as text: `levels: [1, 2, 3]` and `where: {grade: [3]}` are meant so
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, allow_inf_nan=False)
