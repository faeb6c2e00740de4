"""The networks that look at a lesion."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from sonoher2.config.base import Strict
from sonoher2.engine import NeutralAt

ALL_STAGES = -1
"""`unfreeze` for all stages."""
PLACES = ("auto", "offline", "hub", "none")
"""Words for where weights come from; everything else is the path of a file."""


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class DeepConfig(Strict):
    """A network with ImageNet weights whose view of the lesion joins radiomics and clinical data."""

    network: Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)] = Field(
        ["EfficientNet-Lite0"],
        description="A preset of docs/deep.md, or any name of timm's. Of several the best one in the inner folds is"
        " used.",
    )
    training: Literal["frozen", "fine-tuned"] = Field(
        "frozen", description="Fine-tuned: a network for each fold, trained without the fold's patients."
    )
    epochs: int = Field(4, ge=1, le=500, description="Of fine-tuning.")
    unfreeze: int = Field(
        1, ge=ALL_STAGES, le=1000, description="How many of the last used stages are fine-tuned; -1 for all."
    )
    weights: str = Field("auto", description="auto, offline, hub, none, or the path of a file, relative to `data`.")
    size: int = Field(160, ge=32, le=1024, description="Side of the network's input, pixels.")
    margin: float = Field(0.3, ge=0, le=3, description="Tissue around the lesion, as a share of its longer side.")
    window: Annotated[Literal["centred", "inside"], NeutralAt("centred")] = Field(
        "centred", description="Centred on the lesion, black beyond the image; or shifted to lie inside the image."
    )
    pooling: Literal["lesion", "own"] = Field("lesion", description="Pool inside and around the lesion, or as built.")
    mask: Literal["none", "channel", "blank"] = "none"
    mirror: Annotated[bool, NeutralAt(False)] = Field(
        False, description="The embedding is the mean of the crop's and of its mirror image's."
    )

    @property
    def weights_are_a_file(self) -> bool:
        """Whether `weights` is the path of a file, and no word for where they come from."""
        return self.weights not in PLACES

    @property
    def trains_all_stages(self) -> bool:
        """Whether fine-tuning leaves no stage as it was: asked for, or there is nothing in it to keep."""
        return self.weights == "none" or self.unfreeze == ALL_STAGES

    @model_validator(mode="after")
    def _networks_fit(self) -> DeepConfig:
        twice = sorted({name for name in self.network if self.network.count(name) > 1})
        if twice:
            raise ValueError(f"the network {', '.join(twice)} is listed twice")
        if len(self.network) > 1 and self.weights_are_a_file:
            raise ValueError("a file of weights fits one network; list one, or use auto, offline or hub")
        return self
