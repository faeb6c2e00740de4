"""A model's unit goes with it: patients and cohorts are measured in it, or refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.bundle.load import Bundle, load_bundle
from sonoher2.bundle.schema import BundleSchema
from sonoher2.config.images import ImageReading
from sonoher2.config.load import load_study
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import InputError
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.scoring import predict_patient
from sonoher2.study.external import validate_bundle
from sonoher2.study.measure.extract import extract_table

AREA = "original_shape2D_PixelSurface"


@pytest.fixture
def bundle(finished) -> Bundle:
    return load_bundle(finished.run / "bundle")


def in_pixels(bundle: Bundle) -> Bundle:
    radiomics = bundle.schema.radiomics.model_copy(update={"unit": "pixels"})
    return replace(bundle, schema=bundle.schema.model_copy(update={"radiomics": radiomics}))


def one_patient(finished, *mm_per_pixel: float | None) -> PatientInput:
    """One image for each size of a pixel."""
    folder, rows = finished.file.parent, pd.read_csv(finished.file.parent / "images.csv")
    rows = rows.iloc[: len(mm_per_pixel)]
    known = zip(rows["image"], rows["mask"], mm_per_pixel, strict=True)
    return PatientInput(tuple(ImageInput(folder / image, (folder / mask,), size) for image, mask, size in known))


def unknown_sizes(finished, folder: Path) -> Path:
    """The study's cohort without the sizes of its pixels."""
    shutil.copytree(finished.file.parent, folder)
    file = folder / finished.file.name
    text = file.read_text(encoding="utf-8")
    assert "  mm_per_pixel: mm_per_pixel\n" in text
    file.write_text(text.replace("  mm_per_pixel: mm_per_pixel\n", ""), encoding="utf-8")
    return file


def test_features_and_lesion_sizes_of_a_study_are_in_millimetres(finished, bundle: Bundle) -> None:
    assert bundle.schema.radiomics.unit == "mm"
    assert json.loads((finished.run / "run.json").read_text())["settings"]["radiomics"]["unit"] == "mm"
    images = pd.read_csv(finished.file.parent / "images.csv")
    measured = pd.read_csv(finished.run / "features.csv")
    pixels = [(np.asarray(Image.open(finished.file.parent / mask)) > 0).sum() for mask in images["mask"]]
    area = pixels * images["mm_per_pixel"] ** 2
    expected = dict(zip([Path(image).name for image in images["image"]], area, strict=True))
    np.testing.assert_allclose(measured[AREA], measured["image"].map(expected), rtol=1e-9)
    patients = finished.result.cohort.patients
    mean_area = area.groupby(images["patient_id"]).mean().loc[patients.index]
    np.testing.assert_allclose(patients["lesion diameter (mm)"], 2 * np.sqrt(mean_area / np.pi), atol=0.051)
    assert "lesion diameter (pixels)" not in patients


def test_a_patient_of_unknown_size_is_refused_by_a_model_in_mm(finished, bundle: Bundle) -> None:
    patient = one_patient(finished, None, None)
    with pytest.raises(InputError, match="in mm, and nothing says how large a pixel is") as refused:
        predict_patient(bundle, patient)
    assert all(str(given.image) in str(refused.value) for given in patient.images)


def test_a_model_in_pixels_measures_in_pixels_and_says_so(finished, bundle: Bundle) -> None:
    model = in_pixels(bundle)
    unknown = predict_patient(model, one_patient(finished, None))
    known = predict_patient(model, one_patient(finished, 0.15))
    assert known.scores == unknown.scores
    assert any("measures lesions in pixels" in warning for warning in known.warnings)
    assert not any("measures lesions in pixels" in warning for warning in unknown.warnings)


def test_a_bundle_of_before_there_was_a_unit_measures_in_pixels(bundle: Bundle) -> None:
    old = json.loads(bundle.schema.model_dump_json())
    del old["radiomics"]["unit"]
    assert BundleSchema.model_validate(old).radiomics.unit == "pixels"
    old["radiomics"]["resample_mm"] = 0.1
    assert BundleSchema.model_validate(old).radiomics.unit == "mm"
    assert BundleSchema.model_validate({**old, "radiomics": None}).radiomics is None


def test_each_view_may_have_its_own_pixel_size(finished, bundle: Bundle) -> None:
    sound = one_patient(finished, 0.15, 0.2)
    assert predict_patient(bundle, sound).images == 2
    for sizes, wrong in (((0.15, 5.0), 1), ((5.0, 0.15), 0)):
        with pytest.raises(InputError, match="5 mm per pixel is impossible") as refused:
            predict_patient(bundle, one_patient(finished, *sizes))
        assert sound.images[wrong].image.name in str(refused.value)


def test_a_cohort_of_unknown_sizes_is_refused_by_a_model_in_mm(finished, bundle: Bundle, tmp_path: Path) -> None:
    file = unknown_sizes(finished, tmp_path / "cohort")
    with pytest.raises(InputError, match=r"the model measures lesions in mm, and the size of a pixel is unknown for"):
        validate_bundle(bundle, load_study(file), tmp_path / "out", jobs=1)


def table_of_images(folder: Path, sizes: list[str]) -> Path:
    rng = np.random.default_rng(0)
    rows = ["patient_id,image,mask,mm_per_pixel"]
    for k, size in enumerate(sizes):
        mask = np.zeros((30, 40), np.uint8)
        mask[5 : 15 + k, 10:30] = 255
        Image.fromarray(rng.integers(1, 255, mask.shape).astype(np.uint8)).save(folder / f"{k}.png")
        Image.fromarray(mask).save(folder / f"{k}_mask.png")
        rows.append(f"p{k},{k}.png,{k}_mask.png,{size}")
    (folder / "images.csv").write_text("\n".join(rows))
    return folder / "images.csv"


@pytest.mark.parametrize(
    ("sizes", "asked", "unit", "areas"),
    [
        (["0.1", "0.2"], None, "mm", [200 * 0.01, 220 * 0.04]),
        (["0.1", "0.2"], "pixels", "pixels", [200, 220]),
        (["0.1", ""], None, "pixels", [200, 220]),
        (["", ""], None, "pixels", [200, 220]),
    ],
)
def test_a_table_is_measured_in_one_unit(
    sizes: list[str], asked: str | None, unit: str, areas: list[float], tmp_path: Path
) -> None:
    table, out = table_of_images(tmp_path, sizes), tmp_path / "features.csv"
    settings = RadiomicsConfig.model_validate({"unit": asked})
    done = extract_table(table, out, settings, data=None, reading=ImageReading(), workers=1)
    assert (done.images, done.unit, done.problems) == (2, unit, [])
    assert pd.read_csv(out)[AREA].tolist() == pytest.approx(areas)
    warned = [finding.what for finding in done.findings if "size of a pixel" in finding.what]
    assert bool(warned) == ("" in sizes)


def test_a_table_in_mm_needs_every_size(tmp_path: Path) -> None:
    table = table_of_images(tmp_path, ["0.1", "", ""])
    settings = RadiomicsConfig(unit="mm")
    with pytest.raises(InputError, match=r"unknown for 2 of 3 images \(1\.png, 2\.png\)"):
        extract_table(table, tmp_path / "features.csv", settings, data=None, reading=ImageReading(), workers=1)
