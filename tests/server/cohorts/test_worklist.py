"""The API of outlines, as readers use it."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from scipy.ndimage import gaussian_filter

from drawn_by_hand import SIDE, disc
from images.dicom_writer import region, write_dicom
from readers_by_hand import Reader, of_patient, runs_of
from server_by_hand import browser
from sonoher2.cohort.load import load_cohort
from sonoher2.config.load import load_study
from sonoher2.lesions.mask import read_mask
from sonoher2.segmentation.mask_files import mask_png
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.context.services import Services


def test_an_image_is_opened_before_the_segmenter_came_to_it(li: Reader, cohort: str) -> None:
    image = li.get(of_patient(li, cohort, "P3"))
    assert (image["rows"], image["columns"], image["version"], image["state"]) == (SIDE, SIDE, 0, "todo")
    assert image["mm_per_pixel"] == pytest.approx([0.1, 0.1])
    assert image["looked"]
    assert image["others"] == []


def test_what_is_drawn_is_kept_pixel_for_pixel_and_finished(li: Reader, cohort: str) -> None:
    path, mask = of_patient(li, cohort, "P3"), disc(20, 40, 7)
    done = li.finish(path, mask)
    assert done["state"] == "done"
    assert done["mask"] == {
        "origin": "own",
        "area_px": int(mask.sum()),
        "area_mm2": pytest.approx(mask.sum() * 0.01),
        "sha256": done["mask"]["sha256"],
    }
    kept = li.client.get(f"/api/v1/cohorts{path}/mask.png")
    assert (kept.content, kept.headers["content-type"]) == (mask_png(mask), "image/png")
    assert li.get(f"{path}/mask")["runs"] == runs_of(mask)
    mine = li.get(cohort)["mine"]
    assert (mine["name"], mine["done"], mine["skip"], mine["todo"]) == ("Li", 1, 0, 0)


def test_a_png_may_be_sent(li: Reader, cohort: str) -> None:
    path, mask = of_patient(li, cohort, "P3"), disc(20, 40, 7)
    headers = {"If-Match": '"0"', "Content-Type": "image/png"}
    assert li.client.put(f"/api/v1/cohorts{path}/mask", content=mask_png(mask), headers=headers).status_code == 200
    assert li.get(f"{path}/mask")["runs"] == runs_of(mask)


def test_two_readers_write_none_of_each_others_outlines(li: Reader, wu: Reader, cohort: str) -> None:
    path = of_patient(li, cohort, "P3")
    for radius in (5, 6):
        for reader, row in ((li, 20), (wu, 40)):
            reader.draw(path, reader.get(path)["version"], disc(row, 30, radius))
    assert li.get(f"{path}/mask")["runs"] == runs_of(disc(20, 30, 6))
    assert wu.get(f"{path}/mask")["runs"] == runs_of(disc(40, 30, 6))
    assert li.get(path)["version"] == wu.get(path)["version"] == 2


def test_a_stale_version_is_refused_and_changes_nothing(li: Reader, cohort: str) -> None:
    path = of_patient(li, cohort, "P3")
    li.draw(path, 0, disc(20, 30, 5))
    assert li.draw(path, 0, disc(20, 30, 9), 412)["error"]["code"] == "changed"
    assert li.send("PUT", f"{path}/state", 7, {"state": "skip"}, 412)["error"]["code"] == "changed"
    assert li.get(f"{path}/mask")["runs"] == runs_of(disc(20, 30, 5))
    missing = li.client.put(f"/api/v1/cohorts{path}/state", json={"state": "done"})
    assert (missing.status_code, missing.json()["error"]["code"]) == (428, "no_version")


def test_others_outlines_stay_unseen_until_the_own_one_is_finished(li: Reader, wu: Reader, cohort: str) -> None:
    path = of_patient(li, cohort, "P3")
    wu.finish(path, disc(40, 30, 6))
    before = li.get(path)
    assert (before["others"], before["decision"], before["reasons"]) == ([], None, before["reasons"])
    assert "readers differ" not in before["reasons"]
    assert li.get(f"{path}/mask", 403, reader="吴 Wu")["error"]["code"] == "blind"
    li.draw(path, 0, disc(20, 30, 6))
    assert li.get(f"{path}/mask", 403, reader="吴 Wu")["error"]["code"] == "blind"
    done = li.send("PUT", f"{path}/state", 1, {"state": "done"})
    assert [one["name"] for one in done["others"]] == ["吴 Wu"]
    assert "readers differ" in done["reasons"]
    assert li.get(f"{path}/mask", reader="吴 Wu")["runs"] == runs_of(disc(40, 30, 6))
    # having seen it, Li changes nothing any more; Wu, who has not looked, may
    assert li.get(path)["locked"]
    assert li.draw(path, done["version"], disc(40, 30, 6), 409)["error"]["code"] == "seen"
    assert li.send("PUT", f"{path}/state", done["version"], {"state": "todo"}, 409)["error"]["code"] == "seen"
    assert not wu.get(path)["locked"]


def test_no_lesion_is_an_outline_and_nothing_drawn_is_none(li: Reader, wu: Reader, study_folder: Path) -> None:
    body = {"source": str(study_folder / "study.yaml"), "start": "blank", "title": "Blank"}
    cohort = f"/{li.client.post('/api/v1/cohorts', json=body).json()['id']}"
    path = of_patient(li, cohort, "P3")
    assert li.get(path)["mask"] is None
    assert "nothing is drawn" in li.send("PUT", f"{path}/state", 0, {"state": "done"}, 422)["error"]["message"]
    li.draw(path, 0, np.zeros((SIDE, SIDE), dtype=bool))
    done = li.send("PUT", f"{path}/state", 1, {"state": "done", "note": "healthy"})
    assert (done["state"], done["note"], done["mask"]["area_px"]) == ("done", "healthy", 0)
    wu.finish(path, disc(30, 30, 5))
    found = wu.get(f"{cohort}/disagreements")["items"]
    assert [(one["patient_id"], one["dice"], one["missed"]) for one in found] == [("P3", 0.0, "Li")]


def test_a_line_is_no_lesion_that_can_be_finished(li: Reader, cohort: str) -> None:
    path = of_patient(li, cohort, "P3")
    li.draw(path, 0, disc(30, 30, 20) & ~disc(30, 30, 19))
    assert "outline" in li.send("PUT", f"{path}/state", 1, {"state": "done"}, 422)["error"]["message"]
    assert li.get(path)["state"] == "todo"


def test_the_outlines_of_the_table_are_readers_of_their_own(li: Reader, wu: Reader, cohort: str) -> None:
    path = of_patient(li, cohort, "P2")
    li.finish(path, disc(30, 32, 13))
    assert [(one["name"], one["area_px"]) for one in li.get(path)["others"]] == [
        ("mask", int(disc(30, 32, 13).sum())),
        ("second_mask", int(disc(30, 32, 10).sum())),
    ]
    readers = {one["name"]: one["given"] for one in li.get(cohort)["readers"]}
    assert readers == {"Li": False, "mask": True, "second_mask": True}
    answer = wu.client.put("/api/v1/reader", json={"name": "Mask"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "input")


def test_a_reader_may_start_from_the_tables_outline(li: Reader, study_folder: Path) -> None:
    body = {"source": str(study_folder / "study.yaml"), "start": "given"}
    cohort = f"/{li.client.post('/api/v1/cohorts', json=body).json()['id']}"
    path = of_patient(li, cohort, "P1")
    assert li.get(path)["mask"]["origin"] == "given"
    assert li.get(f"{path}/mask")["runs"] == runs_of(disc(30, 32, 14))
    done = li.send("PUT", f"{path}/state", 0, {"state": "done"})
    assert (done["mask"]["origin"], done["mask"]["area_px"]) == ("own", int(disc(30, 32, 14).sum()))


def test_the_worklist_is_filtered_and_paged(li: Reader, cohort: str) -> None:
    li.finish(of_patient(li, cohort, "P4"), disc(30, 30, 9))
    skipped = of_patient(li, cohort, "P5")
    li.send("PUT", f"{skipped}/state", 0, {"state": "skip", "note": "cut off"})
    assert [one["patient_id"] for one in li.get(f"{cohort}/images", state="done")["items"]] == ["P4"]
    assert [one["note"] for one in li.get(f"{cohort}/images", state="skip")["items"]] == ["cut off"]
    assert li.get(f"{cohort}/images", state="todo")["total"] == 10
    assert [one["patient_id"] for one in li.get(f"{cohort}/images", mine=True)["items"]] == ["P4"]
    assert {one["patient_id"] for one in li.get(f"{cohort}/images", text="p1")["items"]} == {"P1", "P10", "P11", "P12"}
    whole = [one["id"] for one in li.get(f"{cohort}/images")["items"]]
    part = [one["id"] for one in li.get(f"{cohort}/images", offset=5, limit=4)["items"]]
    assert len(part) == 4
    assert li.get(f"{cohort}/images", offset=5, limit=4)["total"] == len(whole) == 12


def outlined(services: Services, reader: Reader, cohort: str) -> dict:
    """Wait until a worker has looked at all images."""
    end = time.monotonic() + 120
    while (found := reader.get(cohort))["looked"] < found["images"]:
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def test_doubtful_images_come_first_and_the_next_one_is_the_first_not_done(
    settings: ServerSettings, services: Services, study_folder: Path
) -> None:
    (study_folder / "pictures" / "P7.png").write_bytes(b"no picture")
    with browser(settings, services) as running:
        running.get("/", params={"token": settings.token})
        made = running.post("/api/v1/cohorts", json={"source": str(study_folder / "study.yaml")}).json()
        li = Reader(settings, services, "Li")
        found = outlined(services, li, f"/{made['id']}")
    assert found["problems"] == 1
    items = li.get(f"/{made['id']}/images")["items"]
    assert items[0]["patient_id"] == "P7"
    assert items[0]["reasons"] == ["not readable"]
    doubts = [one["doubt"] for one in items]
    assert doubts == sorted(doubts, reverse=True)
    doubtful = li.get(f"/{made['id']}/images", doubtful=True)["items"]
    assert [one["id"] for one in doubtful] == [one["id"] for one in items if one["reasons"]]
    second = li.get(f"/{made['id']}/images/{items[1]['id']}")
    assert (second["previous"], second["next"]) == (items[0]["id"], items[2]["id"])
    last = li.get(f"/{made['id']}/images/{items[-1]['id']}")
    # after the last one from the start again, without the one that cannot be opened
    assert (last["next"], last["next_todo"]) == (None, items[1]["id"])


def test_agreement_has_the_dice_and_the_icc_of_what_was_drawn(
    settings: ServerSettings, services: Services, cohort: str, li: Reader, wu: Reader
) -> None:
    for number in range(3, 8):
        path = of_patient(li, cohort, f"P{number}")
        li.finish(path, disc(30, 32, number + 5))
        wu.finish(path, disc(30, 32, number + 4))
    assert li.get(f"{cohort}/agreement")["waiting"] == 10
    with browser(settings, services):
        end = time.monotonic() + 120
        while (found := li.get(f"{cohort}/agreement"))["waiting"]:
            assert time.monotonic() < end
            time.sleep(0.05)
    (pair,) = [one for one in found["pairs"] if {one["first"], one["second"]} == {"Li", "吴 Wu"}]
    areas = {radius: int(disc(30, 32, radius).sum()) for radius in range(7, 13)}
    # the smaller disc lies within the larger one
    expected = [2 * areas[radius - 1] / (areas[radius] + areas[radius - 1]) for radius in range(8, 13)]
    assert pair["dice"]["value"] == pytest.approx(np.mean(expected))
    assert pair["lowest"] == pytest.approx(min(expected))
    assert min(expected) <= pair["dice"]["low"] < pair["dice"]["value"] < pair["dice"]["high"] <= max(expected)
    measures = {one["measure"]: one for one in found["measures"]}
    assert (found["area_unit"], measures["area"]["images"], measures["area"]["patients"]) == ("mm2", 5, 5)
    first = np.array([areas[radius] for radius in range(8, 13)]) * 0.01
    second = np.array([areas[radius] for radius in range(7, 12)]) * 0.01
    assert measures["area"]["icc"]["value"] == pytest.approx(shrout_fleiss(first, second))
    assert "original_shape2D_Sphericity" in measures
    assert len(found["images"]) == 5


def shrout_fleiss(first: np.ndarray, second: np.ndarray) -> float:
    """ICC(2,1) of two readers, by the sums of squares."""
    table = np.stack([first, second], axis=1)
    n, grand = len(table), table.mean()
    rows = 2 * ((table.mean(axis=1) - grand) ** 2).sum() / (n - 1)
    columns = n * ((table.mean(axis=0) - grand) ** 2).sum()
    total = ((table - grand) ** 2).sum()
    error = (total - rows * (n - 1) - columns) / (n - 1)
    return float((rows - error) / (rows + error + 2 * (columns - error) / n))


def test_a_third_person_decides_and_readers_keep_their_own(
    settings: ServerSettings, services: Services, li: Reader, wu: Reader, cohort: str
) -> None:
    path = of_patient(li, cohort, "P3")
    li.finish(path, disc(20, 30, 6))
    wu.finish(path, disc(40, 30, 6))
    zhao = Reader(settings, services, "Zhao")
    assert [one["patient_id"] for one in zhao.get(f"{cohort}/disagreements")["items"]] == ["P3"]
    assert zhao.send("POST", f"{path}/adjudicate", 0, {"reader": "Li"}, 403)["error"]["code"] == "blind"
    zhao.send("PUT", f"{path}/state", 0, {"state": "skip"})
    assert zhao.send("POST", f"{path}/adjudicate", 0, {"reader": "nobody"}, 422)["error"]["code"] == "input"
    assert zhao.send("POST", f"{path}/adjudicate", 0, {"reader": "Li", "no_lesion": True}, 422)
    decided = zhao.send("POST", f"{path}/adjudicate", 0, {"reader": "吴 Wu", "note": "sharp edge"})
    assert decided["decision"]["reader"] == "吴 Wu"
    assert decided["decision"]["note"] == "sharp edge"
    assert decided["decision"]["user"] == "Zhao"
    assert zhao.send("POST", f"{path}/adjudicate", 0, {"reader": "Li"}, 412)["error"]["code"] == "changed"
    new = {"rows": SIDE, "columns": SIDE, "runs": runs_of(disc(30, 30, 12))}
    again = zhao.send("POST", f"{path}/adjudicate", 1, {"mask": new})["decision"]
    assert (again["version"], again["reader"], again["area_px"]) == (2, None, int(disc(30, 30, 12).sum()))
    assert li.get(f"{path}/mask")["runs"] == runs_of(disc(20, 30, 6))
    assert zhao.get(cohort)["decided"] == 1


def test_the_export_is_read_by_a_study_with_the_same_pixels(
    li: Reader, wu: Reader, cohort: str, study_folder: Path
) -> None:
    for number in range(3, 6):
        path = of_patient(li, cohort, f"P{number}")
        li.finish(path, disc(30, 32, number + 5))
        wu.finish(path, disc(31, 32, number + 5))
    wu.send("POST", f"{path}/adjudicate", 0, {"reader": "吴 Wu"})
    answer = li.client.get(f"/api/v1/cohorts{cohort}/export.zip", params={"reader": ["Li"]})
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    folder = archive.namelist()[0].split("/")[0]
    assert answer.headers["content-disposition"] == f'attachment; filename="{folder}.zip"'
    archive.extractall(study_folder)
    images = load_cohort(load_study(study_folder / folder / "study.yaml")).images
    drawn = {row["patient_id"]: row for row in images.to_dict("records")}
    # the outlines of the table count where nobody has drawn, once they were looked at
    assert {"P3", "P4", "P5"} <= set(drawn)
    for number in range(3, 6):
        row = drawn[f"P{number}"]
        first, second = disc(30, 32, number + 5), disc(31, 32, number + 5)
        if number == 5:
            first, second = second, first
        assert np.array_equal(read_mask(row["masks"], (SIDE, SIDE)), first)
        assert np.array_equal(read_mask([row["second_mask"]], (SIDE, SIDE)), second)


def test_an_export_shows_no_outline_to_a_reader_who_has_yet_to_finish_the_image(
    li: Reader, wu: Reader, cohort: str, settings: ServerSettings, services: Services
) -> None:
    for patient in ("P3", "P4"):
        li.finish(of_patient(li, cohort, patient), disc(30, 32, 8))
    first, second = of_patient(wu, cohort, "P3"), of_patient(wu, cohort, "P4")
    wu.draw(first, 0, disc(31, 32, 8))
    refused = wu.get(f"{cohort}/export.zip", 403)["error"]
    assert refused["code"] == "blind"
    assert refused["message"].startswith("you have not finished 2 images that others have")
    wu.send("PUT", f"{first}/state", 1, {"state": "done"})
    assert "1 image that" in wu.get(f"{cohort}/export.zip", 403)["error"]["message"]
    wu.send("PUT", f"{second}/state", 0, {"state": "skip"})
    # those who have finished, and those who read nothing
    for reader in (wu, li, Reader(settings, services, "Chen")):
        answer = reader.client.get(f"/api/v1/cohorts{cohort}/export.zip")
        assert answer.status_code == 200
        assert any(
            name.endswith("P3.png") and "readers/Li/" in name
            for name in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
        )


def test_a_restart_goes_on_where_the_outlining_was(
    settings: ServerSettings, services: Services, li: Reader, cohort: str
) -> None:
    path = of_patient(li, cohort, "P9")
    before = li.get(path)
    li.draw(path, 0, disc(20, 30, 5))
    assert li.get(cohort)["looked"] == 1
    with browser(settings, services):
        outlined(services, li, cohort)
    after = li.get(path)
    assert (after["confidence"], after["version"]) == (before["confidence"], 1)
    assert li.get(f"{path}/mask")["runs"] == runs_of(disc(20, 30, 5))


def test_outlines_are_not_laid_on_a_file_that_was_replaced(
    li: Reader, wu: Reader, cohort: str, study_folder: Path
) -> None:
    path = of_patient(li, cohort, "P3")
    runs = runs_of(disc(30, 32, 9))
    li.send("PUT", f"{path}/mask", 0, {"rows": SIDE, "columns": SIDE, "runs": runs})
    file = study_folder / "pictures" / "P3.png"
    former = file.read_bytes()
    other = np.asarray(Image.open(file))[:, ::-1]
    for pixels in (other, other[: SIDE // 2]):
        Image.fromarray(pixels).save(file)
        asked = li.client.post(f"/api/v1/cohorts{path}/outline", json={}, headers={"If-Match": '"1"'})
        for answer in (asked, li.client.get(f"/api/v1/cohorts{path}/picture.png")):
            assert answer.status_code == 422
            error = answer.json()["error"]
            assert error["where"] == "P3.png"
            assert error["message"].startswith("the image was changed after it was first looked at")
    # what was drawn stays, the worklist too, and the export says it
    assert li.get(path)["version"] == 1
    assert wu.get(cohort + "/images")["total"] == li.get(cohort + "/images")["total"]
    zipped = zipfile.ZipFile(io.BytesIO(li.client.get(f"/api/v1/cohorts{cohort}/export.zip").content))
    [readme] = [zipped.read(name).decode() for name in zipped.namelist() if name.endswith("README.txt")]
    assert "outlines may not fit them: pictures/P3.png." in readme
    file.write_bytes(former)
    assert li.client.get(f"/api/v1/cohorts{path}/picture.png").status_code == 200


def test_the_segmenter_outlines_anew_within_a_box(li: Reader, cohort: str) -> None:
    path = of_patient(li, cohort, "P3")
    image = li.get(path)
    inside = li.client.post(
        f"/api/v1/cohorts{path}/outline", json={"box": [10, 10, 60, 60]}, headers={"If-Match": '"0"'}
    )
    if inside.status_code == 422:
        assert "no lesion was found" in inside.json()["error"]["message"]
        assert li.get(path)["version"] == image["version"]
    else:
        mask = np.asarray(inside.json()["mask"]["area_px"])
        assert inside.json()["mask"]["origin"] == "own"
        assert 0 < mask <= 2500


def test_the_segmenter_outlines_anew_what_was_clicked_on(li: Reader, study_folder: Path) -> None:
    """Two lesions, the left one larger: a click says that the right one is meant."""
    rows, columns = np.mgrid[:240, :320]
    left, right = (((rows - 120) / size) ** 2 + ((columns - at) / size) ** 2 <= 1 for at, size in ((90, 45), (240, 32)))
    grey = np.where(left | right, 25, 140) + np.random.default_rng(0).normal(0, 12, left.shape)
    Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(study_folder / "pictures" / "P3.png")
    source = str(study_folder / "study.yaml")
    path = of_patient(li, f"/{li.client.post('/api/v1/cohorts', json={'source': source}).json()['id']}", "P3")
    assert li.send("POST", f"{path}/outline", 0, {"at": [240, 120]})["mask"]["origin"] == "own"
    found = np.asarray(Image.open(io.BytesIO(li.client.get(f"/api/v1/cohorts{path}/mask.png").content))) > 0
    assert 2 * (found & right).sum() / (found.sum() + right.sum()) > 0.8
    assert not (found & left).any()


def test_the_segmenter_outlines_anew_on_the_part_of_the_screen_that_the_study_reads(
    li: Reader, study_folder: Path
) -> None:
    """The B-mode part is at the left; a box at the right looks like a lesion when the whole screen is seen."""
    random = np.random.default_rng(3)
    rows, columns = np.mgrid[:480, :640]
    lesion = ((rows - 120) / 28) ** 2 + ((columns - 140) / 38) ** 2 <= 1
    screen = np.zeros((480, 640))
    screen[20:220, 30:250] = gaussian_filter(random.random((200, 220)), 1.2) * 300
    screen[lesion] *= 0.25
    screen[300:420, 350:600], screen[330:390, 420:520] = 130, 30
    Image.fromarray(np.clip(screen, 0, 255).astype(np.uint8)).save(study_folder / "pictures" / "P3.png")
    study = study_folder / "study.yaml"
    study.write_text(study.read_text("utf-8").replace("images:\n", "images:\n  crop_to_b_mode: true\n"), "utf-8")
    path = of_patient(li, f"/{li.client.post('/api/v1/cohorts', json={'source': str(study)}).json()['id']}", "P3")
    first = li.get(path)
    again = li.send("POST", f"{path}/outline", 0, {})
    assert again["mask"]["origin"] == "own"
    assert again["mask"]["area_px"] == first["mask"]["area_px"]
    found = np.asarray(Image.open(io.BytesIO(li.client.get(f"/api/v1/cohorts{path}/mask.png").content))) > 0
    assert 2 * (found & lesion).sum() / (found.sum() + lesion.sum()) > 0.9


def test_what_is_not_there_is_said_so(li: Reader, cohort: str, study_folder: Path) -> None:
    other = li.client.post("/api/v1/cohorts", json={"source": str(study_folder / "study.yaml")}).json()["id"]
    image = of_patient(li, f"/{other}", "P3").rpartition("/")[2]
    # an image of another cohort is none of this one
    assert li.get(f"{cohort}/images/{image}", 404)["error"]["code"] == "not_found"
    assert li.get("/nothing", 404)["error"]["code"] == "not_found"
    assert li.get(f"{cohort}/images/nothing/mask", 404)["error"]["code"] == "not_found"
    for body in ({}, {"source": "a", "draft": "b"}):
        assert li.client.post("/api/v1/cohorts", json=body).status_code == 400
    for draft in ("../x", "nothing", "é"):
        assert li.client.post("/api/v1/cohorts", json={"draft": draft}).status_code == 404
    for source in ("relative.csv", "/no/such/file.csv", "/\0"):
        assert li.client.post("/api/v1/cohorts", json={"source": source}).status_code == 422


def test_a_cohort_is_removed_with_its_outlines_by_who_began_it(
    li: Reader, cohort: str, services: Services, study_folder: Path
) -> None:
    path = of_patient(li, cohort, "P3")
    li.draw(path, 0, disc(20, 30, 5))
    assert services.blobs.of("cohorts", cohort[1:]).folder.is_dir()
    assert li.client.delete(f"/api/v1/cohorts{cohort}").status_code == 204
    assert li.get(cohort, 404)
    assert not services.blobs.of("cohorts", cohort[1:]).folder.exists()
    assert (study_folder / "pictures" / "P3.png").is_file()


def test_an_area_is_told_at_the_scale_of_where_the_outline_lies_before_it_is_finished(
    li: Reader, study_folder: Path
) -> None:
    """Two pictures on one screen: 0.2 mm a pixel on the left, 0.3 x 0.4 mm from column 32 on."""
    left, right = region((0, 0, 31, SIDE - 1), 0.02), region((32, 0, SIDE - 1, SIDE - 1), 0.04, PhysicalDeltaY=0.03)
    folder = study_folder / "screen"
    folder.mkdir()
    grey = np.asarray(Image.open(study_folder / "pictures" / "P3.png")).tobytes()
    write_dicom(folder / "P1.dcm", grey, size=(SIDE, SIDE), SequenceOfUltrasoundRegions=[left, right])
    made = li.client.post("/api/v1/cohorts", json={"source": str(folder), "start": "blank"}).json()
    images = li.get(f"/{made['id']}/images")["items"]
    path = f"/{made['id']}/images/{images[0]['id']}"
    # the regions differ, and nothing says yet which one counts
    assert li.get(path)["mm_per_pixel"] is None
    for version, (column, size) in enumerate([(48, (0.3, 0.4)), (12, (0.2, 0.2))]):
        mask = disc(30, column, 7)
        drawn = li.draw(path, version, mask)
        assert drawn["state"] == "todo"
        assert drawn["mm_per_pixel"] == pytest.approx(size)
        assert drawn["mask"]["area_mm2"] == pytest.approx(mask.sum() * size[0] * size[1])


def test_names_of_readers_survive_a_cookie(client: TestClient) -> None:
    assert client.get("/api/v1/reader").json() == {"name": "local", "chosen": False, "free": True}
    assert client.put("/api/v1/reader", json={"name": " 李 明 "}).json()["name"] == "李 明"
    assert client.get("/api/v1/reader").json() == {"name": "李 明", "chosen": True, "free": True}
    client.cookies.clear()
    for bad in ("", "second_mask", "a;b", "x" * 65, "a\nb"):
        assert client.put("/api/v1/reader", json={"name": bad}).status_code in (401, 422)
    assert quote("李") not in client.cookies


def test_a_page_of_one_reader_keeps_nothing_under_the_name_that_another_window_chose(li: Reader, cohort: str) -> None:
    path, mask = of_patient(li, cohort, "P3"), disc(20, 40, 7)
    assert li.client.put("/api/v1/reader", json={"name": "吴 Wu"}).status_code == 200
    # what the window of Li sends, which was opened before
    shown = {"If-Match": '"0"', "X-Reader": quote("Li")}
    body = {"rows": SIDE, "columns": SIDE, "runs": runs_of(mask)}
    answer = li.client.put(f"/api/v1/cohorts{path}/mask", json=body, headers=shown)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "other_reader"
    assert "吴 Wu" in answer.json()["error"]["message"]
    assert li.get(path)["mask"]["origin"] != "own"
    own = {"If-Match": '"0"', "X-Reader": quote("吴 Wu")}
    assert li.client.put(f"/api/v1/cohorts{path}/mask", json=body, headers=own).status_code == 200
