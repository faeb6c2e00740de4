"""Named users, and slowing down who guesses."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from sonoher2.core.errors import InputError
from sonoher2.server.security.throttle import LONGEST, Throttle
from sonoher2.server.security.users import Users

PASSWORD = "correct horse"


def test_a_password_is_kept_as_an_argon2_hash_that_only_its_owner_reads(tmp_path: Path) -> None:
    users = Users(tmp_path / "users.json")
    users.add("anna", PASSWORD)
    kept = json.loads(users.file.read_text())
    assert kept["anna"].startswith("$argon2id$")
    assert PASSWORD not in users.file.read_text()
    assert stat.S_IMODE(users.file.stat().st_mode) == 0o600


def test_only_the_right_password_of_the_right_user_is_taken(tmp_path: Path) -> None:
    users = Users(tmp_path / "users.json")
    users.add("anna", PASSWORD)
    users.add("Zoe\u0308 王", "another password")
    assert users.check("anna", PASSWORD) == "anna"
    assert users.check("Zoë 王", "another password") == "Zoë 王"
    assert users.check("anna", "another password") is None
    assert users.check("anna", PASSWORD + " ") is None
    assert users.check("nobody", "nobody has this password") is None
    assert users.check("", "") is None


def test_a_user_who_is_taken_out_of_the_file_is_gone(tmp_path: Path) -> None:
    users = Users(tmp_path / "users.json")
    users.add("anna", PASSWORD)
    assert users.knows("anna")
    users.file.write_text("{}")
    os.utime(users.file, ns=(1, 1))
    assert not users.knows("anna")
    users.file.unlink()
    assert not users.knows("anna")


@pytest.mark.parametrize("name", ["", " ", "local", "a/b", "a\nb", "<b>", "x" * 65])
def test_some_names_cannot_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="name of a user"):
        Users(tmp_path / "users.json").add(name, PASSWORD)


def test_a_short_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="password"):
        Users(tmp_path / "users.json").add("anna", "123456789")


@pytest.mark.parametrize("text", ["[", "[]", '{"a": 1}'])
def test_a_file_that_is_no_file_of_users_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "users.json").write_text(text)
    with pytest.raises(InputError, match="no file of users"):
        Users(tmp_path / "users.json").all()


def test_each_failure_after_the_third_doubles_the_wait() -> None:
    time = [100.0]
    throttle = Throttle(lambda: time[0])
    waits = []
    for _ in range(6):
        waits.append(throttle.wait("name a", "address x"))
        time[0] += 1000
        assert throttle.wait("name a") == 0
        throttle.failed("name a", "address x")
    assert waits == [0, 0, 0, 1, 2, 4]
    assert throttle.wait("name b", "address x") == 8
    assert throttle.wait("name b") == 0
    time[0] += 5
    assert throttle.wait("name a") == 3
    throttle.succeeded("name a", "address x")
    assert throttle.wait("name a", "address x") == 0


def test_the_wait_has_an_end() -> None:
    throttle = Throttle(lambda: 0.0)
    for _ in range(2000):
        throttle.failed("name a")
    assert throttle.wait("name a") == LONGEST
