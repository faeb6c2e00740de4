"""What is drawn is kept: on both databases, by two at once, after a kill; and nothing is shown that must not be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from drawn_by_hand import SIDE, disc
from readers_by_hand import Reader, of_patient, runs_of
from server_by_hand import browser, start_server
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.context.services import Services, open_services
from sonoher2.server.work.pool import Pool


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> ServerSettings:
    """Of a server on each of the two databases."""
    return ServerSettings(tmp_path / "home", database=database_url)


@pytest.fixture
def services(settings: ServerSettings, pool: Pool) -> Iterator[Services]:
    settings.home.mkdir(parents=True, exist_ok=True)
    services = open_services(settings, pool)
    yield services
    services.database.close()


def test_readers_decisions_and_notes_are_kept(li: Reader, wu: Reader, cohort: str) -> None:
    path = of_patient(li, cohort, "P3")
    li.finish(path, disc(20, 30, 6))
    wu.finish(path, disc(40, 30, 6))
    li.send("PUT", f"{path}/state", 2, {"state": "done", "note": "边界不清 'x'"})
    decided = wu.send("POST", f"{path}/adjudicate", 0, {"reader": "Li", "note": "左"})
    assert decided["decision"]["note"] == "左"
    assert li.get(path)["note"] == "边界不清 'x'"
    assert wu.get(path)["note"] == ""
    assert li.get(cohort)["decided"] == 1
    found = li.get(f"{cohort}/agreement")
    assert [(one["first"], one["second"], one["dice"]["value"]) for one in found["pairs"]] == [("Li", "吴 Wu", 0.0)]
    bad = li.send("PUT", f"{path}/state", 3, {"state": "done", "note": "a\0b"}, 422)
    assert bad["error"]["code"] == "request"


def test_of_many_changes_of_one_version_at_once_a_single_one_is_kept(li: Reader, cohort: str) -> None:
    path = of_patient(li, cohort, "P3")
    li.get(path)

    def put(radius: int) -> int:
        body = {"rows": SIDE, "columns": SIDE, "runs": runs_of(disc(30, 30, radius))}
        return li.client.put(f"/api/v1/cohorts{path}/mask", json=body, headers={"If-Match": '"0"'}).status_code

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(put, range(3, 9)))
    assert sorted(answers) == [200, 412, 412, 412, 412, 412]
    winner = 3 + answers.index(200)
    assert li.get(f"{path}/mask")["runs"] == runs_of(disc(30, 30, winner))
    assert li.get(path)["version"] == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_two_readers_at_the_same_moment_keep_their_own(li: Reader, wu: Reader, cohort: str) -> None:
    path = of_patient(li, cohort, "P3")
    li.get(path)
    with ThreadPoolExecutor(2) as threads:
        jobs = [threads.submit(one.finish, path, disc(row, 30, 7)) for one, row in ((li, 20), (wu, 40))]
        assert [job.result()["state"] for job in jobs] == ["done", "done"]
    assert li.get(f"{path}/mask")["runs"] == runs_of(disc(20, 30, 7))
    assert wu.get(f"{path}/mask")["runs"] == runs_of(disc(40, 30, 7))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_people_write_is_text_in_the_pages(li: Reader, study_folder: Path, settings: ServerSettings) -> None:
    title = "<script>alert(1)</script>"
    made = li.client.post("/api/v1/cohorts", json={"source": str(study_folder / "study.yaml"), "title": title}).json()
    for page in ("", "/agreement", "/images/x", "/images/x/decide"):
        text = li.client.get(f"/cohorts/{made['id']}{page}").text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert li.client.get("/cohorts/nothing", headers={"Accept": "text/html"}).status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_named_users_read_under_their_own_names_and_name_no_file_of_the_machine(
    settings: ServerSettings, services: Services, study_folder: Path
) -> None:
    shared = replace(settings, host="192.0.2.7")
    others = replace(
        services, settings=shared, sessions=type(services.sessions)(services.database, shared, services.users)
    )
    services.users.add("anna", "a long password")
    services.users.add("bo", "another long one")
    with browser(shared, others) as anna, browser(shared, others) as bo:
        sign_in(anna, "anna", "a long password")
        sign_in(bo, "bo", "another long one")
        assert anna.get("/api/v1/reader").json() == {"name": "anna", "chosen": True, "free": False}
        assert anna.put("/api/v1/reader", json={"name": "bo"}).status_code == 409
        refused = anna.post("/api/v1/cohorts", json={"source": str(study_folder / "study.yaml")})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "folder")
        # nor the files that the server keeps of others' cases
        cases = services.blobs.of("cases", "c")
        picture = cases.path(cases.put((study_folder / "pictures" / "P1.png").read_bytes(), ".png"))
        for source in (picture.parent, settings.home / "blobs", settings.home):
            assert anna.post("/api/v1/cohorts", json={"source": str(source)}).status_code == 403
        # a table that was uploaded cannot name other files either
        uploads = settings.home / "uploads"
        uploads.mkdir()
        elsewhere = study_folder / "pictures" / "P1.png"
        (uploads / "t.csv").write_text(f"patient_id,image\na,{elsewhere}\n", encoding="utf-8")
        assert anna.post("/api/v1/cohorts", json={"source": str(uploads / "t.csv")}).status_code == 403
        (uploads / "P1.png").write_bytes(elsewhere.read_bytes())
        (uploads / "t.csv").write_text("patient_id,image\na,P1.png\n", encoding="utf-8")
        made = anna.post("/api/v1/cohorts", json={"source": str(uploads / "t.csv")}).json()
        assert bo.get(f"/api/v1/cohorts/{made['id']}").json()["reader"] == "bo"
        # who did not begin it cannot remove it
        assert bo.delete(f"/api/v1/cohorts/{made['id']}").status_code == 403
        assert anna.delete(f"/api/v1/cohorts/{made['id']}").status_code == 204


def sign_in(client: TestClient, name: str, password: str) -> None:
    answer = client.post("/login", data={"name": name, "password": password}, follow_redirects=False)
    assert answer.status_code == 303


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_draft_of_this_server_is_outlined(li: Reader, study_folder: Path) -> None:
    (study_folder / "study.yaml").unlink()
    draft = li.client.post("/api/v1/drafts", json={"folder": str(study_folder)})
    assert draft.status_code == 201, draft.text
    made = li.client.post("/api/v1/cohorts", json={"draft": draft.json()["id"]})
    assert made.status_code == 201, made.text
    assert (made.json()["kind"], made.json()["images"]) == ("study", 12)


@contextmanager
def started(home: Path, *, kill: bool) -> Iterator[httpx.Client]:
    """A server in a process of its own, and a script that talks to it; killed or ended afterwards."""
    running = start_server(home, "--jobs", "1")
    headers = {"Authorization": f"Bearer {running.token}"}
    try:
        with httpx.Client(base_url=f"{running.url}/api/v1", headers=headers, timeout=120) as client:
            yield client
    finally:
        running.process.kill() if kill else running.process.terminate()
        running.process.wait(30)


@pytest.mark.slow
def test_a_killed_server_goes_on_where_it_was_and_nothing_drawn_is_lost(tmp_path: Path, study_folder: Path) -> None:
    body = {"rows": SIDE, "columns": SIDE, "runs": runs_of(disc(20, 30, 5))}
    with started(tmp_path / "killed", kill=True) as client:
        made = client.post("/cohorts", json={"source": str(study_folder / "study.yaml")}).json()
        images = client.get(f"/cohorts/{made['id']}/images").json()["items"]
        last = f"/cohorts/{made['id']}/images/{images[-1]['id']}"
        assert client.put(f"{last}/mask", json=body, headers={"If-Match": '"0"'}).status_code == 200
    with started(tmp_path / "killed", kill=False) as client:
        end = time.monotonic() + 120
        while client.get(f"/cohorts/{made['id']}").json()["looked"] < 12:
            assert time.monotonic() < end
            time.sleep(0.2)
        assert client.get(f"{last}/mask").json()["runs"] == body["runs"]
        assert client.get(last).json()["version"] == 1
