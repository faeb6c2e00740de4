"""What settings and requests take and refuse, for tests that list their limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError


def require_limits(
    model: type[BaseModel], key: str, taken: Sequence[Any], refused: Sequence[Any], others: dict[str, Any]
) -> None:
    """Give a key each value beside the others that the model needs: what is taken stays as it is."""
    for value in taken:
        assert getattr(model.model_validate({**others, key: value}), key) == value
    for value in refused:
        with pytest.raises(ValidationError):
            model.model_validate({**others, key: value})
