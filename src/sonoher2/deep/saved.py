"""A fitted network as one safetensors file: tensors, and what they mean as JSON in its header."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from sonoher2.core.errors import InputError
from sonoher2.core.files import atomic_path
from sonoher2.deep.classifier import DeepClassifier

FORMAT = "sonoher2-deep-1"
_AGAIN = "Train the network again"


def save_classifier(path: Path, classifier: DeepClassifier) -> None:
    """Write a fitted classifier, whole or not at all; the source of the ImageNet weights is not written."""
    about = {
        "format": FORMAT,
        "parameters": classifier.get_params() | {"weights": "none"},
        "classes": classifier.classes_.tolist(),
        "losses": classifier.losses_,
        "best_epoch": classifier.best_epoch_,
        "seen": classifier.seen_,
    }
    with atomic_path(path) as temporary:
        save_file({name: np.ascontiguousarray(v) for name, v in classifier.state_.items()}, temporary, _header(about))


def _header(about: dict[str, object]) -> dict[str, str]:
    return {"sonoher2": json.dumps(about)}


def load_classifier(path: Path) -> DeepClassifier:
    """Read a fitted classifier.

    Raises
    ------
    InputError
        The file is not one that `save_classifier` wrote.
    """
    try:
        with safe_open(path, framework="np") as file:
            about = json.loads((file.metadata() or {})["sonoher2"])
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError):
        raise InputError("this is no network that SonoHER2 saved", where=str(path), fix=_AGAIN) from None
    if about.get("format") != FORMAT:
        what = f"network format {about.get('format')}, this version reads {FORMAT}"
        raise InputError(what, where=str(path), fix=_AGAIN)
    classifier = DeepClassifier(**about["parameters"])
    classifier.classes_, classifier.state_ = np.array(about["classes"]), state
    classifier.losses_, classifier.best_epoch_ = about["losses"], about["best_epoch"]
    classifier.seen_ = about["seen"]
    return classifier
