"""Talking to the server in tests."""

from __future__ import annotations

import io

import numpy as np
from fastapi.testclient import TestClient
from PIL import Image

from sonoher2.server.app import create_app
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.context.services import Services


def browser(settings: ServerSettings, services: Services) -> TestClient:
    """A browser without a session; its requests say, as a browser's do, that a page of the server makes them."""
    headers = {"Origin": settings.origin, "Sec-Fetch-Site": "same-origin"}
    return TestClient(create_app(settings, services), base_url=settings.origin, headers=headers)


def png_of(values: np.ndarray) -> bytes:
    """Write pixels as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()
