"""What is written into a bundle, and when it is left as it lies."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path

import pytest

from sonoher2.bundle.save import save_bundle
from sonoher2.bundle.schema import BundleSchema
from sonoher2.networks.own import ImageNetworks, OwnNetwork, Weights

SCHEMA = BundleSchema.model_validate(
    {
        "sonoher2": "9.8", "title": "small", "synthetic": False, "timing": "pre-biopsy", "classes": ["no", "yes"],
        "target": {"column": "status", "positive": "yes", "negative": "no"}, "signatures": ["Clinical"],
        "main": "Clinical", "thresholds": {"Clinical": {"yes": 0.5}}, "threshold_rule": "Youden", "reading": None,
        "radiomics": None, "deep": None, "clinical": {}, "training_patients": {"no": 3, "yes": 4},
    }
)  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}


def test_every_part_and_its_hash(tmp_path: Path) -> None:
    own = [Weights(str(tmp_path / name), "", str(tmp_path / f"{name}.json")) for name in ("seg", "enh")]
    for number, weights in enumerate(own):
        Path(weights.path).write_bytes(b"weights %d" % number)
        Path(weights.images).write_bytes(b"images %d" % number)
    networks = ImageNetworks(*map(OwnNetwork, own))
    save_bundle(tmp_path / "bundle", b"model", SCHEMA, b"network", b"reference", networks)
    described = (SCHEMA.model_dump_json(indent=2) + "\n").encode()
    parts = {
        "model.skops": b"model", "model.json": described, "network.skops": b"network",
        "reference.parquet": b"reference", "segmenter.safetensors": b"weights 0", "segmenter.images.json": b"images 0",
        "enhancer.safetensors": b"weights 1", "enhancer.images.json": b"images 1",
    }  # fmt: skip
    assert contents(tmp_path / "bundle") == parts
    about = json.loads((tmp_path / "bundle" / "manifest.json").read_bytes())
    assert about["format"] == 1
    assert about["files"] == {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()}
    assert about["libraries"] | {"python": platform.python_version(), "torch": version("torch")} == about["libraries"]


def test_a_plain_model_has_no_networks_and_no_training_cases(tmp_path: Path) -> None:
    save_bundle(tmp_path / "bundle", b"model", SCHEMA)
    assert set(contents(tmp_path / "bundle")) == {"model.skops", "model.json"}


@pytest.mark.parametrize(("change", "kept"), [("", True), ("model", False), ("manifest", False), ("damage", False)])
def test_the_very_same_bundle_stays_with_its_signature(tmp_path: Path, change: str, kept: bool) -> None:
    folder = tmp_path / "bundle"
    save_bundle(folder, b"model", SCHEMA)
    (folder / "manifest.sig").write_bytes(b"signature")
    if change == "manifest":
        (folder / "manifest.json").write_text("{")
    if change == "damage":
        (folder / "model.json").write_text("{}")
    save_bundle(folder, b"other" if change == "model" else b"model", SCHEMA)
    assert (folder / "manifest.sig").exists() is kept
    assert (folder / "model.skops").read_bytes() == (b"other" if change == "model" else b"model")
    assert json.loads((folder / "model.json").read_bytes())["title"] == "small"
