"""DICOM files as scanners wrote them: opened as they are, or refused in a sentence."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from sonoher2.images.read import read_picture


@pytest.mark.slow
def test_every_dicom_file_is_opened_or_refused(client: TestClient, shared: Path) -> None:
    frames = {}
    for path in sorted((shared / "data" / "dicom" / "US").iterdir()):
        answer = client.post("/api/v1/cases", files={"image": (path.name, path.read_bytes())})
        assert answer.status_code in (201, 422), path.name
        if answer.status_code == 422:
            assert answer.json()["error"]["fix"], path.name
            continue
        case = answer.json()
        last = frames[path.name] = case["image"]["frames"]
        shown = client.get(f"/api/v1/cases/{case['id']}/frames/{last}.png")
        picture = np.asarray(Image.open(io.BytesIO(shown.content)))
        assert picture.shape == (case["image"]["rows"], case["image"]["columns"])
        np.testing.assert_array_equal(picture, np.rint(read_picture(path, last).grey))
    assert max(frames.values()) > 1
    assert len(frames) > 5
