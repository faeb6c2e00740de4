"""A patient is opened once, whatever its images are given as; the mask in the prediction is the one that was scored."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest
from PIL import Image

from images.dicom_writer import write_dicom
from sonoher2.bundle.load import Bundle, load_bundle
from sonoher2.core.errors import InputError, UsageError
from sonoher2.predict.case import Case
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.scoring import predict_patient
from sonoher2.predict.views import case_views
from sonoher2.report.page.case_page import write_case_page


@pytest.fixture(scope="module")
def bundle(finished) -> Bundle:
    return load_bundle(finished.run / "bundle")


@pytest.fixture(scope="module")
def files(finished) -> tuple[Path, Path, float]:
    """Image, mask and mm per pixel."""
    row = pd.read_csv(finished.file.parent / "images.csv").iloc[0]
    return finished.file.parent / row["image"], finished.file.parent / row["mask"], float(row["mm_per_pixel"])


def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each costly function is called."""
    calls: Counter[str] = Counter()

    def count(place: str) -> None:
        module, name = place.rsplit(".", 1)
        real = getattr(__import__(module, fromlist=[name]), name)

        def counting(*given: object, **named: object) -> object:
            calls[name] += 1
            return real(*given, **named)

        monkeypatch.setattr(place, counting)

    for place in (
        "sonoher2.images.formats.raster.read_raster",
        "sonoher2.segmentation.segment.segment_picture",
        "sonoher2.predict.case.cleared",
        "sonoher2.predict.case.image_quality",
        "sonoher2.predict.case.measure_lesion",
        "sonoher2.predict.case.fingerprint",
    ):
        count(place)
    return calls


def test_a_prediction_with_its_page_reads_outlines_and_measures_each_image_once(
    bundle: Bundle, files: tuple[Path, Path, float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = bundle.schema.reading.model_copy(update={"enhance": "gan"})
    clearing = replace(bundle, schema=bundle.schema.model_copy(update={"reading": reading}))
    calls = counted(monkeypatch)
    image, _, size = files
    case = Case(clearing, PatientInput((ImageInput(image, (), size),), {"age": "61"}))
    prediction = predict_patient(clearing, case)
    views = case_views(case, prediction)
    write_case_page(tmp_path / "case.html", prediction, views, case.patient)
    assert calls == dict.fromkeys(
        ("read_raster", "segment_picture", "cleared", "image_quality", "measure_lesion", "fingerprint"), 1
    )
    assert views[0].lesion is case.images[0].lesion.mask


def test_what_nobody_asks_for_is_not_computed(
    bundle: Bundle, files: tuple[Path, Path, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted(monkeypatch)
    image, mask, size = files
    predict_patient(bundle, PatientInput((ImageInput(image, (mask,), size),)))
    assert calls == {"read_raster": 1, "image_quality": 1, "measure_lesion": 1}


def test_path_bytes_dataset_and_array_give_the_same_answer(
    bundle: Bundle, files: tuple[Path, Path, float], tmp_path: Path
) -> None:
    image, mask, size = files
    grey, marked = (np.asarray(Image.open(path).convert("L")) for path in (image, mask))
    dataset = pydicom.dcmread(write_dicom(tmp_path / "image.dcm", grey.tobytes(), size=grey.shape))
    of_mask = pydicom.dcmread(write_dicom(tmp_path / "mask.dcm", marked.tobytes(), size=marked.shape))
    given = {
        "path": ImageInput(image, (mask,), size),
        "text": ImageInput(str(image), (str(mask),), size),
        "bytes": ImageInput(image.read_bytes(), (mask.read_bytes(),), size),
        "DICOM bytes": ImageInput((tmp_path / "image.dcm").read_bytes(), (marked > 0,), size),
        "dataset": ImageInput(dataset, (of_mask,), size),
        "array": ImageInput(grey, (marked > 0,), size),
        "colours": ImageInput(np.stack([grey] * 3, axis=2), (marked,), (size, size)),
    }
    answers = {kind: predict_patient(bundle, PatientInput((one,), {"age": "61"})) for kind, one in given.items()}
    for answer in answers.values():
        assert answer.scores == answers["path"].scores
        np.testing.assert_array_equal(answer.masks[0].pixels, marked > 0)


def test_the_mask_in_the_prediction_is_the_one_that_was_scored(bundle: Bundle, files: tuple[Path, Path, float]) -> None:
    image, mask, size = files
    outlined = predict_patient(bundle, PatientInput((ImageInput(image, (), size),)))
    [found] = outlined.masks
    assert (found.origin, found.image) == ("segmented", image.name)
    assert 0.5 <= found.confidence <= 1
    again = predict_patient(bundle, PatientInput((ImageInput(image, (found.pixels,), size),)))
    assert again.scores == outlined.scores
    assert (again.masks[0].origin, again.masks[0].confidence) == ("given", None)
    by_hand = predict_patient(bundle, PatientInput((ImageInput(image, (mask,), size),)))
    assert by_hand.scores != outlined.scores
    np.testing.assert_array_equal(by_hand.masks[0].pixels, np.asarray(Image.open(mask)) > 0)


def test_each_image_keeps_its_own_mask_and_name(bundle: Bundle, files: tuple[Path, Path, float]) -> None:
    image, mask, size = files
    small = np.asarray(Image.open(mask)) > 0
    rows = np.flatnonzero(small.any(axis=1))
    small[: rows[len(rows) // 2]] = False
    grey = np.asarray(Image.open(image).convert("L"))
    views = (
        ImageInput(image, (mask,), size),
        ImageInput(grey, (small,), size),
        ImageInput(grey, (small,), size, name="b"),
    )
    prediction = predict_patient(bundle, PatientInput(views))
    assert [one.image for one in prediction.masks] == [image.name, "image 2", "b"]
    assert prediction.masks[1].area == np.count_nonzero(small) < prediction.masks[0].area


def test_where_a_dicom_image_came_from_is_kept_and_no_patient(
    bundle: Bundle, files: tuple[Path, Path, float], tmp_path: Path
) -> None:
    image, mask, size = files
    grey = np.asarray(Image.open(image).convert("L"))
    path = write_dicom(tmp_path / "image.dcm", grey.tobytes(), size=grey.shape)
    dataset = pydicom.dcmread(path)
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "4711"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    case = Case(bundle, PatientInput((ImageInput(dataset, (mask,), size, name="left"),)))
    origin = case.images[0].lesion.image.provenance
    assert (origin.name, origin.frame, origin.frames) == ("left", 1, 1)
    assert origin.dicom.sop_instance == dataset.SOPInstanceUID
    assert origin.dicom.sop_class == dataset.SOPClassUID
    assert (origin.dicom.study, origin.dicom.series) == ("1.2.3.4", "1.2.3.4.5")
    prediction = predict_patient(bundle, case)
    assert prediction.masks[0].provenance == origin
    for text in (repr(case.images[0].picture.provenance), prediction.json(), prediction.text()):
        assert "Doe" not in text
        assert "4711" not in text


def test_a_case_of_another_model_is_refused(bundle: Bundle, files: tuple[Path, Path, float]) -> None:
    with pytest.raises(UsageError, match="another model"):
        predict_patient(replace(bundle), Case(bundle, PatientInput((), {"age": "61"})))


def test_an_image_for_a_model_without_images_is_refused(bundle: Bundle, files: tuple[Path, Path, float]) -> None:
    schema = bundle.schema.model_copy(update={"reading": None, "radiomics": None})
    with pytest.raises(InputError, match=r"trained without images\. Leave the image out"):
        predict_patient(replace(bundle, schema=schema), PatientInput((ImageInput(files[0], (files[1],)),)))


@pytest.mark.parametrize("crop", [True, False])
def test_the_screen_around_the_b_mode_image_is_cut_off_where_the_model_does_so(
    bundle: Bundle, files: tuple[Path, Path, float], crop: bool
) -> None:
    path, mask, _ = files
    grey, drawn = np.asarray(Image.open(path).convert("L")), np.asarray(Image.open(mask).convert("L"))
    screen, lesion = (np.pad(part, ((60, 40), (50, 30))) for part in (grey, drawn))
    assert bundle.schema.reading is not None
    reading = bundle.schema.reading.model_copy(update={"crop_to_b_mode": crop})
    other = replace(bundle, schema=bundle.schema.model_copy(update={"reading": reading}))
    image = ImageInput(screen, (lesion > 0,), mm_per_pixel=0.3, name="screen")
    (opened,) = Case(other, PatientInput((image,))).images
    size = opened.lesion_as_taken.image.pixels.shape
    assert np.count_nonzero(opened.lesion_as_taken.mask) == np.count_nonzero(drawn)
    np.testing.assert_allclose(size, grey.shape if crop else screen.shape, atol=12 if crop else 0)
