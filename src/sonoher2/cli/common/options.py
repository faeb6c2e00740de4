"""Options that several commands share, and commands whose options are the fields of a dataclass."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file (YAML).")]
BundleFolder = Annotated[Path, typer.Argument(help="The folder `bundle` of a run.")]
Images = Annotated[
    list[Path],
    typer.Argument(metavar="IMAGE", help="Images, folders of them, or a table with a column `image`."),
]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder that the study's tables and files lie in, instead of its own.")
]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder for the results.")]
Frame = Annotated[
    int | None, typer.Option("--frame", min=1, help="Frame of image files that have several, counted from 1.")
]
Label = Annotated[
    str | None, typer.Option("--label", help="The lesion's number or colour (#rrggbb) in masks that hold several.")
]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="Processes; all processors unless told.")]
Trust = Annotated[
    Path | None, typer.Option("--trust", help="Public key of whoever must have signed the bundle; see docs/bundle.md.")
]


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Turn each parameter of a command that is a dataclass into one option for each of its fields.

    Parameters
    ----------
    command
        Its parameters, and the fields of those dataclasses, are annotated as typer wants them.
    """
    parameters = inspect.signature(command, eval_str=True).parameters
    annotations = {name: one.annotation for name, one in parameters.items()}
    groups = {name: kind for name, kind in annotations.items() if isinstance(kind, type) and is_dataclass(kind)}

    @wraps(command)
    def run(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        command(**given)

    shown = []
    for name, parameter in parameters.items():
        shown += _options(groups[name]) if name in groups else [parameter.replace(kind=parameter.KEYWORD_ONLY)]
    run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    return run


def _options(group: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
