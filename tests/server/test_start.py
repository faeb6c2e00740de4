"""Starting the server: which addresses it refuses, and what is left after a kill."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import stat
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from server_by_hand import RunningServer, png_of, start_server
from sonoher2.cli.app import run
from sonoher2.core.errors import InputError
from sonoher2.server.base.settings import ServerSettings, default_home, is_loopback
from sonoher2.server.security.users import Users
from sonoher2.server.start import check_settings, listening, only_server, private_folder


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "us.example"])
def test_an_address_that_others_reach_needs_tls_and_users(tmp_path: Path, host: str) -> None:
    settings = ServerSettings(tmp_path, host=host)
    with pytest.raises(InputError) as refused:
        check_settings(settings)
    assert str(refused.value) == (
        f"other machines can reach the address {host}, so it needs a certificate, its key and named users. "
        "Give all three, or listen on 127.0.0.1."
    )


def test_each_of_the_three_is_needed(tmp_path: Path) -> None:
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).touch()
    files = {"certificate": tmp_path / "c.pem", "key": tmp_path / "k.pem"}
    with pytest.raises(InputError, match="named users"):
        check_settings(ServerSettings(tmp_path, host="0.0.0.0", **files))
    Users(tmp_path / "users.json").add("anna", "correct horse")
    check_settings(ServerSettings(tmp_path, host="0.0.0.0", **files))
    with pytest.raises(InputError, match="belong together"):
        check_settings(ServerSettings(tmp_path, host="0.0.0.0", certificate=files["certificate"]))
    with pytest.raises(InputError, match="no such file"):
        check_settings(ServerSettings(tmp_path, key=tmp_path / "absent", certificate=files["certificate"]))


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_what_only_this_machine_reaches(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_the_command_refuses_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["serve", "--home", str(tmp_path / "home"), "--host", "0.0.0.0", "--no-open"])
    said = capsys.readouterr().err
    assert code == 3
    assert said.startswith("Error: other machines can reach the address 0.0.0.0")
    assert "--certificate" in said
    assert not (tmp_path / "home").exists()


def test_the_command_adds_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["correct horse", "correct horse", "one password", "another one"])
    monkeypatch.setattr("typer.prompt", lambda *_, hide_input: next(typed) if hide_input else "")
    assert run(["serve", "--home", str(tmp_path), "--add-user", "anna"]) == 0
    assert Users(tmp_path / "users.json").check("anna", "correct horse") == "anna"
    assert run(["serve", "--home", str(tmp_path), "--add-user", "anna"]) == 2
    assert Users(tmp_path / "users.json").check("anna", "correct horse") == "anna"


def test_the_home_is_private_and_one_server_s(tmp_path: Path) -> None:
    home = tmp_path / "a" / "home"
    private_folder(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    with only_server(home), pytest.raises(InputError, match="works with this home already"), only_server(home):
        pass
    with only_server(home):
        pass


def test_a_folder_that_others_use_is_not_closed_to_them(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o775)
    (shared / "scan.dcm").write_bytes(b"x")
    with pytest.raises(InputError, match="others can enter this folder, and it holds other things than a server's"):
        private_folder(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o775
    # an empty one, and one that a server has worked in, become private
    (shared / "scan.dcm").unlink()
    private_folder(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o700
    for name in (".server.lock", "users.json", "lost+found"):
        made = tmp_path / name
        made.mkdir()
        (made / name).write_bytes(b"")
        (made / ("lost+found" if name == "lost+found" else "cert.pem")).write_bytes(b"")
        made.chmod(0o755)
        private_folder(made)
        assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings = ServerSettings(tmp_path, port=other.getsockname()[1])
        with pytest.raises(InputError, match="cannot be listened on"), listening(settings):
            pass


def test_the_default_home_is_where_programs_keep_things(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_home() == tmp_path / "sonoher2"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/x")
    assert default_home() == Path("/home/x/.local/share/sonoher2")


@pytest.mark.slow
def test_nothing_is_lost_when_the_server_is_killed_and_its_cookie_stays(tmp_path: Path, lesion_png: bytes) -> None:
    first = start_server(tmp_path / "home", "--jobs", "1")
    headers = {"Origin": first.url, "Sec-Fetch-Site": "same-origin"}
    try:
        with httpx.Client(base_url=first.url, headers=headers, timeout=60) as page:
            assert page.get("/", params={"token": first.token}).status_code == 303
            case = page.post("/api/v1/cases", files={"image": ("a.png", lesion_png)}).json()
            address = f"/api/v1/cases/{case['id']}"
            mask = np.random.default_rng(5).random((120, 160)) < 0.4
            put = {"If-Match": '"1"', "Content-Type": "image/png"}
            assert page.put(f"{address}/mask", content=png_of(mask), headers=put).status_code == 200
            typed = {"clinical": {"age": "52"}, "name": "left"}
            before = page.patch(address, json=typed, headers={"If-Match": '"2"'}).json()
            cookie = next(iter(page.cookies.jar))
        workers = children(first.process.pid)
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait()
        assert (first.home / "address.json").exists()
        second = start_server(tmp_path / "home", "--jobs", "1", "--port", str(cookie_port(cookie.name)))
        try:
            with httpx.Client(base_url=second.url, cookies={cookie.name: str(cookie.value)}, timeout=60) as page:
                assert page.get(address).json() == before
                with Image.open(io.BytesIO(page.get(f"{address}/mask.png").content)) as kept:
                    np.testing.assert_array_equal(np.asarray(kept) == 255, mask)
                kept_image = page.get(f"{address}/frames/1.png")
                assert kept_image.status_code == 200
            assert not [pid for pid in workers if alive(pid)]
        finally:
            stopped(second)
    finally:
        stopped(first)
    assert not (tmp_path / "home" / "address.json").exists()


def cookie_port(name: str) -> int:
    return int(name.rpartition("-")[2])


def children(pid: int) -> list[int]:
    """Processes that a process started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(path.parent.name))
    assert found
    return found


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def stopped(server: RunningServer) -> None:
    if server.process.poll() is None:
        server.process.terminate()
        server.process.wait(30)


@pytest.mark.slow
def test_a_script_finds_the_server_and_its_token(tmp_path: Path) -> None:
    running = start_server(tmp_path / "home", "--jobs", "1")
    try:
        file = running.home / "address.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        facts = json.loads(file.read_text())
        shown = {"Authorization": f"Bearer {facts['token']}"}
        assert httpx.get(f"{facts['url']}/api/v1/server", headers=shown).json()["user"] == "local"
        assert httpx.get(f"{facts['url']}/api/v1/server").status_code == 401
        assert (running.home / "log.txt").read_text().count(running.token) == 1
        second = run(["serve", "--home", str(running.home), "--port", "0", "--no-open"])
        assert second == 3
    finally:
        stopped(running)
