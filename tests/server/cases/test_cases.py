"""Cases: opened, changed, listed, removed."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from images.dicom_writer import write_dicom
from server_by_hand import browser
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.cases.service import Cases, _mark, sweep_cases
from sonoher2.server.context.services import Services

CASES = "/api/v1/cases"
HTML = "<script>alert(1)</script>&amp;\"'"


def opened(client: TestClient, data: bytes, name: str = "a.png") -> dict[str, object]:
    made = client.post(CASES, files={"image": (name, data)})
    assert made.status_code == 201, made.text
    return made.json()


def refused(client: TestClient, data: bytes, name: str = "a.png") -> dict[str, str]:
    answer = client.post(CASES, files={"image": (name, data)})
    assert answer.status_code == 422, answer.text
    assert client.get(CASES).json() == {"items": [], "total": 0}
    error = answer.json()["error"]
    assert "/blobs/" not in answer.text
    return error


def files_of(services: Services) -> list[Path]:
    return [path for path in services.blobs.folder.rglob("*") if path.is_file()]


def test_an_image_is_opened_as_it_is(client: TestClient, lesion_png: bytes) -> None:
    case = opened(client, lesion_png, "left radial.png")
    assert case["version"] == 1
    assert case["image"] == {
        "name": "left radial.png", "kind": "PNG", "frames": 1, "rows": 120, "columns": 160, "mm_per_pixel": None,
        "mm_source": None, "b_mode": [0, 0, 160, 120],
    }  # fmt: skip
    assert (case["frame"], case["mask"], case["clinical"], case["bundle"]) == (1, None, {}, None)
    frame = client.get(f"{CASES}/{case['id']}/frames/1.png")
    assert "immutable" in frame.headers["cache-control"]
    shown, sent = (np.asarray(Image.open(io.BytesIO(data))) for data in (frame.content, lesion_png))
    np.testing.assert_array_equal(shown, sent)
    assert client.get(f"{CASES}/{case['id']}/frames/2.png").status_code == 404


def test_a_cine_gives_its_frames_and_its_millimetres(client: TestClient, tmp_path: Path) -> None:
    random = np.random.default_rng(8)
    frames = random.integers(0, 256, (3, 100, 140), dtype=np.uint8)
    region = {
        "RegionSpatialFormat": 1, "RegionDataType": 1, "PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.02, "PhysicalDeltaY": 0.01, "RegionLocationMinX0": 10, "RegionLocationMinY0": 5,
        "RegionLocationMaxX1": 129, "RegionLocationMaxY1": 94,
    }  # fmt: skip
    path = write_dicom(
        tmp_path / "cine.dcm", frames.tobytes(), size=(100, 140), NumberOfFrames=3,
        SequenceOfUltrasoundRegions=[dataset(region)],
    )  # fmt: skip
    case = opened(client, path.read_bytes(), "cine.dcm")
    image = case["image"]
    assert isinstance(image, dict)
    assert (image["kind"], image["frames"], image["rows"], image["columns"]) == ("DICOM", 3, 100, 140)
    assert image["mm_per_pixel"] == pytest.approx([0.1, 0.2])
    assert image["mm_source"] == "file"
    assert image["b_mode"] == [10, 5, 130, 95]
    for number in (3, 1, 2):
        shown = client.get(f"{CASES}/{case['id']}/frames/{number}.png").content
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(shown))), frames[number - 1])
    address = f"{CASES}/{case['id']}"
    assert client.patch(address, json={"frame": 4}, headers={"If-Match": '"1"'}).status_code == 422
    assert client.patch(address, json={"mm_per_pixel": 0.3}, headers={"If-Match": '"1"'}).status_code == 422
    assert client.patch(address, json={"frame": 3}, headers={"If-Match": '"1"'}).json()["frame"] == 3


def screen_region(columns: tuple[int, int], across: float, down: float) -> object:
    """Rows 5 to 94 of a screen, columns from and to, width and height of a pixel in cm."""
    return dataset(
        {
            "RegionSpatialFormat": 1, "RegionDataType": 1, "PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3,
            "PhysicalDeltaX": across, "PhysicalDeltaY": down, "RegionLocationMinX0": columns[0],
            "RegionLocationMinY0": 5, "RegionLocationMaxX1": columns[1], "RegionLocationMaxY1": 94,
        }
    )  # fmt: skip


def with_lesion(client: TestClient, address: str, version: int, column: int) -> dict:
    """The case with an outline of 4 pixels around row 50."""
    body = {"rows": 100, "columns": 140, "runs": [50 * 140 + column, 4, 50 * 140 - column - 4]}
    return client.put(f"{address}/mask", json=body, headers={"If-Match": f'"{version}"'}).json()


def test_a_lesion_has_the_scale_of_its_part_of_the_screen_and_none_outside(client: TestClient, tmp_path: Path) -> None:
    grey = np.random.default_rng(8).integers(0, 256, (100, 140), dtype=np.uint8).tobytes()
    left, right = screen_region((10, 59), 0.02, 0.01), screen_region((80, 129), 0.05, 0.03)
    path = write_dicom(tmp_path / "one.dcm", grey, size=(100, 140), SequenceOfUltrasoundRegions=[left])
    one = opened(client, path.read_bytes(), "one.dcm")
    assert (one["image"]["mm_per_pixel"], one["image"]["mm_source"]) == (pytest.approx([0.1, 0.2]), "file")
    address = f"{CASES}/{one['id']}"
    inside = with_lesion(client, address, 1, 20)
    assert inside["image"]["mm_per_pixel"] == pytest.approx([0.1, 0.2])
    assert inside["mask"]["area_mm2"] == pytest.approx(4 * 0.1 * 0.2)
    outside = with_lesion(client, address, 2, 90)
    assert (outside["image"]["mm_per_pixel"], outside["image"]["mm_source"]) == (None, "file")
    assert outside["mask"]["area_mm2"] is None
    # there the user may give one; back in the region the file's counts
    given = client.patch(address, json={"mm_per_pixel": [0.4, 0.5]}, headers={"If-Match": '"3"'}).json()
    assert (given["image"]["mm_per_pixel"], given["image"]["mm_source"]) == ([0.4, 0.5], "given")
    assert given["mask"]["area_mm2"] == pytest.approx(4 * 0.4 * 0.5)
    back = with_lesion(client, address, 4, 20)
    assert (back["image"]["mm_per_pixel"], back["image"]["mm_source"]) == (pytest.approx([0.1, 0.2]), "file")
    path = write_dicom(tmp_path / "two.dcm", grey, size=(100, 140), SequenceOfUltrasoundRegions=[left, right])
    two = opened(client, path.read_bytes(), "two.dcm")
    assert (two["image"]["mm_per_pixel"], two["image"]["mm_source"]) == (None, "file")
    for version, column, size in ((1, 90, (0.3, 0.5)), (2, 20, (0.1, 0.2))):
        case = with_lesion(client, f"{CASES}/{two['id']}", version, column)
        assert case["image"]["mm_per_pixel"] == pytest.approx(size)
        assert case["mask"]["area_mm2"] == pytest.approx(4 * size[0] * size[1])


def dataset(values: dict[str, object]) -> object:
    from pydicom import Dataset

    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def test_each_frame_has_an_outline_of_its_own(client: TestClient, tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "c.dcm", bytes(range(240)) * 40, NumberOfFrames=2)
    address = f"{CASES}/{opened(client, path.read_bytes(), 'c.dcm')['id']}"
    drawn = {"rows": 60, "columns": 80, "runs": [100, 7, 4693]}
    assert client.put(f"{address}/mask", json=drawn, headers={"If-Match": "1"}).json()["mask"]["area_px"] == 7
    assert client.patch(address, json={"frame": 2}, headers={"If-Match": "2"}).json()["mask"] is None
    assert client.get(f"{address}/mask").status_code == 404
    assert client.patch(address, json={"frame": 1}, headers={"If-Match": "3"}).json()["mask"]["area_px"] == 7
    assert client.get(f"{address}/mask").json() == drawn


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("..\\..\\windows\\a.png", "a.png"),
        ("/etc/cron.d/x", "x"),
        ("..", "image"),
        ("a\u202egnp.exe", "agnp.exe"),
        (HTML + ".png", "script>&amp;\"'.png"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
        ("乳腺.png", "乳腺.png"),
    ],
)
def test_the_name_of_a_file_is_text_and_no_path(
    client: TestClient, services: Services, lesion_png: bytes, sent: str, shown: str
) -> None:
    from sonoher2.server.cases.names import shown_name

    assert shown_name(sent) == shown
    case = opened(client, lesion_png, sent.replace('"', "'"))
    kept = files_of(services)
    assert kept
    assert all(services.blobs.folder / "cases" / str(case["id"]) == path.parent for path in kept)
    assert all(len(path.name) in (64, 68) for path in kept)


def bomb() -> bytes:
    """A PNG file of some 60 kB that says it has 60,000 x 60,000 pixels, with a part of their zeros."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(2**25))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("data", [b"", b"hello", bomb(), b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"\0" * 128 + b"DICM"])
def test_a_file_that_is_no_image_is_refused_and_not_kept(client: TestClient, services: Services, data: bytes) -> None:
    error = refused(client, data)
    assert error["code"] == "input"
    assert error["fix"]
    assert files_of(services) == []
    assert [row.outcome for row in services.audit.rows()] == ["refused"]


def test_a_picture_that_is_cut_short_is_refused(client: TestClient, lesion_png: bytes) -> None:
    error = refused(client, lesion_png[:-2000], "short.png")
    assert "short.png" in error["where"]


def test_the_worker_still_works_after_a_bomb(client: TestClient, lesion_png: bytes, services: Services) -> None:
    before = services.pool.pids()
    refused(client, bomb())
    opened(client, lesion_png)
    assert services.pool.pids() == before or not before


def test_what_is_typed_is_kept_as_it_was_typed(client: TestClient, case: str) -> None:
    patch = {"name": HTML, "clinical": {"age": HTML, HTML: "乳"}, "mm_per_pixel": [0.1, 0.2], "reviewed": True}
    changed = client.patch(case, json=patch, headers={"If-Match": '"1"'})
    assert changed.headers["etag"] == '"2"'
    assert changed.headers["content-type"] == "application/json"
    for answer in (changed.json(), client.get(case).json()):
        assert (answer["name"], answer["clinical"]) == (HTML, {"age": HTML, HTML: "乳"})
        assert (answer["image"]["mm_per_pixel"], answer["image"]["mm_source"]) == ([0.1, 0.2], "given")
        assert answer["reviewed"] is True
    cleared = client.patch(case, json={"mm_per_pixel": None}, headers={"If-Match": '"2"'}).json()
    assert (cleared["image"]["mm_per_pixel"], cleared["name"]) == (None, HTML)


def test_a_change_to_an_older_version_is_refused(client: TestClient, case: str) -> None:
    first = client.patch(case, json={"name": "first"}, headers={"If-Match": '"1"'})
    assert (first.status_code, first.json()["version"]) == (200, 2)
    stale = client.patch(case, json={"name": "second"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "changed")
    runs = {"rows": 120, "columns": 160, "runs": [100, 19_100]}
    assert client.put(f"{case}/mask", json=runs, headers={"If-Match": '"1"'}).status_code == 412
    assert client.patch(case, json={"name": "third"}).status_code == 428
    assert client.patch(case, json={"name": "third"}, headers={"If-Match": "abc"}).status_code == 412
    assert (client.get(case).json()["name"], client.get(f"{case}/mask").status_code) == ("first", 404)


@pytest.mark.parametrize(
    "patch",
    [
        {"frame": 0}, {"frame": 2}, {"mm_per_pixel": 0}, {"mm_per_pixel": 5}, {"mm_per_pixel": [0.1]}, {"owner": "x"},
        {"name": "x" * 201}, {"clinical": {"age": 5}}, {"version": 9}, {"name": "a\0b"}, {"clinical": {"age": "5\0"}},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(client: TestClient, case: str, patch: dict[str, object]) -> None:
    answer = client.patch(case, json=patch, headers={"If-Match": '"1"'})
    assert answer.status_code == 422
    assert client.get(case).json()["version"] == 1


def test_a_model_that_is_not_there_is_refused(client: TestClient, case: str, lesion_png: bytes) -> None:
    assert client.patch(case, json={"bundle": "0" * 64}, headers={"If-Match": '"1"'}).status_code == 404
    form = {"files": {"image": ("a.png", lesion_png)}, "data": {"bundle": "0" * 64}}
    assert client.post(CASES, **form).status_code == 404
    assert client.get("/api/v1/bundles/absent").status_code == 404


def test_cases_are_listed_the_last_changed_first(client: TestClient, lesion_png: bytes) -> None:
    one, two, three = (opened(client, lesion_png, f"{n}.png")["id"] for n in (1, 2, 3))
    client.patch(f"{CASES}/{one}", json={"name": "again"}, headers={"If-Match": '"1"'})
    listed = client.get(CASES, params={"limit": 2}).json()
    assert (listed["total"], [item["id"] for item in listed["items"]]) == (3, [one, three])
    assert [item["id"] for item in client.get(CASES, params={"offset": 2}).json()["items"]] == [two]


def test_a_case_that_is_removed_leaves_nothing(client: TestClient, case: str, services: Services) -> None:
    assert files_of(services)
    assert client.delete(case).status_code == 204
    assert files_of(services) == []
    assert client.get(case).status_code == client.delete(case).status_code == 404
    assert [row.action for row in services.audit.rows()] == ["open", "delete"]


def test_a_case_that_is_removed_while_a_task_works_on_it_leaves_nothing(
    client: TestClient, case: str, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = services.pool.run

    def removed_meanwhile(task: Any, *given: Any) -> Any:
        found = done(task, *given)
        assert client.delete(case).status_code == 204
        return found

    monkeypatch.setattr(services.pool, "run", removed_meanwhile)
    assert client.post(f"{case}/outline", json={}).status_code == 404
    assert files_of(services) == []


def test_rooms_of_cases_that_a_killed_server_was_making_go_and_those_of_another_database_stay(
    client: TestClient, case: str, services: Services
) -> None:
    cases, mark = Cases(services, "local"), _mark(services)
    for name, by in (("begun", mark), ("another", "0" * 64), ("plain", "")):
        cases.blobs(name).put(b"a")
        if by:
            cases.blobs(name).mark(by)
    # a server that was killed between keeping a case and taking its note away
    own = cases.blobs(case.rpartition("/")[2])
    own.mark(mark)
    sweep_cases(services)
    assert own.mark_of() == ""
    assert services.blobs.of("cases").rooms() == sorted(["another", "plain", own.folder.name])
    assert client.get(f"{case}/frames/1.png").status_code == 200


def test_a_case_that_is_of_another_database_keeps_its_files(client: TestClient, services: Services) -> None:
    kept = Cases(services, "local").blobs("elsewhere")
    kept.put(b"a")
    for answer in (
        client.patch("/api/v1/cases/elsewhere", json={"name": "x"}, headers={"If-Match": '"1"'}),
        client.delete("/api/v1/cases/elsewhere"),
        client.delete("/api/v1/cases/a.b"),
    ):
        assert answer.status_code == 404
    assert len(files_of(services)) == 1


def test_cases_of_another_user_are_not_there(
    client: TestClient, case: str, settings: ServerSettings, services: Services
) -> None:
    from sqlalchemy import update

    from sonoher2.server.storage.tables_cases import CaseRow

    with services.database.session() as session:
        session.execute(update(CaseRow).values(owner="somebody else"))
    assert client.get(case).status_code == client.get(f"{case}/frames/1.png").status_code == 404
    assert client.delete(case).status_code == client.post(f"{case}/predictions").status_code == 404
    assert client.get(CASES).json()["total"] == 0


def test_an_upload_that_is_too_large_is_refused(settings: ServerSettings, services: Services) -> None:
    from dataclasses import replace

    from sonoher2.server.base.settings import Limits

    small = replace(settings, limits=Limits(upload_bytes=2000, body_bytes=500))
    client = browser(small, services)
    client.get("/", params={"token": settings.token}, follow_redirects=False)
    said = client.post(CASES, files={"image": ("a.png", b"x" * 3000)})
    assert (said.status_code, said.json()["error"]["code"]) == (413, "too_large")

    def parts() -> object:
        # without a length: the server has to count
        for _ in range(30):
            yield b"x" * 100

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert client.post(CASES, content=parts(), headers=headers).status_code == 413
    assert files_of(services) == []
