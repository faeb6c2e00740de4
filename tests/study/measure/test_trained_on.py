"""Patients whose images a network was trained on are found by their images."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.cohort.load import load_cohort
from sonoher2.config.load import load_study
from sonoher2.core.files import file_sha256
from sonoher2.engine import local_context
from sonoher2.images.fingerprint import fingerprint, images_file, write_training_images
from sonoher2.images.read import read_image
from sonoher2.networks.own import ImageNetworks, OwnNetwork, Weights
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


@pytest.mark.parametrize(
    ("outlined", "enhance", "own", "trained", "used"),
    [
        (0, "none", False, (), {}),
        (1, "none", False, (), {"segmenter": "shipped"}),
        (1, "gan", False, (), {"segmenter": "shipped", "enhancer": "shipped"}),
        (1, "gan", True, (), {"segmenter": "own", "enhancer": "own"}),
        (0, "none", True, (), {}),
        # one that is still to be trained is not used yet
        (0, "gan", False, ("enhancer",), {}),
        (0, "gan", True, ("enhancer",), {"enhancer": "own"}),
    ],
)
def test_only_networks_that_are_used_are_asked(
    outlined: int, enhance: str, own: bool, trained: tuple[str, ...], used: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "_shipped", lambda path: "shipped")
    study: Any = SimpleNamespace(images=object(), enhance=enhance, trained_networks=trained)
    networks: Any = ImageNetworks("own", "own") if own else ImageNetworks()  # type: ignore[arg-type]
    assert module.used_networks(study, pd.DataFrame(index=range(outlined)), networks) == used
    study.images = None
    assert "enhancer" not in module.used_networks(study, pd.DataFrame(), networks)


def test_a_picture_is_compared_with_what_the_weights_of_its_own_patient_learned_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The network without A learned from B's picture, the final one from A's and C's; D's picture cannot be read."""
    final, without = (Weights(name, name, name) for name in ("final", "without"))
    network = OwnNetwork(final, {"A": without, "B": without})
    learned = {"final": {"a", "c"}, "without": {"b"}}
    monkeypatch.setattr(module, "used_networks", lambda *_: {"segmenter": network})
    monkeypatch.setattr(
        module,
        "load_training_images",
        lambda weights, images: SimpleNamespace(
            # a hash would take everything for everything
            has=lambda one, *, resaved: resaved or one in learned[weights.name]
        ),
    )
    asked: list[object] = []
    prints = {("a", None): "a", ("b", 2): "b", ("c", None): "c", ("d", None): None}
    monkeypatch.setattr(module, "fingerprints", lambda pictures, context: asked.append(pictures) or prints)
    rows = pd.DataFrame({"patient_id": list("CABD"), "image": list("cabd"), "frame": [np.nan, np.nan, 2, np.nan]})

    def found(near_duplicates: bool) -> dict[str, frozenset[str]]:
        study: Any = SimpleNamespace(images=SimpleNamespace(near_duplicates=near_duplicates), ablation=False)
        return patients_trained_on(study, pd.DataFrame(), rows, None)  # type: ignore[arg-type]

    assert found(True) == {"segmenter": frozenset("BC")}
    # nobody has looked at the pictures, and a hash has to do: so it is with weights that come from elsewhere, too
    assert found(False) == {"segmenter": frozenset("CAB")}
    monkeypatch.setattr(module, "used_networks", lambda *_: {"segmenter": OwnNetwork(final)})
    assert found(True) == {"segmenter": frozenset("CAB")}
    assert asked[:1] == [[("a", None), ("b", 2), ("c", None), ("d", None)]]


@pytest.mark.parametrize(
    ("ablation", "regions", "enhance", "more"),
    [
        (False, "given", "none", []),
        (True, "given", "none", ["segmenter of the ablation", "enhancer of the ablation"]),
        (True, "segment", "none", ["enhancer of the ablation"]),
        (True, "given", "gan", ["segmenter of the ablation"]),
    ],
)
def test_an_ablation_uses_networks_that_the_study_does_not(
    ablation: bool, regions: str, enhance: str, more: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = OwnNetwork(Weights("w", "sha", "i"))
    monkeypatch.setattr(module, "_shipped", lambda path: shipped)
    monkeypatch.setattr(module, "used_networks", lambda *_: {})
    monkeypatch.setattr(
        module, "load_training_images", lambda *_: SimpleNamespace(has=lambda one, *, resaved: one == "known")
    )
    monkeypatch.setattr(module, "fingerprints", lambda pictures, context: {("a", None): "known", ("b", None): "new"})
    images = SimpleNamespace(near_duplicates=True)
    study: Any = SimpleNamespace(images=images, ablation=ablation, regions=regions, enhance=enhance)
    rows = pd.DataFrame({"patient_id": ["A", "B"], "image": ["a", "b"], "frame": [np.nan, np.nan]})
    found = patients_trained_on(study, rows, rows[:0], None)  # type: ignore[arg-type]
    assert found == dict.fromkeys(more, frozenset("A"))
    assert network_hashes(study, rows[:0]) == dict.fromkeys(more, "sha")
    study.images = None
    assert network_hashes(study, rows[:0]) == {}


def test_a_frame_is_compared_whole_and_one_that_cannot_be_read_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "read_image", lambda path, frame: SimpleNamespace(pixels=(path, frame)))
    monkeypatch.setattr(module, "fingerprint", lambda pixels: pixels)
    assert module._fingerprint(("a.png", 2)) == ("a.png", 2)
    monkeypatch.setattr(module, "file_sha256", lambda path: f"of {path}")
    keys: list[object] = []

    class Context:
        def attempt(self, step: Any, items: list[Any]) -> Any:
            assert step is module.FINGERPRINTS
            keys.extend(item.key for item in items)
            return SimpleNamespace(values={1: "print"})

    found = module.fingerprints([("a.png", None), ("b.png", 2)], Context())  # type: ignore[arg-type]
    assert found == {("a.png", None): None, ("b.png", 2): "print"}
    assert keys == [["of a.png", None], ["of b.png", 2]]
