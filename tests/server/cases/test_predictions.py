"""Predictions of a case: the same as those of the command line, kept side by side."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import select

from images.dicom_writer import region, write_dicom
from server_by_hand import png_of
from sonoher2.bundle.load import load_bundle
from sonoher2.config.target import ColumnTarget
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.scoring import predict_patient
from sonoher2.segmentation.shipped import SHIPPED_SHA256
from sonoher2.server.cases.service import sweep_cases
from sonoher2.server.context.services import Services
from sonoher2.server.storage.tables_cases import MaskRow
from sonoher2.server.work.fields import facts_of

if TYPE_CHECKING:
    from conftest import FinishedStudy

CLINICAL = {"age": "52", "menopause": "yes", "nodes": "cN1"}


@pytest.fixture
def place(finished: FinishedStudy) -> tuple[Path, Path]:
    folder = Path(finished.file).parent
    return folder / "images" / "SYN0003_radial.png", folder / "masks" / "SYN0003_radial.png"


@pytest.fixture
def ready(client: TestClient, bundle: str, place: tuple[Path, Path]) -> str:
    """A case with the true mask of a patient."""
    made = client.post(
        "/api/v1/cases", files={"image": ("SYN0003_radial.png", place[0].read_bytes())}, data={"bundle": bundle}
    )
    case = f"/api/v1/cases/{made.json()['id']}"
    patch = {"clinical": CLINICAL, "mm_per_pixel": 0.4, "name": "<b>Anna</b>"}
    assert client.patch(case, json=patch, headers={"If-Match": '"1"'}).status_code == 200
    mask = np.asarray(Image.open(place[1]).convert("L")) > 0
    buffer = io.BytesIO()
    Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(buffer, "PNG")
    headers = {"If-Match": '"2"', "Content-Type": "image/png"}
    assert client.put(f"{case}/mask", content=buffer.getvalue(), headers=headers).status_code == 200
    return case


def test_a_prediction_says_whether_it_is_of_the_her2_status(
    client: TestClient, ready: str, finished: FinishedStudy
) -> None:
    assert client.post(f"{ready}/predictions").json()["her2"] is True
    assert client.get(f"{ready}/predictions").json()[0]["her2"] is True
    bundle = load_bundle(Path(finished.run) / "bundle")
    target = ColumnTarget(column="pathology", positive="malignant")
    other = replace(bundle, schema=bundle.schema.model_copy(update={"target": target}))
    assert [facts_of(one).her2 for one in (bundle, other)] == [True, False]


def test_the_page_and_the_command_line_say_the_same(
    client: TestClient, ready: str, finished: FinishedStudy, place: tuple[Path, Path], services: Services, bundle: str
) -> None:
    made = client.post(f"{ready}/predictions")
    assert made.status_code == 201, made.text
    found = made.json()
    image = ImageInput(place[0], (place[1],), 0.4)
    expected = json.loads(
        predict_patient(load_bundle(Path(finished.run) / "bundle"), PatientInput((image,), CLINICAL)).json()
    )
    assert found["prediction"] == expected
    assert json.loads(client.get(f"{ready}/predictions/1/prediction.json").text) == expected
    assert found["nomogram"]["total"] == expected["explanation"]["total_points"]
    assert [(one["variable"], one["points"]) for one in found["nomogram"]["points"]] == [
        (one["variable"], one["points"]) for one in expected["explanation"]["points"]
    ]
    case = client.get(ready).json()
    assert (found["number"], found["mask_sha256"], found["bundle"]) == (1, case["mask"]["sha256"], bundle)
    assert (case["predictions"], case["version"]) == (1, 3)
    row = list(services.audit.rows())[-1]
    assert (row.action, row.subject, row.mask_sha256, row.bundle_sha256, row.outcome) == (
        "predict", case["id"], case["mask"]["sha256"], bundle, "done",
    )  # fmt: skip


def test_the_picture_and_the_page_show_what_was_scored(client: TestClient, ready: str) -> None:
    found = client.post(f"{ready}/predictions").json()
    (image,) = found["images"]
    assert (image["left"], image["top"], image["rows"], image["columns"]) == (0, 0, 80, 80)
    assert image["heat"] is None
    assert client.get(f"{ready}/predictions/1/heat.png").status_code == 404
    answer = client.get(image["view"])
    # a prediction never changes, and neither does its picture
    assert "immutable" in answer.headers["cache-control"]
    with Image.open(io.BytesIO(answer.content)) as view:
        colours = np.asarray(view).astype(int)
    with Image.open(io.BytesIO(client.get(f"{ready}/mask.png").content)) as shown:
        mask = np.asarray(shown) > 0
    marked = np.ptp(colours, axis=2) > 0
    assert marked.any()
    assert not (marked & ~mask).any()
    page = client.get(found["page"])
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "<b>Anna</b>" not in page.text
    assert "&lt;b&gt;Anna&lt;/b&gt;" in page.text
    assert client.get(found["page"]).content == page.content


def test_the_size_of_a_pixel_that_a_user_gives_goes_into_the_answer(client: TestClient, ready: str) -> None:
    first = client.post(f"{ready}/predictions").json()
    assert client.patch(ready, json={"mm_per_pixel": [0.2, 0.3]}, headers={"If-Match": '"3"'}).status_code == 200
    second = client.post(f"{ready}/predictions").json()
    assert (first["mm_per_pixel"], second["mm_per_pixel"]) == ([0.4, 0.4], [0.2, 0.3])
    assert first["mask_sha256"] == second["mask_sha256"]


def test_a_lesion_beside_the_part_with_a_scale_is_not_scored_in_its_millimetres(
    client: TestClient, bundle: str, place: tuple[Path, Path], finished: FinishedStudy, tmp_path: Path
) -> None:
    """The file has a scale for its first four columns, where the lesion is not: only the user can give one."""
    grey = np.asarray(Image.open(place[0]).convert("L"))
    path = write_dicom(
        tmp_path / "a.dcm", grey.tobytes(), size=(80, 80), SequenceOfUltrasoundRegions=[region((0, 0, 3, 79), 0.04)]
    )
    made = client.post("/api/v1/cases", files={"image": ("a.dcm", path.read_bytes())}, data={"bundle": bundle}).json()
    assert made["image"]["mm_per_pixel"] == pytest.approx([0.4, 0.4])
    case = f"/api/v1/cases/{made['id']}"
    assert client.patch(case, json={"clinical": CLINICAL}, headers={"If-Match": '"1"'}).status_code == 200
    mask = np.where(np.asarray(Image.open(place[1]).convert("L")) > 0, 255, 0).astype(np.uint8)
    headers = {"If-Match": '"2"', "Content-Type": "image/png"}
    assert client.put(f"{case}/mask", content=png_of(mask), headers=headers).status_code == 200
    refused = client.post(f"{case}/predictions")
    assert (refused.status_code, "nothing says how large a pixel is" in refused.text) == (422, True)
    assert client.patch(case, json={"mm_per_pixel": 0.5}, headers={"If-Match": '"3"'}).status_code == 200
    found = client.post(f"{case}/predictions").json()
    assert found["mm_per_pixel"] == [0.5, 0.5]
    image = ImageInput(path, (place[1],), 0.5)
    expected = predict_patient(load_bundle(Path(finished.run) / "bundle"), PatientInput((image,), CLINICAL))
    assert found["prediction"]["scores"] == json.loads(expected.json())["scores"]


def test_old_and_new_answers_stand_side_by_side(client: TestClient, ready: str) -> None:
    first = client.post(f"{ready}/predictions").json()
    runs = client.get(f"{ready}/mask").json()
    mask = np.repeat(np.arange(len(runs["runs"])) % 2, runs["runs"]).reshape(80, 80)
    mask[:, int(np.flatnonzero(mask.any(axis=0)).mean()) :] = 0
    flat = mask.ravel()
    ends = [0, *(np.flatnonzero(np.diff(flat)) + 1).tolist(), flat.size]
    body = {"rows": 80, "columns": 80, "runs": np.diff(ends).tolist()}
    assert client.put(f"{ready}/mask", json=body, headers={"If-Match": '"3"'}).status_code == 200
    second = client.post(f"{ready}/predictions").json()
    assert client.get(f"{ready}/predictions").json() == [first, second]
    assert first["mask_sha256"] != second["mask_sha256"]
    scores = [
        next(one["probability"] for one in found["prediction"]["scores"] if one["signature"] == "Radiomics")
        for found in (first, second)
    ]
    assert scores[0] != scores[1]
    # the page of the first answer is made of the first outline, though it is asked for only now
    assert client.get(first["page"]).status_code == 200


def test_an_outline_of_the_segmenter_is_said_to_be_one(client: TestClient, ready: str) -> None:
    outlined = client.post(f"{ready}/outline", json={}).json()
    found = client.post(f"{ready}/predictions").json()["prediction"]
    assert found["masks"] == [
        {
            "image": "SYN0003_radial.png", "origin": "segmented", "confidence": outlined["mask"]["confidence"],
            "pixels": outlined["mask"]["area_px"],
        }
    ]  # fmt: skip
    assert "OUTLINE_AUTOMATIC" in [one["code"] for one in found["findings"]]


@pytest.mark.parametrize(
    ("made", "origin"),
    [
        (f"{SHIPPED_SHA256}:whole", "segmented"),
        (f"{SHIPPED_SHA256}:box", "segmented"),
        # as older versions kept it
        (None, "segmented"),
        (f"{SHIPPED_SHA256}:b-mode", "given"),
        (f"{'0' * 64}:whole", "given"),
        (f"{'0' * 64}:box", "given"),
    ],
)
def test_an_outline_of_another_segmenter_than_the_models_is_not_said_to_be_its_own(
    client: TestClient, ready: str, services: Services, bundle: str, made: str | None, origin: str
) -> None:
    assert client.get(f"/api/v1/bundles/{bundle}").json()["segmenter"] == f"{SHIPPED_SHA256}:whole"
    outlined = client.post(f"{ready}/outline", json={}).json()["mask"]
    assert outlined["segmenter"] == f"{SHIPPED_SHA256}:whole"
    with services.database.session() as session:
        session.scalars(select(MaskRow)).one().segmenter = made
    [mask] = client.post(f"{ready}/predictions").json()["prediction"]["masks"]
    assert (mask["origin"], mask["pixels"]) == (origin, outlined["area_px"])
    assert mask.get("confidence") == (outlined["confidence"] if origin == "segmented" else None)


def test_an_outline_that_is_drawn_anew_while_a_prediction_is_made_keeps_the_scored_one(
    client: TestClient, ready: str, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, body = services.pool.run, client.get(f"{ready}/mask").json()

    def drawn_meanwhile(task: Any, *given: Any) -> Any:
        found = done(task, *given)
        monkeypatch.setattr(services.pool, "run", done)
        other = body | {"runs": [0, body["rows"] * body["columns"]]}
        assert client.put(f"{ready}/mask", json=other, headers={"If-Match": '"3"'}).status_code == 200
        return found

    monkeypatch.setattr(services.pool, "run", drawn_meanwhile)
    assert client.post(f"{ready}/predictions").status_code == 201
    sweep_cases(services)
    assert client.get(f"{ready}/predictions/1/page.html").status_code == 200


def test_values_that_cannot_be_are_all_named(client: TestClient, ready: str, services: Services) -> None:
    patch = {"clinical": {"age": "<i>old</i>", "menopause": "perhaps"}}
    client.patch(ready, json=patch, headers={"If-Match": '"3"'})
    refused = client.post(f"{ready}/predictions")
    assert refused.status_code == 422
    error = refused.json()["error"]
    assert error["code"] == "findings"
    assert {one["where"] for one in error["findings"]} == {"clinical value 'age'", "clinical value 'menopause'"}
    assert [row.outcome for row in services.audit.rows()][-1] == "refused"


def test_values_of_another_model_are_left_out(client: TestClient, ready: str) -> None:
    before = client.post(f"{ready}/predictions").json()
    client.patch(ready, json={"clinical": {**CLINICAL, "stage": "II"}}, headers={"If-Match": '"3"'})
    after = client.post(f"{ready}/predictions").json()
    assert after["prediction"] == before["prediction"]
    assert after["clinical"] == CLINICAL


def test_without_a_model_or_an_outline_there_is_no_answer(client: TestClient, case: str, bundle: str) -> None:
    refused = client.post(f"{case}/predictions").json()["error"]
    assert refused["message"] == "the case has no model to predict with"
    client.patch(case, json={"bundle": bundle}, headers={"If-Match": '"1"'})
    assert client.post(f"{case}/predictions").json()["error"]["message"] == "the case has no outline"


def test_the_server_says_what_its_models_take(client: TestClient, bundle: str) -> None:
    server = client.get("/api/v1/server").json()
    assert (server["user"], [one["id"] for one in server["bundles"]]) == ("local", [bundle])
    found = client.get(f"/api/v1/bundles/{bundle}").json()
    assert found["synthetic"] is True
    fields = {one["key"]: one for one in found["clinical"]}
    assert (fields["age"]["kind"], fields["age"]["unit"], fields["age"]["timing"]) == ("number", "years", "pre-biopsy")
    assert fields["age"]["low"] < 52 < fields["age"]["high"]
    assert (fields["menopause"]["kind"], fields["menopause"]["choices"]) == ("binary", ["no", "yes"])
    assert (fields["nodes"]["kind"], fields["nodes"]["choices"]) == ("ordinal", ["cN0", "cN1", "cN2"])
