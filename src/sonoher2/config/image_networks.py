"""The networks that outline the lesions and clear the images of a study: shipped, of a file, or of the study's own."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from sonoher2.config.base import FilePath, Strict

SHIPPED, TRAINED = "shipped", "trained"


class SegmenterTraining(Strict):
    """How a study trains its segmenter on the training patients' images and masks."""

    network: Literal["EfficientNet-Lite0", "EfficientNet-Lite2"] = Field(
        "EfficientNet-Lite0", description="The encoder."
    )
    weights: Literal["auto", "offline", "hub", "none"] = Field("auto", description="Of the encoder, from ImageNet.")
    size: int = Field(128, ge=32, le=512, multiple_of=32, description="Side of the network's pictures, pixels.")
    epochs: int = Field(30, ge=2, le=500, description="The first fifth is supervised alone.")
    adversarial: float = Field(0.02, ge=0, le=1, description="Weight of the adversarial loss; 0 leaves it out.")
    batch: int = Field(8, ge=1, le=64, description="Pictures per step.")


class EnhancerTraining(Strict):
    """How a study trains its enhancer on the training patients' images."""

    epochs: int = Field(10, ge=2, le=500, description="The first four in five are not adversarial.")
    steps: int = Field(50, ge=1, le=10_000, description="Per epoch.")
    patch: int = Field(128, ge=16, le=512, multiple_of=8, description="Side of the pieces of images, pixels.")
    adversarial: float = Field(0.002, ge=0, le=1, description="Weight of the adversarial loss; 0 leaves it out.")


class _OwnNetwork(Strict):
    """A network that is not the shipped one."""

    @classmethod
    def _with_training(cls, value: Any, role: str) -> Any:
        """Write down the settings of a training that keeps all defaults, so that the settings of a run show them."""
        if not isinstance(value, dict):
            return value
        named = value.get(role)
        if named == TRAINED:
            return {"training": {}} | {key: one for key, one in value.items() if one is not None}
        if value.get("training") is not None:
            raise ValueError(f"`training` belongs to `{role}: {TRAINED}`; nothing is trained here")
        return value


class SegmentedRegions(_OwnNetwork):
    """Every lesion is outlined by a segmenter of the study's own, or of a file."""

    segment: Literal["trained"] | FilePath = Field(
        description="`trained`: on the training patients; or segmenter.safetensors of a training."
    )
    training: SegmenterTraining | None = None

    @model_validator(mode="before")
    @classmethod
    def _training(cls, value: Any) -> Any:
        return cls._with_training(value, "segment")


class EnhancedImages(_OwnNetwork):
    """Every image is cleared by an enhancer of the study's own, or of a file."""

    gan: Literal["trained"] | FilePath = Field(
        description="`trained`: on the training patients; or enhancer.safetensors of a training."
    )
    training: EnhancerTraining | None = None

    @model_validator(mode="before")
    @classmethod
    def _training(cls, value: Any) -> Any:
        return cls._with_training(value, "gan")


def plain_word(value: Any, role: str, word: str) -> Any:
    """Read ``{segment: shipped}`` as ``segment`` and ``{gan: shipped}`` as ``gan``: one meaning has one spelling."""
    return word if isinstance(value, dict) and value == {role: SHIPPED} else value


def form_of(value: Any) -> str:
    """Tell a word from a map, so that an error speaks of that form alone."""
    return "own" if isinstance(value, dict | Strict) else "word"
