"""Pages as the server answers with them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from server_by_hand import browser
from sonoher2.server.base.errors import ApiError
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.context.services import Services

HTML = {"Accept": "text/html"}
NOTICE = '<p class="notice">Research software, not for clinical use</p>'


@pytest.mark.parametrize("path", ["/", "/cases", "/cases/abc"])
def test_every_page_says_what_it_is_not_for(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 200
    assert NOTICE in answer.text
    assert 'style="' not in answer.text
    assert "<script>" not in answer.text


def test_pages_load_only_from_this_server(client: TestClient) -> None:
    for path in ("/", "/login", "/static/css/page.css", "/static/js/cases.js"):
        text = client.get(path).text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text
        assert "https://" not in text


def test_an_address_without_a_page_is_a_page_for_people_and_json_for_scripts(client: TestClient) -> None:
    page = client.get("/nowhere", headers=HTML)
    assert page.status_code == 404
    assert "<h1>This page is not here</h1>" in page.text
    assert NOTICE in page.text
    assert client.get("/api/v1/nowhere", headers=HTML).json()["error"]["code"] == "not_found"


def test_a_language_is_kept_and_the_way_back_stays_here(client: TestClient) -> None:
    answer = client.get("/language/zh-CN", params={"to": "/cases"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases")
    assert '<html lang="zh-CN">' in client.get("/cases").text
    away = client.get("/language/en", params={"to": "https://evil.example"}, follow_redirects=False)
    assert away.headers["location"] == "/"
    assert '<html lang="en">' in client.get("/cases").text


def test_an_unknown_language_changes_nothing(client: TestClient) -> None:
    assert "set-cookie" not in client.get("/language/xx", follow_redirects=False).headers


def test_a_server_without_users_asks_for_its_start_address(client: TestClient) -> None:
    page = client.get("/login").text
    assert "token=" in page
    assert 'type="password"' not in page


def test_the_sign_in_page_asks_for_a_password(settings: ServerSettings, services: Services) -> None:
    with_users = replace(settings, host="192.0.2.7")
    with browser(with_users, replace(services, settings=with_users)) as client:
        page = client.get("/login", params={"next": '/cases"><b>', "failed": 1}).text
    assert 'type="password"' in page
    assert "The name or the password is wrong." in page
    assert 'value="/cases&#34;&gt;&lt;b&gt;"' in page


@pytest.mark.parametrize(
    ("said", "shown"),
    [("the file is empty", "The file is empty."), ("bus_0001-l.png: no lesion", "bus_0001-l.png: no lesion.")],
)
def test_an_error_on_a_page_keeps_the_names_of_files(client: TestClient, said: str, shown: str) -> None:
    def refuse() -> None:
        raise ApiError(422, "refused", said, "Give another file")

    client.app.add_api_route("/refused", refuse)
    page = client.get("/refused", headers=HTML)
    assert page.status_code == 422
    assert f">{shown}<" in page.text
    assert ">Give another file.<" in page.text
