"""Requests that are refused before any route is asked."""

from __future__ import annotations

import sqlite3

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from server_by_hand import browser
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.context.services import Services

DOCUMENT = "/api/v1/openapi.json"


@pytest.fixture
def stranger(settings: ServerSettings, services: Services) -> TestClient:
    return browser(settings, services)


def test_nothing_is_answered_without_a_session(stranger: TestClient) -> None:
    refused = stranger.get(DOCUMENT)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "no_session")
    assert stranger.get("/").status_code == 401
    assert stranger.post("/api/v1/tokens").status_code == 401


def test_a_wrong_token_opens_nothing(stranger: TestClient, settings: ServerSettings) -> None:
    refused = stranger.get("/", params={"token": settings.token[:-1]})
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers


def test_the_token_becomes_a_cookie_that_scripts_and_other_sites_cannot_use(
    stranger: TestClient, settings: ServerSettings
) -> None:
    came = stranger.get("/cases", params={"a": "1", "token": settings.token}, follow_redirects=False)
    assert (came.status_code, came.headers["location"]) == (303, "/cases?a=1")
    cookie = came.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert settings.token not in came.headers["set-cookie"]
    assert stranger.get(DOCUMENT).status_code == 200


def test_a_path_with_two_slashes_leads_to_no_other_server(stranger: TestClient, settings: ServerSettings) -> None:
    came = stranger.get(f"{settings.origin}//evil.example/", params={"token": settings.token}, follow_redirects=False)
    assert came.headers["location"] == "/evil.example/"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1", "localhost:8765.evil"])
def test_a_forged_host_is_refused(client: TestClient, host: str) -> None:
    refused = client.get(DOCUMENT, headers={"Host": host})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "host")


def test_all_names_of_this_machine_are_answered(client: TestClient) -> None:
    for host in ("127.0.0.1:8765", "localhost:8765", "LOCALHOST:8765", "[::1]:8765"):
        assert client.get(DOCUMENT, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1:9999", "Sec-Fetch-Site": "same-site"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_post_from_another_site_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    refused = client.post("/api/v1/tokens", headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "cross_site")
    assert client.post("/api/v1/tokens").status_code == 201


def test_a_post_with_a_cookie_that_does_not_say_where_it_comes_from_is_refused(client: TestClient) -> None:
    del client.headers["Origin"]
    del client.headers["Sec-Fetch-Site"]
    assert client.post("/api/v1/tokens").status_code == 403


def test_a_script_shows_a_token_and_ends_it(client: TestClient, stranger: TestClient) -> None:
    token = client.post("/api/v1/tokens").json()["token"]
    del stranger.headers["Origin"]
    del stranger.headers["Sec-Fetch-Site"]
    shown = {"Authorization": f"Bearer {token}"}
    assert stranger.get(DOCUMENT, headers=shown).status_code == 200
    assert stranger.delete("/api/v1/tokens", headers=shown).status_code == 204
    assert stranger.get(DOCUMENT, headers=shown).status_code == 401


def test_the_start_token_is_a_token_for_scripts_too(stranger: TestClient, settings: ServerSettings) -> None:
    assert stranger.get(DOCUMENT, headers={"Authorization": f"Bearer {settings.token}"}).status_code == 200
    assert stranger.get(DOCUMENT, headers={"Authorization": f"Bearer {settings.token}x"}).status_code == 401


def test_the_secret_of_a_cookie_is_no_token_and_a_token_no_cookie(
    client: TestClient, stranger: TestClient, settings: ServerSettings
) -> None:
    secret = client.cookies[f"sonoher2-{settings.port}"]
    assert stranger.get(DOCUMENT, headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    token = client.post("/api/v1/tokens").json()["token"]
    stranger.cookies.set(f"sonoher2-{settings.port}", token)
    assert stranger.get(DOCUMENT).status_code == 401


def test_every_answer_has_the_headers_that_keep_a_page_alone(client: TestClient, stranger: TestClient) -> None:
    for answer in (client.get(DOCUMENT), client.get("/absent"), stranger.get(DOCUMENT)):
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'self'"
        assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_a_database_that_is_locked_or_full_is_no_internal_error(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> None:
        raise OperationalError("INSERT patient Anna", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr(services.bundles, "all", locked)
    answer = client.get("/api/v1/server")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database")
    assert "Try again in a moment" in answer.text
    assert "Anna" not in answer.text


def test_an_unforeseen_error_is_logged_without_its_message(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    words = "patient Anna"

    def fail() -> None:
        raise RuntimeError(words)

    monkeypatch.setattr(services.bundles, "all", fail)
    answer = client.get("/api/v1/server")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "Anna" not in answer.text
    assert "RuntimeError" in caplog.text
    assert "test_guard.py" in caplog.text
    assert "Anna" not in caplog.text
