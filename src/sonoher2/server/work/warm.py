"""Making a new worker ready: what the first task would have to wait for is done before."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoher2.bundle.load import Bundle
from sonoher2.core.errors import InputError
from sonoher2.predict.case import Case
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.scoring import predict_patient
from sonoher2.predict.views import case_views
from sonoher2.report.page.case_page import write_case_page
from sonoher2.segmentation.choose import segment_lesion
from sonoher2.segmentation.segmenter import load_segmenter
from sonoher2.server.work.models import BundlePlace
from sonoher2.server.work.open_bundles import opened_bundle

ROWS, COLUMNS, RADIUS = 240, 320, 40
MM = 0.15


def warm(bundles: Sequence[BundlePlace]) -> None:
    """Load the segmenter and the models, and use each once, on noise.

    Parameters
    ----------
    bundles
        Those that are offered.
    """
    pixels = np.random.default_rng(0).integers(0, 256, (ROWS, COLUMNS), dtype=np.uint8)
    segment_lesion(load_segmenter(), pixels.astype(np.float64))
    segment_lesion(load_segmenter(prompted=True), pixels.astype(np.float64), at=(ROWS // 2, COLUMNS // 2))
    for place in bundles:
        # a model that cannot be opened is an error of whoever asks for it, and so is one that refuses noise
        try:
            _predict(opened_bundle(place), pixels)
        except InputError:
            continue


def _predict(bundle: Bundle, pixels: NDArray[np.uint8]) -> None:
    down, across = np.ogrid[:ROWS, :COLUMNS]
    lesion = (down - ROWS // 2) ** 2 + (across - COLUMNS // 2) ** 2 < RADIUS**2
    image = ImageInput(pixels, (lesion,), MM, name="noise")
    case = Case(bundle, PatientInput((image,) if bundle.schema.reading else ()))
    prediction = predict_patient(bundle, case)
    with tempfile.TemporaryDirectory() as folder:
        write_case_page(Path(folder) / "page.html", prediction, case_views(case, prediction), case.patient)
