"""Settings as keywords."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError

from sonoher2.config.base import Strict
from sonoher2.core.errors import FindingsError, InputError

Settings = TypeVar("Settings", bound=Strict)


def settings_from(model: type[Settings], values: dict[str, Any]) -> Settings:
    """Make settings from keywords.

    Parameters
    ----------
    model
        Which settings.
    values
        As they would stand in a study file.

    Raises
    ------
    FindingsError
        A name is unknown or a value is out of range; all are named.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise FindingsError(
            InputError(problem["msg"].removeprefix("Value error, "), where=".".join(map(str, problem["loc"]))).finding
            for problem in error.errors()
        ) from None
