"""Folders come over the network under names that cannot leave their place."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from server_studies import messy_folder
from sonoher2.config.load import load_study
from sonoher2.core.errors import InputError
from sonoher2.server.base.errors import ApiError
from sonoher2.server.base.paths import allowed
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.context.services import Services
from sonoher2.server.storage.base import now
from sonoher2.server.storage.tables_studies import StudyRow
from sonoher2.server.studies.drafts import folders
from sonoher2.server.studies.drafts.folders import keep_file, safe_name
from sonoher2.server.studies.drafts.inside import frozen_uploads, require_allowed
from sonoher2.server.studies.jobs.studies import add_audit, resume
from sonoher2.server.studies.jobs.supervisor import Supervisor

BAD = [
    "../a.csv", "a/../../b.csv", "/etc/passwd", "..\\a.csv", "C:\\a.csv", "a//b.csv", "", ".", "a/.", "a\nb.csv",
    "x" * 256, "/".join("a" * 20), "nul\0.csv",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_names_that_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name"):
        keep_file(tmp_path / "up", name, io.BytesIO(b"x"))
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_kept() -> None:
    assert safe_name("乳腺/图像\\1.png") == PurePosixPath("乳腺/图像/1.png")
    assert safe_name("e\u0301.csv") == PurePosixPath("é.csv")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    assert keep_file(tmp_path, "a/b", io.BytesIO(b"1"))
    for name in ("a", "a/b/c"):
        with pytest.raises(InputError, match="name of a folder"):
            keep_file(tmp_path, name, io.BytesIO(b"2"))
    assert not keep_file(tmp_path, "a/.DS_Store", io.BytesIO(b"3"))
    assert (tmp_path / "a" / "b").read_bytes() == b"1"


def test_an_uploaded_folder_becomes_a_draft(client: TestClient, settings: ServerSettings, tmp_path: Path) -> None:
    table = messy_folder(tmp_path / "d") / "登记.csv"
    first = client.post("/api/v1/uploads", files=[("files", ("乳腺/登记.csv", table.read_bytes()))])
    assert first.status_code == 201, first.text
    key = first.json()["id"]
    more = [("files", ("乳腺/笔记/a.md", b"x")), ("files", ("乳腺/Thumbs.db", b"x"))]
    second = client.post("/api/v1/uploads", params={"into": key}, files=more)
    assert second.json() == {"id": key, "files": 2}
    draft = client.post("/api/v1/drafts", json={"upload": key}).json()
    assert (draft["title"], draft["patients"]) == ("乳腺", 72)
    assert draft["folder"] == str(settings.home.resolve() / "uploads" / key / "乳腺")
    refused = client.post("/api/v1/uploads", files=[("files", ("../../evil.csv", b"x"))])
    assert refused.status_code == 422
    assert list(settings.home.rglob("evil*")) == list(tmp_path.rglob("evil*")) == []
    assert client.post("/api/v1/uploads", params={"into": "../.."}, files=more).status_code == 404


STUDY = """
clinical: {table: %s, columns: {}}
target: {ihc: HER2, rule: ASCO/CAP 2023}
"""


def test_others_may_name_only_folders_of_the_server(tmp_path: Path) -> None:
    home = tmp_path / "home"
    inside = home / "uploads" / "u"
    inside.mkdir(parents=True)
    shared = ServerSettings(home, host="192.0.2.1")
    local = ServerSettings(home)
    assert allowed(local, tmp_path) == tmp_path.resolve()
    assert allowed(shared, inside) == inside.resolve()
    (inside / "out").symlink_to(tmp_path)
    for place in (tmp_path, home, home / "sonoher2.db", inside / ".." / ".." / "..", inside / "out"):
        with pytest.raises(ApiError, match="not one of this server"):
            allowed(shared, place)
    assert replace(shared, host="127.0.0.1").loopback


def test_a_whole_disk_is_no_folder_of_a_study(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abcd":
        (tmp_path / name).write_text("", encoding="utf-8")
    monkeypatch.setattr(folders, "MOST_FILES", 3)
    refused = client.post("/api/v1/drafts", json={"folder": str(tmp_path)})
    assert (refused.status_code, refused.json()["error"]["message"]) == (422, "the folder holds more than 3 files")


def test_a_link_to_itself_is_no_folder(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert client.post("/api/v1/drafts", json={"folder": str(tmp_path / "loop")}).status_code == 422


def test_a_study_file_of_others_names_no_file_outside(tmp_path: Path) -> None:
    home = tmp_path / "home"
    inside = home / "uploads" / "u"
    inside.mkdir(parents=True)
    shared = ServerSettings(home, host="192.0.2.1")
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"x")
    (inside / "t.csv").write_text("patient_id,HER2,image\nA,0,i.png\n", encoding="utf-8")
    (inside / "i.png").write_bytes(b"x")
    (inside / "far.csv").write_text(f"patient_id,image\nA,{secret}\n", encoding="utf-8")
    study = inside / "study.yaml"

    def check(text: str) -> None:
        study.write_text(text, encoding="utf-8")
        require_allowed(shared, load_study(study))

    def frozen(text: str) -> None:
        study.write_text(text, encoding="utf-8")
        with frozen_uploads(shared, study, load_study(study)):
            assert (home / "uploads" / "u.frozen").exists()

    fine = STUDY % "t.csv"
    check(fine + "images: {table: t.csv}\n")
    check(fine + "images: {table: t.csv}\ndeep: {weights: offline}\n")
    check(fine + "images: {table: t.csv}\ndeep: {weights: w.safetensors}\n")
    for text in (
        fine + f"data: {tmp_path}\n",
        STUDY % (tmp_path / "t.csv"),
        STUDY % "../../../t.csv",
        fine + "images: {table: far.csv}\n",
        fine + f"images: {{table: t.csv}}\nregions: {{segment: {tmp_path / 'w.safetensors'}}}\n",
        fine + f"images: {{table: t.csv}}\ndeep: {{weights: {tmp_path / 'w.safetensors'}}}\n",
        fine.replace("columns", f"join: [{{table: {tmp_path / 'j.csv'}, on: patient_id}}], columns"),
        # of a table that may not be named nothing is read, and nothing is said
        fine + f"images: {{table: t.csv, join: [{{table: {secret}, on: nothing}}]}}\n",
    ):
        with pytest.raises(ApiError, match="not one of this server"):
            check(text)
        with pytest.raises(ApiError, match="not one of this server"):
            frozen(text)
        assert not list((home / "uploads").glob("*.frozen"))
    frozen(fine)
    assert [path.name for path in (home / "uploads").glob("*.frozen")] == ["u.frozen"]


def test_an_upload_that_a_study_reads_takes_no_more_files(
    client: TestClient, settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # nothing is run here
    monkeypatch.setattr(Supervisor, "_begin", lambda supervisor, job: None)

    def send(name: str, data: bytes, into: str = "") -> Response:
        return client.post("/api/v1/uploads", params={"into": into}, files=[("files", (name, data))])

    key = send("t.csv", b"patient_id,HER2\nA,0\nB,3+\n").json()["id"]
    other = send("t.csv", b"patient_id,HER2\nA,0\n").json()["id"]
    folder = settings.home.resolve() / "uploads" / key
    send("study.yaml", (STUDY % "t.csv").encode(), key)
    # a study that is refused freezes nothing
    send("refused.yaml", (STUDY % "t.csv").encode(), key)
    body = {"study": str(folder / "refused.yaml"), "draft": "both"}
    assert client.post("/api/v1/studies", json=body).status_code == 422
    assert client.post("/api/v1/studies", json={"study": str(folder / "none.yaml")}).status_code == 422
    assert send("more.csv", b"x", key).status_code == 201
    started = client.post("/api/v1/studies", json={"study": str(folder / "study.yaml")})
    assert started.status_code == 201, started.text
    before = (folder / "t.csv").read_bytes()
    refused = send("t.csv", b"patient_id,HER2\nA,3+\n", key)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "frozen")
    assert (folder / "t.csv").read_bytes() == before
    assert send("more.csv", b"x", other).status_code == 201


def test_a_study_whose_files_may_not_be_named_is_not_resumed(
    services: Services, settings: ServerSettings, tmp_path: Path
) -> None:
    shared = replace(services, settings=replace(settings, host="192.0.2.1"))
    inside = settings.home.resolve() / "uploads" / "u"
    inside.mkdir(parents=True)
    (tmp_path / "secret.png").write_bytes(b"x")
    (inside / "t.csv").write_text(f"patient_id,HER2,image\nA,0,{tmp_path / 'secret.png'}\n", encoding="utf-8")
    (inside / "study.yaml").write_text(STUDY % "t.csv" + "images: {table: t.csv}\n", encoding="utf-8")
    facts = {"owner": "anna", "title": "t", "kind": "study", "draft": "", "parent": None, "bundle": ""}
    with services.database.session() as session:
        session.add(StudyRow(id="s", created=now(), study_file=str(inside / "study.yaml"), out=str(tmp_path), **facts))
    for again in (lambda: resume(shared, "anna", "s"), lambda: add_audit(shared, "anna", "s", "null", None)):
        with pytest.raises(ApiError, match="not one of this server"):
            again()
