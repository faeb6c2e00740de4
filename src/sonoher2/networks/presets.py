"""Networks by name: the paper's presets and every other name that timm knows."""

from __future__ import annotations

import timm
from timm.models import is_model

from sonoher2.core.errors import InputError
from sonoher2.networks.sources import PRESETS


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
