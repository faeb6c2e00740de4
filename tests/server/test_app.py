"""The application as a whole."""

from __future__ import annotations

import subprocess
import sys

from fastapi.testclient import TestClient

import sonoher2


def test_the_server_is_imported_without_networks_and_models() -> None:
    code = "import sys, sonoher2.server.app; print(*sorted({'torch', 'pandas', 'sklearn', 'numba'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_document_of_the_api_is_served_and_pages_from_elsewhere_are_not(client: TestClient) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert document["info"]["version"] == sonoher2.__version__
    assert document["info"]["title"] == "SonoHER2"
    assert "/api/v1/tokens" in document["paths"]
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404
