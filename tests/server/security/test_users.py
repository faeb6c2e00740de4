"""Named users, and slowing down who guesses."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from sonoher2.core.errors import InputError
from sonoher2.server.security.throttle import LONGEST, REMEMBERED, Throttle, keys_of
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
    assert users.credential("anna")
    users.file.write_text("{}")
    os.utime(users.file, ns=(1, 1))
    assert users.credential("anna") == ""
    users.file.unlink()
    assert users.credential("anna") == ""


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


ANNA, BERTA = keys_of("anna", "x"), keys_of("berta", "x")


def test_each_attempt_after_the_third_doubles_the_wait() -> None:
    time = [100.0]
    throttle = Throttle(lambda: time[0])
    assert [throttle.begin(ANNA) for _ in range(3)] == [0, 0, 0]
    for wait in (1, 2, 4, 8):
        # one that has to wait is not counted
        assert [throttle.begin(ANNA), throttle.begin(ANNA)] == [wait, wait]
        time[0] += wait
        assert throttle.begin(ANNA) == 0


def test_attempts_are_forgotten_after_an_hour() -> None:
    time = [0.0]
    throttle = Throttle(lambda: time[0])
    for _ in range(5):
        throttle.begin(ANNA)
    assert throttle.begin(ANNA) > 0
    time[0] = REMEMBERED - 1
    throttle.begin(ANNA)
    time[0] = REMEMBERED + 1
    assert [throttle.begin(ANNA) for _ in range(2)] == [0, 0]


def test_many_attempts_at_once_are_as_slow_as_one_after_the_other() -> None:
    throttle = Throttle(lambda: 0.0)
    assert [throttle.begin(ANNA) for _ in range(5)] == [0, 0, 0, 1, 1]


def test_whoever_guesses_locks_out_nobody_else_at_the_same_address() -> None:
    throttle = Throttle(lambda: 0.0)
    for _ in range(20):
        throttle.begin(ANNA)
    assert throttle.begin(ANNA) > 0
    assert throttle.begin(BERTA) == 0
    # but many names from one address, or one name from many addresses, are slow in the end
    for number in range(40):
        throttle.begin(keys_of(f"name {number}", "y"))
        throttle.begin(keys_of("carla", f"address {number}"))
    assert throttle.begin(keys_of("dora", "y")) > 0
    assert throttle.begin(keys_of("carla", "z")) > 0


def test_a_right_password_forgets_the_attempts_of_its_name_alone() -> None:
    throttle = Throttle(lambda: 0.0)
    for number in range(29):
        throttle.begin(keys_of(f"name {number}", "x"))
    assert throttle.begin(ANNA) == 0
    throttle.succeeded(ANNA)
    assert [throttle.begin(ANNA), throttle.begin(ANNA) > 0] == [0, True]


def test_right_passwords_at_a_shared_address_make_nobody_wait() -> None:
    time = [0.0]
    throttle = Throttle(lambda: time[0])
    for number in range(40):
        throttle.begin(keys_of(f"name {number}", "x"))
        time[0] += LONGEST
    for name in ("anna", "berta", "carla"):
        time[0] += LONGEST
        assert throttle.begin(keys_of(name, "x")) == 0
        throttle.succeeded(keys_of(name, "x"))
        assert throttle.begin(keys_of("dora", "x")) == 0
        throttle.succeeded(keys_of("dora", "x"))


def test_the_wait_has_an_end() -> None:
    throttle = Throttle(lambda: 0.0)
    throttle._attempts[ANNA[0]] = [0.0] * 1000
    assert throttle.begin(ANNA) == LONGEST
