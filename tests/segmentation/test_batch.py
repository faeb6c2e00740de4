"""The table of outlines: areas in mm² at the place of the lesion."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from images.dicom_writer import picture, region, write_dicom
from sonoher2.images.batch import BatchImage
from sonoher2.segmentation import batch as module
from sonoher2.segmentation.batch import Outlining, segment_images


@pytest.mark.parametrize(("left", "area"), [(5, 4), (45, 16)])
def test_the_area_has_the_scale_of_the_region_in_which_the_lesion_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int, area: float
) -> None:
    regions = [region((start, 0, start + 39, 59), centimetres) for start, centimetres in ((0, 0.01), (40, 0.02))]
    image = write_dicom(tmp_path / "two.dcm", picture().tobytes(), SequenceOfUltrasoundRegions=regions)
    mask = np.zeros((60, 80), dtype=bool)
    mask[20:40, left : left + 20] = True
    monkeypatch.setattr(module, "load_segmenter", lambda weights, prompted: SimpleNamespace(sha256="none"))
    monkeypatch.setattr(
        module, "segment_lesion", lambda *what, **how: SimpleNamespace(mask=mask, found=True, confidence=0.9)
    )
    # 400 pixels of 0.1 mm, or of 0.2 mm
    table = segment_images([BatchImage(image, "two")], tmp_path / "out", Outlining(overlay=False), workers=1)
    assert table["area_pixels"].astype(int).tolist() == [400]
    assert table["area_mm2"].astype(float).round(9).tolist() == [area]


@pytest.mark.parametrize(
    ("how", "prompted"),
    [
        (Outlining(), False),
        (Outlining(weights=Path("w")), False),
        (Outlining(at=(0, 0)), True),
        (Outlining(box=(slice(0, 2), slice(0, 2)), weights=Path("w")), True),
    ],
)
def test_a_prompt_asks_for_the_segmenter_that_takes_one(
    monkeypatch: pytest.MonkeyPatch, how: Outlining, prompted: bool
) -> None:
    monkeypatch.setattr(module, "load_segmenter", lambda *given, **named: (given, named))
    assert how.segmenter() == ((how.weights,), {"prompted": prompted})
