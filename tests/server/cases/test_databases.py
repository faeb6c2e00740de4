"""The same on SQLite and PostgreSQL, and by several at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.context.services import Services


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> ServerSettings:
    return ServerSettings(tmp_path / "home", database=database_url)


def test_a_case_is_kept_changed_and_removed(client: TestClient, case: str, services: Services) -> None:
    typed = {"name": "左 <b>", "clinical": {"age": "52"}, "mm_per_pixel": [0.1, 0.2]}
    assert client.patch(case, json=typed, headers={"If-Match": '"1"'}).json()["version"] == 2
    outlined = client.post(f"{case}/outline", json={}).json()
    assert outlined["mask"]["area_mm2"] == pytest.approx(outlined["mask"]["area_px"] * 0.02)
    found = client.get(case).json()
    assert (found["name"], found["clinical"], found["version"]) == ("左 <b>", {"age": "52"}, 3)
    listed = client.get("/api/v1/cases").json()
    assert [(item["outlined"], item["predictions"]) for item in listed["items"]] == [(True, 0)]
    assert client.delete(case).status_code == 204
    assert client.get("/api/v1/cases").json()["total"] == 0
    assert [row.action for row in services.audit.rows()] == ["open", "outline", "delete"]
    assert services.audit.first_broken() is None


def test_of_many_changes_to_one_version_one_is_made(client: TestClient, case: str) -> None:
    def change(number: int) -> int:
        return client.patch(case, json={"name": str(number)}, headers={"If-Match": '"1"'}).status_code

    with ThreadPoolExecutor(8) as threads:
        found = sorted(threads.map(change, range(8)))
    assert found == [200] + [412] * 7
    assert client.get(case).json()["version"] == 2


def test_of_many_outlines_drawn_at_once_the_kept_one_is_whole(client: TestClient, case: str) -> None:
    def draw(number: int) -> int:
        body = {"rows": 120, "columns": 160, "runs": [10, number, 19_190 - number]}
        return client.put(f"{case}/mask", json=body, headers={"If-Match": '"1"'}).status_code

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(draw, range(1, 9)))
    assert found.count(200) == 1
    kept = found.index(200) + 1
    assert client.get(case).json()["mask"]["area_px"] == kept
    assert client.get(f"{case}/mask").json()["runs"] == [10, kept, 19_190 - kept]
