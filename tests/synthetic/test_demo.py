from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.cohort.load import load_cohort
from sonoher2.config.load import load_study
from sonoher2.core.errors import InputError, UsageError
from sonoher2.synthetic.demo import best_possible_auc, latent_signal, write_demo_cohort

SMALL = (96, 96)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo_cohort(tmp_path_factory.mktemp("demo"), patients=12, size=SMALL).parent


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("jobs", [1, 2])
def test_same_seed_gives_the_same_bytes_from_any_number_of_processes(folder: Path, tmp_path: Path, jobs: int) -> None:
    write_demo_cohort(tmp_path, patients=12, size=SMALL, jobs=jobs)
    assert files(tmp_path) == files(folder)


# of the cohort of seed 0 as version 0.1 wrote it: its AUCs stand in papers and pages, so it stays the same cohort
ROWS = """
SYN0001,71,yes,30,11,cN0,no,0,
SYN0002,49,no,15,12,cN1,no,1+,
SYN0003,67,yes,22,15,cN0,no,0,
SYN0004,36,no,8,11,unknown,no,2+,N/A
SYN0005,45,,7,13,cN0,yes,3+,
SYN0006,58,yes,19,11,cN0,no,0,
SYN0007,46,no,13,13,not available,yes,2+,negative
SYN0008,43,no,10,not available,cN0,no,0,
SYN0009,40,no,6,not available,cN1,no,3+,
"""
# tumour, clinical, shape, texture, pattern, probability
LATENTS = [
    [0.7859068, -0.9199530, 1.5116728, 0.6053127, 0.5270708, 0.2530926],
    [0.6331978, 0.4238215, 0.6194893, 0.2978571, -0.6104309, 0.7590058],
    [0.1912873, -1.1502808, -0.5070010, 0.8116868, 0.2749052, 0.0346665],
]
# mean and standard deviation of the grey levels, mean within the lesion, pixels of the lesion
PICTURES = {
    "SYN0001_radial": (101.01, 54.88, 65.15, 664),
    "SYN0001_antiradial": (95.96, 55.77, 64.82, 631),
    "SYN0002_radial": (107.05, 58.26, 69.41, 720),
    "SYN0003_radial": (105.46, 59.91, 58.31, 791),
    "SYN0004_radial": (99.46, 53.83, 88.57, 378),
    "SYN0004_antiradial": (109.54, 53.94, 103.62, 381),
    "SYN0009_radial": (119.35, 53.43, 73.96, 557),
    "SYN0012_antiradial": (115.29, 53.47, 80.83, 861),
}
TRUTH = {
    "written_by": "sonoher2 demo", "synthetic": True, "patients": 12, "seed": 0, "intercept": -1.6,
    "coefficients": {"tumour": 3.0, "clinical": 2.0}, "marks": {"shape": 0.8, "texture": 0.6, "pattern": 0.75},
    "clinical_correlation": 0.95, "prevalence": 0.3452,
    "best_auc": {"clinical": 0.7269, "radiomics": 0.796, "deep": 0.7636, "dlr": 0.8143, "combined": 0.8976},
}  # fmt: skip


def test_tables_of_seed_0_are_those_of_the_first_version(folder: Path) -> None:
    lines = (folder / "clinical.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "patient_id,age,menopause,symptom_weeks,size_mm,nodes,family_history,her2_ihc,her2_ish"
    assert lines[1:10] == ROWS.split("\n")[1:10]
    truth = pd.read_csv(folder / "truth.csv", index_col="patient_id")
    names = ["z_tumour", "z_clinical", "z_shape", "z_texture", "z_pattern", "probability"]
    np.testing.assert_allclose(truth[names].head(3), LATENTS, atol=1e-6)
    assert truth["label"].tolist() == [0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1]
    assert json.loads((folder / "truth.json").read_text(encoding="utf-8")) == TRUTH
    images = pd.read_csv(folder / "images.csv", dtype=str)
    assert images.iloc[1].to_dict() == {
        "patient_id": "SYN0001", "image": "images/SYN0001_antiradial.png", "mask": "masks/SYN0001_antiradial.png",
        "view": "antiradial", "site": "Scanner B", "mm_per_pixel": "0.466667",
    }  # fmt: skip
    assert images["site"].iloc[::2].str[-1].tolist() == list("BBBBBBBBABAA")


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_of_seed_0_are_those_of_the_first_version(folder: Path, name: str) -> None:
    pixels, inside = read(folder / f"images/{name}.png").astype(float), read(folder / f"masks/{name}.png") > 0
    mean, deviation, within, count = PICTURES[name]
    assert (pixels.mean(), pixels.std(), pixels[inside].mean()) == pytest.approx((mean, deviation, within), abs=0.02)
    assert inside.sum() == count


def test_pictures_have_256_rows_and_no_network_is_used_unless_told(tmp_path: Path) -> None:
    file = write_demo_cohort(tmp_path / "plain", patients=1)
    assert read(tmp_path / "plain/images/SYN0001_radial.png").shape == (256, 256)
    assert load_study(file).deep is None
    assert load_study(write_demo_cohort(tmp_path / "deep", patients=1, size=(64, 64), deep=True)).deep is not None


def test_another_seed_gives_another_cohort(folder: Path, tmp_path: Path) -> None:
    write_demo_cohort(tmp_path, patients=2, seed=1, size=SMALL)
    first = "images/SYN0001_radial.png"
    assert (tmp_path / first).read_bytes() != (folder / first).read_bytes()
    assert not np.isclose(latent_signal(1, 0)["z_shape"], latent_signal(1, 1)["z_shape"]).any()


def test_fewer_patients_are_the_beginning_of_more(folder: Path, tmp_path: Path) -> None:
    write_demo_cohort(tmp_path, patients=5, size=SMALL)
    small, large = files(tmp_path), files(folder)
    for table in ("truth.csv", "clinical.csv", "images.csv"):
        assert large[table].startswith(small[table])
    pictures = [name for name in small if name.endswith(".png")]
    assert len(pictures) == 20  # an image and a mask of each of two views
    assert all(small[name] == large[name] for name in pictures)


def test_pictures_are_8_bit_and_of_the_size_asked_for(folder: Path) -> None:
    for name in pd.read_csv(folder / "images.csv")["image"]:
        pixels = read(folder / name)
        assert (pixels.shape, pixels.dtype) == (SMALL, np.dtype(np.uint8))
        assert pixels.std() > 20


def test_wide_pictures(tmp_path: Path) -> None:
    write_demo_cohort(tmp_path, patients=1, size=(64, 100))
    assert read(tmp_path / "images/SYN0001_radial.png").shape == (64, 100)
    assert read(tmp_path / "masks/SYN0001_radial.png").shape == (64, 100)


def test_masks_show_a_dark_lesion_off_the_border(folder: Path) -> None:
    for row in pd.read_csv(folder / "images.csv").itertuples():
        pixels, mask = read(folder / row.image), read(folder / row.mask)
        assert mask.shape == pixels.shape
        assert set(np.unique(mask)) == {0, 255}
        inside = mask > 0
        assert not np.any([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
        area_mm2 = inside.sum() * row.mm_per_pixel**2
        assert 30 < area_mm2 < 400
        around = np.zeros_like(inside)
        rows = np.flatnonzero(inside.any(axis=1))
        around[rows.min() : rows.max() + 1, :] = True
        assert pixels[inside].mean() < 0.8 * pixels[around & ~inside].mean()


def test_study_is_marked_as_synthetic_and_loads(folder: Path) -> None:
    study = load_study(folder / "study.yaml")
    assert study.synthetic
    assert "SYNTHETIC" in study.title
    assert "SYNTHETIC" in (folder / "README.txt").read_text(encoding="utf-8")


def test_cohort_has_the_labels_that_were_drawn(tmp_path: Path) -> None:
    cohort = load_cohort(load_study(write_demo_cohort(tmp_path, patients=60, size=(64, 64))))
    truth = pd.read_csv(tmp_path / "truth.csv", index_col="patient_id")["label"]
    assert cohort.patients["label"].to_dict() == truth[cohort.patients.index].to_dict()
    excluded = [step.left_out for step in cohort.flow if "indeterminate" in step.reason]
    assert sum(excluded) == 60 - len(cohort.patients) > 0
    assert not cohort.conflicts.size
    assert cohort.images["mm_per_pixel"].nunique() == cohort.images["site"].nunique() == 2
    assert len(cohort.images) == 2 * len(cohort.patients)
    assert cohort.patients["nodes"].isna().any()
    np.testing.assert_allclose(sorted(cohort.images["mm_per_pixel"].unique()), [38.4 / 64, 44.8 / 64])


def test_truth_names_the_best_auc(folder: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert truth["synthetic"] is True
    assert truth["best_auc"]["combined"] == pytest.approx(best_possible_auc(), abs=1e-4)
    assert truth["best_auc"]["clinical"] < truth["best_auc"]["dlr"] < truth["best_auc"]["combined"]


def test_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("title: mine", encoding="utf-8")
    with pytest.raises(InputError, match="Choose another folder"):
        write_demo_cohort(tmp_path, patients=1, size=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]


@pytest.mark.parametrize("truth", ['{"written_by": "me"}', '["sonoher2 demo"]', "no JSON"])
def test_a_folder_with_another_truth_is_refused(truth: str, tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text(truth, encoding="utf-8")
    with pytest.raises(InputError, match="Choose another folder"):
        write_demo_cohort(tmp_path, patients=1, size=SMALL)
    assert (tmp_path / "truth.json").read_text(encoding="utf-8") == truth


def test_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="Choose another folder"):
        write_demo_cohort(tmp_path / "demo", patients=1, size=SMALL)


def test_earlier_cohort_is_replaced_without_remains(folder: Path, tmp_path: Path) -> None:
    write_demo_cohort(tmp_path, patients=3, seed=5, size=SMALL)
    write_demo_cohort(tmp_path, patients=1, seed=5, size=SMALL)
    assert {name[:7] for name in (path.name for path in tmp_path.glob("*/*.png"))} == {"SYN0001"}


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        ({"patients": 0}, "0 patients"),
        ({"seed": -1}, "seed -1"),
        ({"size": (32, 32)}, "32 rows"),
        ({"size": (128, 64)}, "64 columns"),
    ],
)
def test_impossible_requests_are_refused(request_: dict, named: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=named):
        write_demo_cohort(tmp_path / "demo", **request_)
    assert not (tmp_path / "demo").exists()
