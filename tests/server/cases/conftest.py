"""Pictures to open, and the small study's model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fastapi.testclient import TestClient

from server_by_hand import png_of
from sonoher2.server.context.services import Services

if TYPE_CHECKING:
    from conftest import FinishedStudy


@pytest.fixture(scope="session")
def lesion_png() -> bytes:
    """A dark ellipse on bright speckle, 120 rows x 160 columns."""
    random = np.random.default_rng(3)
    down, across = np.mgrid[:120, :160]
    inside = ((down - 60) / 25) ** 2 + ((across - 80) / 40) ** 2 < 1
    grey = np.where(inside, 40, 150) * random.gamma(4, 0.25, (120, 160))
    return png_of(np.clip(grey, 0, 255).astype(np.uint8))


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
