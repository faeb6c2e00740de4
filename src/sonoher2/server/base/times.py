"""Times as the API gives them: UTC, and said so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator


def aware(moment: datetime) -> datetime:
    """Say of a time from the database that it is UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


Utc = Annotated[datetime, AfterValidator(aware)]
"""A time of an answer."""
