"""Where a server listens, under which names, and where it keeps things."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from sonoher2.server.base.settings import ServerSettings, default_home, is_loopback

HOME = Path("/home/of/server")


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("LocalHost", True),
     ("0.0.0.0", False), ("192.0.2.1", False), ("::", False), ("us.example", False)],
)  # fmt: skip
def test_addresses_that_only_this_machine_reaches(host: str, own: bool) -> None:
    assert is_loopback(host) == ServerSettings(HOME, host=host).loopback == own


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("", "sqlite:////home/of/server/sonoher2.db"),
        ("postgresql://a@b/c", "postgresql+psycopg://a@b/c"),
        ("postgres://a@b/c", "postgresql+psycopg://a@b/c"),
        ("postgresql+psycopg://a@b/c", "postgresql+psycopg://a@b/c"),
    ],
)
def test_the_url_of_the_database(given: str, url: str) -> None:
    assert ServerSettings(HOME, database=given).database_url == url


def test_the_address_as_a_browser_writes_it() -> None:
    assert ServerSettings(HOME).origin == "http://127.0.0.1:8765"
    assert ServerSettings(HOME, host="::1", port=1).origin == "http://[::1]:1"
    assert ServerSettings(HOME, host="us.example", certificate=Path("c")).origin == "https://us.example:8765"
    # on all addresses the first further name is shown, else the machine's own
    assert ServerSettings(HOME, host="0.0.0.0", names=("a.example", "b.example")).origin == "http://a.example:8765"
    assert ServerSettings(HOME, host="0.0.0.0").origin == f"http://{socket.getfqdn()}:8765"


def test_names_under_which_the_server_answers() -> None:
    assert ServerSettings(HOME).hosts == {"127.0.0.1:8765", "localhost:8765", "[::1]:8765"}
    assert ServerSettings(HOME, host="192.0.2.1", names=("US.example",)).hosts == {"192.0.2.1:8765", "us.example:8765"}
    # a browser leaves out the port that is usual
    tls = ServerSettings(HOME, host="us.example", port=443, certificate=Path("c"))
    assert tls.hosts == {"us.example:443", "us.example"}
    assert ServerSettings(HOME, host="us.example", port=443).hosts == {"us.example:443"}
    assert ServerSettings(HOME, host="us.example", port=80).hosts == {"us.example:80", "us.example"}
    everywhere = ServerSettings(HOME, host="0.0.0.0", names=("us.example",)).hosts
    own = {f"{name.lower()}:8765" for name in (socket.gethostname(), socket.getfqdn())}
    assert everywhere == {"us.example:8765", *own}


def test_the_home_of_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_home() == Path("/data/sonoher2")
    monkeypatch.setenv("HOME", "/home/anna")
    for unusable in ("", "relative"):
        monkeypatch.setenv("XDG_DATA_HOME", unusable)
        assert default_home() == Path("/home/anna/.local/share/sonoher2")


def test_users_lie_in_the_home_unless_told() -> None:
    assert ServerSettings(HOME).users_file == HOME / "users.json"
    assert ServerSettings(HOME, users=Path("/u.json")).users_file == Path("/u.json")
