"""Pictures to open, and the small study's model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from sonoher2.server.context.services import Services

if TYPE_CHECKING:
    from conftest import FinishedStudy


@pytest.fixture
def bundle(finished: FinishedStudy, services: Services) -> str:
    """Id of the small study's model."""
    return services.bundles.add(Path(finished.run) / "bundle")


@pytest.fixture
def case(client: TestClient, lesion_png: bytes) -> str:
    """Address of a case without a model."""
    made = client.post("/api/v1/cases", files={"image": ("lesion.png", lesion_png)})
    assert made.status_code == 201, made.text
    return f"/api/v1/cases/{made.json()['id']}"
