"""Signing in with a name, on an address that others can reach."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from server_by_hand import browser
from sonoher2.config.images import FileReading
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.context.services import Services, open_services
from sonoher2.server.entry.routes import own_path
from sonoher2.server.storage.base import now
from sonoher2.server.storage.tables_cohorts import CohortRow
from sonoher2.server.work.pool import Pool

PASSWORD = "correct horse"
SERVER = "/api/v1/server"


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    return ServerSettings(
        tmp_path / "home", host="192.0.2.7", names=("us.example",), certificate=tmp_path / "c", key=tmp_path / "k"
    )


@pytest.fixture
def services(settings: ServerSettings, pool: Pool) -> Iterator[Services]:
    settings.home.mkdir()
    services = open_services(settings, pool)
    services.users.add("anna", PASSWORD)
    services.users.add("berta", PASSWORD + "2")
    yield services
    services.database.close()


@pytest.fixture
def visitor(settings: ServerSettings, services: Services) -> TestClient:
    return browser(settings, services)


def sign_in(visitor: TestClient, name: str = "anna", password: str = PASSWORD, target: str = "/cases") -> str:
    data = {"name": name, "password": password, "next": target}
    answer = visitor.post("/login", data=data, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_a_user_signs_in_and_out(visitor: TestClient) -> None:
    assert visitor.get(SERVER).status_code == 401
    assert sign_in(visitor) == "/cases"
    assert visitor.get(SERVER).json()["user"] == "anna"
    assert visitor.post("/logout", follow_redirects=False).status_code == 303
    assert visitor.get(SERVER).status_code == 401


def test_the_cookie_goes_over_tls_alone(visitor: TestClient) -> None:
    answer = visitor.post("/login", data={"name": "anna", "password": PASSWORD}, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-sonoher2=")
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "path",
    ["/", "/cases", "/cases/a", "/cohorts", "/cohorts/new", "/cohorts/a", "/cohorts/a/images/b",
     "/cohorts/a/images/b/decide", "/cohorts/a/agreement", "/studies", "/studies/new", "/studies/compare",
     "/studies/drafts/a", "/studies/a"],
)  # fmt: skip
def test_every_page_says_who_is_signed_in(visitor: TestClient, services: Services, path: str) -> None:
    sign_in(visitor)
    facts = {"owner": "anna", "created": now(), "title": "t", "kind": "table", "source": "/t", "folder": "/"}
    with services.database.session() as session:
        session.add(CohortRow(id="a", reading=FileReading().model_dump(mode="json"), start="blank", **facts))
    page = visitor.get(path)
    assert page.status_code == 200
    assert '<span class="user">anna</span>' in page.text


@pytest.mark.parametrize(("name", "password"), [("anna", PASSWORD + "2"), ("nobody", PASSWORD), ("", "")])
def test_whoever_is_wrong_is_told_nothing(visitor: TestClient, services: Services, name: str, password: str) -> None:
    assert sign_in(visitor, name, password) == "/login?failed=1&next=%2Fcases"
    assert visitor.get(SERVER).status_code == 401
    assert [(row.user, row.action, row.outcome) for row in services.audit.rows()] == [("", "sign in", "refused")]


def test_guessing_is_slowed_down_even_for_the_right_password(visitor: TestClient) -> None:
    for _ in range(3):
        sign_in(visitor, password="wrong password")
    answer = visitor.post("/login", data={"name": "anna", "password": PASSWORD}, follow_redirects=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "slow_down")
    assert "set-cookie" not in answer.headers


def test_no_token_opens_a_server_with_named_users(visitor: TestClient, settings: ServerSettings) -> None:
    came = visitor.get("/", params={"token": settings.token}, follow_redirects=False)
    assert (came.status_code, came.headers["location"]) == (303, "/login?next=%2F")
    assert visitor.get(SERVER, headers={"Authorization": f"Bearer {settings.token}"}).status_code == 401


def test_a_user_who_was_taken_out_has_no_session(visitor: TestClient, services: Services) -> None:
    secret = services.sessions.open("carla")
    visitor.cookies.set("__Host-sonoher2", secret)
    assert visitor.get(SERVER).status_code == 401


def test_users_see_their_own_cases(visitor: TestClient, settings: ServerSettings, services: Services) -> None:
    from sonoher2.server.cases.service import Cases
    from sonoher2.server.work.models import ImageFacts

    sign_in(visitor)
    with services.database.session() as session:
        from sonoher2.server.cases.service import _new_row

        facts = ImageFacts("PNG", 1, 10, 10, None, (), (0, 0, 10, 10), b"")
        session.add(_new_row("case1", "anna", ("a.png", "0" * 64), facts, None))
    assert Cases(services, "anna").get("case1").id == "case1"
    other = browser(settings, services)
    sign_in(other, "berta", PASSWORD + "2")
    assert visitor.get("/api/v1/cases").json()["total"] == 1
    assert other.get("/api/v1/cases").json()["total"] == 0
    assert other.get("/api/v1/cases/case1").status_code == 404


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/cases/1", "/cases/1"), ("//evil.example", "/"), ("/\\evil.example", "/"), ("https://evil.example", "/"),
        ("", "/"), ("/a\r\nb", "/"),
    ],
)  # fmt: skip
def test_signing_in_leads_to_no_other_server(target: str, path: str) -> None:
    assert own_path(target) == path


def test_names_of_the_server_that_are_answered(visitor: TestClient) -> None:
    sign_in(visitor)
    for host, status in (
        ("192.0.2.7:8765", 200),
        ("us.example:8765", 200),
        ("127.0.0.1:8765", 403),
        ("us.example", 403),
    ):
        assert visitor.get(SERVER, headers={"Host": host}).status_code == status


def test_the_language_is_chosen_before_signing_in(visitor: TestClient) -> None:
    answer = visitor.get("/language/zh-CN", params={"to": "/login"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "登录" in visitor.get("/login").text


def test_one_who_guesses_does_not_lock_out_others_at_the_address(visitor: TestClient) -> None:
    for _ in range(5):
        visitor.post("/login", data={"name": "berta", "password": "wrong password"}, follow_redirects=False)
    assert sign_in(visitor) == "/cases"


def test_a_file_of_users_that_cannot_be_read_is_no_internal_error(
    visitor: TestClient, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in(visitor)
    services.users.file.write_text("{,", encoding="utf-8")
    services.sessions._known.clear()
    for answer in (visitor.get("/cases"), visitor.post("/login", data={"name": "anna", "password": PASSWORD})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "internal" not in answer.text
    assert visitor.get("/cases").status_code == 503
    assert "this is no file of users" in caplog.text
    assert "Traceback" not in caplog.text
