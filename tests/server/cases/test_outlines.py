"""Outlines: found, drawn, given back pixel for pixel."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from server_by_hand import png_of
from sonoher2.segmentation.shipped import SHIPPED_PROMPTED_SHA256
from sonoher2.server.cases.service import sweep_cases
from sonoher2.server.context.services import Services

SHAPE = (120, 160)


def blob_of_pixels(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(SHAPE) < 0.3


def runs(mask: np.ndarray) -> list[int]:
    """Lengths of runs, counted one pixel at a time."""
    lengths, inside = [0], False
    for value in mask.ravel():
        if bool(value) is not inside:
            lengths.append(0)
            inside = bool(value)
        lengths[-1] += 1
    return lengths


def stored(client: TestClient, case: str) -> np.ndarray:
    with Image.open(io.BytesIO(client.get(f"{case}/mask.png").content)) as image:
        assert image.mode == "L"
        values = np.asarray(image)
    assert set(np.unique(values)) <= {0, 255}
    return values == 255


@pytest.mark.parametrize("corner", [True, False])
@pytest.mark.parametrize("form", ["png", "bits", "runs"])
def test_the_mask_that_is_stored_is_the_one_that_was_sent(
    client: TestClient, case: str, form: str, corner: bool
) -> None:
    mask = blob_of_pixels(1)
    mask[0, 0] = corner
    if form == "runs":
        sent = client.put(
            f"{case}/mask", json={"rows": 120, "columns": 160, "runs": runs(mask)}, headers={"If-Match": '"1"'}
        )
    else:
        values = np.where(mask, 255, 0).astype(np.uint8) if form == "png" else mask
        headers = {"If-Match": '"1"', "Content-Type": "image/png"}
        sent = client.put(f"{case}/mask", content=png_of(values), headers=headers)
    assert sent.status_code == 200, sent.text
    found = sent.json()
    assert (found["version"], found["mask"]["origin"], found["mask"]["confidence"]) == (2, "drawn", None)
    assert found["mask"]["segmenter"] is None
    assert found["mask"]["area_px"] == int(mask.sum())
    np.testing.assert_array_equal(stored(client, case), mask)
    assert client.get(f"{case}/mask").json() == {"rows": 120, "columns": 160, "runs": runs(mask)}
    assert found["mask"]["sha256"] == hashlib.sha256(client.get(f"{case}/mask.png").content).hexdigest()


def test_an_empty_and_a_full_mask_are_kept_too(client: TestClient, case: str) -> None:
    for version, (lengths, area) in enumerate([([19_200], 0), ([0, 19_200], 19_200)], start=1):
        body = {"rows": 120, "columns": 160, "runs": lengths}
        sent = client.put(f"{case}/mask", json=body, headers={"If-Match": f'"{version}"'})
        assert sent.json()["mask"]["area_px"] == area == int(stored(client, case).sum())
        assert client.get(f"{case}/mask").json() == body


def test_square_millimetres_are_those_of_both_sides(client: TestClient, case: str) -> None:
    client.patch(case, json={"mm_per_pixel": [0.1, 0.25]}, headers={"If-Match": '"1"'})
    body = {"rows": 120, "columns": 160, "runs": [10, 200, 18_990]}
    mask = client.put(f"{case}/mask", json=body, headers={"If-Match": '"2"'}).json()["mask"]
    assert mask["area_mm2"] == pytest.approx(200 * 0.1 * 0.25)


GREY = np.zeros(SHAPE, dtype=np.uint8)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("image/png", png_of(GREY.T.copy())),
        ("image/png", png_of(np.stack([GREY] * 3, axis=2))),
        ("image/png", png_of(np.full(SHAPE, 128, dtype=np.uint8))),
        ("image/png", b"no picture"),
        ("image/png", png_of(GREY)[:60]),
        ("application/json", b'{"rows": 120, "columns": 160, "runs": [19199]}'),
        ("application/json", b'{"rows": 120, "columns": 160, "runs": [19201]}'),
        ("application/json", b'{"rows": 160, "columns": 120, "runs": [19200]}'),
        ("application/json", b'{"rows": 120, "columns": 160, "runs": [-1, 19201]}'),
        ("application/json", b'{"rows": 120, "columns": 160, "runs": []}'),
        ("application/json", b"["),
        ("text/plain", b"x"),
    ],
)
def test_what_is_no_mask_of_this_picture_is_refused(client: TestClient, case: str, kind: str, body: bytes) -> None:
    sent = client.put(f"{case}/mask", content=body, headers={"If-Match": '"1"', "Content-Type": kind})
    assert (sent.status_code, sent.json()["error"]["code"]) == (422, "input")
    assert client.get(case).json()["version"] == 1


def test_the_segmenter_outlines_the_lesion(client: TestClient, case: str, services: Services) -> None:
    found = client.post(f"{case}/outline", json={}).json()
    assert found["finding"] is None
    assert (found["mask"]["origin"], found["version"]) == ("segmented", 2)
    assert 0.5 < found["mask"]["confidence"] <= 1
    mask = stored(client, case)
    assert found["mask"]["area_px"] == int(mask.sum())
    down, across = np.mgrid[:120, :160]
    true = ((down - 60) / 25) ** 2 + ((across - 80) / 40) ** 2 < 1
    assert 2 * (mask & true).sum() / (mask.sum() + true.sum()) > 0.8
    row = list(services.audit.rows())[-1]
    assert (row.action, row.mask_sha256, row.outcome) == ("outline", found["mask"]["sha256"], "done")


def test_within_a_box_nothing_outside_is_outlined(client: TestClient, case: str) -> None:
    boxed = client.post(f"{case}/outline", json={"box": [30, 20, 90, 110]}).json()["mask"]
    assert boxed["segmenter"] == f"{SHIPPED_PROMPTED_SHA256}:box"
    mask = stored(client, case)
    assert mask[20:110, 30:90].any()
    mask[20:110, 30:90] = False
    assert not mask.any()


def test_a_click_says_which_lesion(client: TestClient) -> None:
    down, across = np.mgrid[:200, :300]
    left, right = (((down - 100) / 40) ** 2 + ((across - column) / 40) ** 2 < 1 for column in (80, 220))
    rng = np.random.default_rng(0)
    grey = np.where(left | right, 25, 140) + rng.normal(0, 12, left.shape)
    sent = png_of(grey.clip(0, 255).astype(np.uint8))
    case = f"/api/v1/cases/{client.post('/api/v1/cases', files={'image': ('a.png', sent)}).json()['id']}"
    for column, meant, other in ((80, left, right), (220, right, left)):
        found = client.post(f"{case}/outline", json={"at": [column, 100]}).json()["mask"]
        assert found["segmenter"] == f"{SHIPPED_PROMPTED_SHA256}:click"
        mask = stored(client, case)
        assert 2 * (mask & meant).sum() / (mask.sum() + meant.sum()) > 0.8
        assert not (mask & other).any()


@pytest.mark.parametrize("at", [[160, 0], [0, 120], [-1, 5], [5], [1, 2, 3]])
def test_a_click_outside_the_picture_is_refused(client: TestClient, case: str, at: list[int]) -> None:
    assert client.post(f"{case}/outline", json={"at": at}).status_code == 422


def test_a_click_and_a_box_at_once_are_refused(client: TestClient, case: str) -> None:
    answer = client.post(f"{case}/outline", json={"at": [80, 60], "box": [30, 20, 90, 110]})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "both a click and a box were given"


@pytest.mark.parametrize("box", [[0, 0, 161, 120], [0, 0, 160, 121], [50, 10, 50, 60], [10, 60, 50, 60]])
def test_a_box_outside_the_picture_is_refused(client: TestClient, case: str, box: list[int]) -> None:
    assert client.post(f"{case}/outline", json={"box": box}).status_code == 422


def test_where_no_lesion_is_found_the_outline_stays(client: TestClient) -> None:
    flat = png_of(np.full(SHAPE, 120, dtype=np.uint8))
    case = f"/api/v1/cases/{client.post('/api/v1/cases', files={'image': ('a.png', flat)}).json()['id']}"
    body = {"rows": 120, "columns": 160, "runs": [10, 200, 18_990]}
    before = client.put(f"{case}/mask", json=body, headers={"If-Match": '"1"'}).json()
    after = client.post(f"{case}/outline", json={}).json()
    assert (after["finding"], after["mask"]) == ("no_lesion", before["mask"])
    assert client.get(f"{case}/mask").json() == body
    redrawn = client.put(f"{case}/mask", json=body, headers={"If-Match": '"3"'}).json()
    assert redrawn["finding"] is None


def test_a_mask_that_was_replaced_stays_until_the_case_goes(client: TestClient, case: str, services: Services) -> None:
    def put(version: int, start: int) -> None:
        body = {"rows": 120, "columns": 160, "runs": [start, 200, 19_000 - start]}
        assert client.put(f"{case}/mask", json=body, headers={"If-Match": f'"{version}"'}).status_code == 200

    def files() -> int:
        return len([path for path in services.blobs.folder.rglob("*") if path.is_file()])

    put(1, 10)
    first = files()
    put(2, 20)
    put(3, 20)
    assert files() == first + 1
    sweep_cases(services)
    assert files() == first + 1
    assert client.get(f"{case}/mask").json()["runs"] == [20, 200, 18_980]
    assert client.delete(case).status_code == 204
    assert files() == 0
