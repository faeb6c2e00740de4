"""A small study on disk whose pixels and masks are known."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from drawn_by_hand import disc, speckle, write_mask_file
from readers_by_hand import Reader
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.context.services import Services

PATIENTS = 12


@pytest.fixture
def study_folder(tmp_path: Path) -> Path:
    """Twelve patients with one image each; the first has a mask, the second a mask and a second reader's."""
    folder = tmp_path / "hospital"
    (folder / "pictures").mkdir(parents=True)
    rows = ["ID,file,outline,outline2,Hospital,cm"]
    for number in range(1, PATIENTS + 1):
        name = f"P{number}"
        Image.fromarray(speckle(disc(30, 32, 14), number)).save(folder / "pictures" / f"{name}.png")
        outline = "drawn/P1.png" if number == 1 else "drawn/P2.png" if number == 2 else ""
        second = "drawn/P2b.png" if number == 2 else ""
        rows.append(f"{name},pictures/{name}.png,{outline},{second},{'A' if number % 2 else 'B'},0.01")
    write_mask_file(folder / "drawn" / "P1.png", disc(30, 32, 14))
    write_mask_file(folder / "drawn" / "P2.png", disc(30, 32, 13))
    write_mask_file(folder / "drawn" / "P2b.png", disc(30, 32, 10))
    (folder / "images.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    clinical = ["ID,age,her2", *(f"P{n},{40 + n},{'yes' if n % 3 == 0 else 'no'}" for n in range(1, PATIENTS + 1))]
    (folder / "clinical.csv").write_text("\n".join(clinical) + "\n", encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return folder


STUDY = """
title: Twelve patients
images:
  table: images.csv
  patient_id: ID
  image: file
  mask: outline
  second_mask: outline2
  site: Hospital
  mm_per_pixel: cm
  mm_per_pixel_scale: 10
  near_duplicates: false
clinical:
  table: clinical.csv
  patient_id: ID
  columns:
    age: {kind: number, timing: pre-biopsy}
target: {column: her2, positive: yes}
split: {kind: site, column: Hospital, test: [B]}
regions: segment-missing
radiomics: {filters: [original]}
selection: {icc: 0.75}
"""


@pytest.fixture
def li(settings: ServerSettings, services: Services) -> Reader:
    return Reader(settings, services, "Li")


@pytest.fixture
def wu(settings: ServerSettings, services: Services) -> Reader:
    return Reader(settings, services, "吴 Wu")


@pytest.fixture
def cohort(li: Reader, study_folder: Path) -> str:
    """Address of a cohort of the twelve patients."""
    answer = li.client.post("/api/v1/cohorts", json={"source": str(study_folder / "study.yaml")})
    assert answer.status_code == 201, answer.text
    assert answer.json()["images"] == 12
    return f"/{answer.json()['id']}"
