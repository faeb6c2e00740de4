"""How long a session lasts, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.security import sessions as module
from sonoher2.server.security.sessions import Sessions
from sonoher2.server.security.users import Users
from sonoher2.server.storage.base import Database
from sonoher2.server.storage.tables_sessions import SessionRow

START = datetime(2026, 1, 1)


class Clock:
    """Both clocks of the sessions: of the day, and of the machine."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed = timedelta()
        monkeypatch.setattr(module, "now", lambda: START + self.passed)
        monkeypatch.setattr(module.time, "monotonic", lambda: 1000.0 + self.passed.total_seconds())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(ServerSettings(tmp_path).database_url)
    database.migrate()
    yield database
    database.close()


def named(database: Database, tmp_path: Path) -> Sessions:
    users = Users(tmp_path / "users.json")
    users.add("anna", "correct horse")
    return Sessions(database, ServerSettings(tmp_path, host="192.0.2.7"), users)


@pytest.mark.parametrize(("kind", "lasts"), [("cookie", timedelta(hours=12)), ("script", timedelta(days=90))])
def test_a_session_of_a_named_user_ends(
    database: Database, tmp_path: Path, clock: Clock, kind: module.Kind, lasts: timedelta
) -> None:
    sessions = named(database, tmp_path)
    secret = sessions.open("anna", kind)
    clock.passed = lasts - timedelta(seconds=1)
    assert sessions.user(secret, kind) == "anna"
    clock.passed = lasts + timedelta(seconds=30)
    assert sessions.user(secret, kind) is None


def test_a_session_on_ones_own_machine_lasts_a_month(database: Database, tmp_path: Path, clock: Clock) -> None:
    sessions = Sessions(database, ServerSettings(tmp_path), Users(tmp_path / "users.json"))
    cookie, script = sessions.open("local"), sessions.open("local", "script")
    clock.passed = timedelta(days=30) - timedelta(seconds=1)
    assert sessions.user(cookie, "cookie") == "local"
    clock.passed = timedelta(days=30, seconds=30)
    assert (sessions.user(cookie, "cookie"), sessions.user(script, "script")) == (None, "local")


def test_a_session_is_looked_up_again_after_half_a_minute(database: Database, tmp_path: Path, clock: Clock) -> None:
    sessions = named(database, tmp_path)
    secret = sessions.open("anna")
    assert sessions.user(secret, "cookie") == "anna"
    with database.session() as session:
        session.delete(session.scalars(select(SessionRow)).one())
    clock.passed = timedelta(seconds=29)
    assert sessions.user(secret, "cookie") == "anna"
    clock.passed = timedelta(seconds=31)
    assert sessions.user(secret, "cookie") is None


def test_a_session_that_is_closed_is_gone_at_once(database: Database, tmp_path: Path) -> None:
    sessions = named(database, tmp_path)
    secret, other = sessions.open("anna"), sessions.open("anna")
    assert sessions.user(secret, "cookie") == "anna"
    sessions.close(secret)
    assert (sessions.user(secret, "cookie"), sessions.user(other, "cookie")) == (None, "anna")


def test_what_has_ended_is_forgotten_when_the_next_one_opens(database: Database, tmp_path: Path, clock: Clock) -> None:
    sessions = named(database, tmp_path)
    sessions.open("anna")
    clock.passed = timedelta(hours=11)
    sessions.open("anna")
    clock.passed = timedelta(hours=13)
    sessions.open("anna")
    with database.reading() as session:
        kept = sorted(row.created - START for row in session.scalars(select(SessionRow)))
    assert kept == [timedelta(hours=11), timedelta(hours=13)]


def test_nobody_but_the_local_user_has_a_session_on_a_loopback_address(database: Database, tmp_path: Path) -> None:
    here = Sessions(database, ServerSettings(tmp_path), Users(tmp_path / "users.json"))
    assert here.user(here.open("anna"), "cookie") is None
    # the token of the start address is a script's, not a cookie's
    token = ServerSettings(tmp_path).token
    own = Sessions(database, ServerSettings(tmp_path, token=token), Users(tmp_path / "users.json"))
    assert (own.user(token, "script"), own.user(token, "cookie")) == ("local", None)
    assert named(database, tmp_path).user(token, "script") is None


def test_a_new_password_ends_what_the_old_one_opened(database: Database, tmp_path: Path, clock: Clock) -> None:
    sessions, users = named(database, tmp_path), Users(tmp_path / "users.json")
    cookie, script = sessions.open("anna"), sessions.open("anna", "script")
    assert (sessions.user(cookie, "cookie"), sessions.user(script, "script")) == ("anna", "anna")
    users.add("anna", "another horse")
    clock.passed = timedelta(seconds=31)
    assert (sessions.user(cookie, "cookie"), sessions.user(script, "script")) == (None, None)
    assert sessions.user(sessions.open("anna"), "cookie") == "anna"
    # the same password, given anew, is another one too: whoever is taken out and comes back signs in again
    kept = sessions.open("anna", "script")
    users.add("anna", "another horse")
    assert sessions.user(kept, "script") is None
