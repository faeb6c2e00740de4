from __future__ import annotations

import re

import pytest
from starlette.requests import Request

from server.pages.translate import OTHERS, SERVER, calls_in_scripts, mo_bytes, po_file, read, strings
from sonoher2.server.pages.routes import own_path
from sonoher2.server.pages.templates import render
from sonoher2.server.pages.translation import catalogue, language_of
from sonoher2.study.checks.registry import CHECKS

DOMAINS = ("sonoher2", *OTHERS)


def request(cookie: str = "", accepted: str = "") -> Request:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", accepted.encode())]
    return Request({"type": "http", "method": "GET", "path": "/x", "headers": headers, "query_string": b""})


def holes(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}|%\(\w+\)[sd]", text))


def test_every_string_is_translated() -> None:
    for domain, texts in strings().items():
        known = {message.id: message.string for message in read("zh_CN", domain) if message.id}
        assert [text for text in texts if not known.get(text)] == []
        assert sorted(set(known) - set(texts)) == []


def test_every_string_of_a_script_is_a_literal() -> None:
    calls = list(calls_in_scripts())
    assert len(calls) > 100
    assert [source.name for source, text in calls if not text] == []


def test_the_page_knows_every_check_in_its_own_words() -> None:
    script = (SERVER / "pages/static/js/studies/checks.js").read_text(encoding="utf-8")
    told = re.findall(r'^  (\w+): \[t\("(.*?)"\), t\("(.*?)"\)\],$', script, flags=re.MULTILINE)
    assert sorted(told) == sorted((check.code, check.title, check.remedy) for check in CHECKS)


def test_a_translation_has_the_holes_of_its_string() -> None:
    for domain in DOMAINS:
        for message in read("zh_CN", domain):
            if isinstance(message.id, str) and message.id:
                assert holes(str(message.string)) == holes(message.id), message.id


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_compiled_file_says_what_the_written_one_says(domain: str) -> None:
    written = po_file("zh_CN", domain)
    if not strings()[domain]:
        assert not written.exists() or len(read("zh_CN", domain)) == 0
        return
    assert written.with_suffix(".mo").read_bytes() == mo_bytes(read("zh_CN", domain))


def test_a_known_string_reaches_page_and_scripts() -> None:
    assert catalogue("zh-CN")["Research software, not for clinical use"] == "科研软件，不得用于临床诊疗"
    assert catalogue("en") == {}
    page = bytes(render(request(cookie="language=zh-CN"), "start.html").body).decode()
    assert '<html lang="zh-CN">' in page
    assert "科研软件，不得用于临床诊疗</p>" in page
    assert "Research software" not in re.sub(r'<script type="application/json".*?</script>', "", page, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "zh-TW,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("", "de-CH, en;q=0.5, zh;q=0.7", "zh-CN"),
        ("", "fr, en;q=0.7, zh;q=0.2", "en"),
        ("", "zh;q=0, de", "en"),
        ("", "zh;q=much", "en"),
        ("language=zh-CN", "en", "zh-CN"),
        ("language=../../etc", "zh", "zh-CN"),
    ],
)
def test_a_request_says_its_language(cookie: str, accepted: str, language: str) -> None:
    assert language_of(request(cookie, accepted)) == language


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/cases/a1?x=2", "/cases/a1?x=2"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("", "/"),
    ],
)
def test_a_way_back_stays_on_this_server(address: str, path: str) -> None:
    assert own_path(address) == path


def test_values_are_text_in_a_page() -> None:
    page = bytes(render(request(), "error.html", code=422, message="<script>alert(1)</script>", fix="").body).decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
