"""Patients whose images a network was trained on are found by their images."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from sonoher2.cohort.load import load_cohort
from sonoher2.config.load import load_study
from sonoher2.core.files import file_sha256
from sonoher2.engine import local_context
from sonoher2.images.fingerprint import fingerprint, images_file, write_training_images
from sonoher2.images.read import read_image
from sonoher2.networks.own import OwnNetwork, Weights
from sonoher2.study.measure import trained_on as module
from sonoher2.study.measure.trained_on import network_hashes, patients_trained_on
from sonoher2.synthetic.demo import write_demo_cohort


def test_patients_are_found_by_their_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = load_study(write_demo_cohort(tmp_path / "cohort", patients=5, seed=1, size=(128, 128)))
    study = study.model_copy(update={"enhance": "gan"})
    images = load_cohort(study).images.drop_duplicates("patient_id").reset_index(drop=True)
    weights = tmp_path / "own.safetensors"
    weights.write_bytes(b"weights")
    write_training_images(weights, [fingerprint(read_image(path).pixels) for path in images["image"][:2]])
    own = OwnNetwork(Weights(str(weights), file_sha256(weights), str(images_file(weights))))
    again = tmp_path / "again.jpg"
    Image.open(images.at[1, "image"]).convert("L").save(again, quality=80)
    images.at[1, "image"] = str(again)
    monkeypatch.setattr(module, "used_networks", lambda study, segmented, networks: {"enhancer": own})
    context = local_context(tmp_path / "cache", 1)
    for _ in range(2):
        found = patients_trained_on(study, images, images[:0], context)
        assert found == {"enhancer": frozenset(images["patient_id"][:2])}
    assert list(network_hashes(study, images[:0])) == ["enhancer"]
    monkeypatch.undo()
    assert patients_trained_on(study, images, images[:0], context) == {"enhancer": frozenset()}
