"""Networks by name: the paper's presets and every other name that timm knows."""

from __future__ import annotations

import timm
from timm.models import is_model

from sonoher2.core.errors import InputError

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


def timm_name(network: str) -> str:
    """Timm's name of a preset, or the name itself when timm knows it.

    Raises
    ------
    InputError
        Neither a preset nor a name of timm's.
    """
    name = PRESETS.get(network, network)
    if not is_model(name.split(".")[0]):
        near = timm.list_models(f"*{name.split('_')[0].lower()}*")[:3]
        fix = f"Choose one of {', '.join(PRESETS)}" + (f", or a timm name such as {', '.join(near)}" if near else "")
        raise InputError(f"unknown network '{network}'", fix=fix)
    return name
