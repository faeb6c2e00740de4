"""Writing a bundle: the only way a model reaches disk."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sonoher2.bundle.schema import MANIFEST, MODEL, NETWORK, OWN_NETWORKS, REFERENCE, SCHEMA, BundleSchema
from sonoher2.core.files import atomic_folder, file_sha256, write_bytes, write_json
from sonoher2.networks.own import SHIPPED_NETWORKS, ImageNetworks

LIBRARIES = (
    "sonoher2",
    "numpy",
    "pandas",
    "scikit-learn",
    "lightgbm",
    "xgboost",
    "numba",
    "torch",
    "timm",
    "onnxruntime",
    "skops",
)


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that a result depends on."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def save_bundle(
    folder: Path,
    model: bytes,
    schema: BundleSchema,
    network: bytes | None = None,
    reference: bytes | None = None,
    networks: ImageNetworks = SHIPPED_NETWORKS,
) -> None:
    """Write `model.skops`, `model.json`, `network.skops` and `manifest.json` with the sha256 of all, or nothing.

    Parameters
    ----------
    folder
        The bundle.
    model
        From `dump_model`.
    schema
        What prediction needs besides.
    network
        From `dump_networks`, when the model has deep features.
    reference
        From `dump_reference`: the training patients, for comparison.
    networks
        Of the study's own for its images; the final weights are carried along.
    """
    described = (schema.model_dump_json(indent=2) + "\n").encode()
    parts = {MODEL: model, SCHEMA: described}
    parts |= {name: data for name, data in ((NETWORK, network), (REFERENCE, reference)) if data is not None}
    for name, own in networks.own.items():
        read = (Path(own.final.path).read_bytes(), Path(own.final.images).read_bytes())
        parts |= dict(zip(OWN_NETWORKS[name], read, strict=True))
    files = {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()}
    about = {"format": schema.format, "files": files, "libraries": library_versions()}
    if _is_there(folder, about):
        return
    with atomic_folder(folder) as new:
        for name, data in parts.items():
            write_bytes(new / name, data)
        write_json(new / MANIFEST, about)


def _is_there(folder: Path, about: dict[str, Any]) -> bool:
    """Whether the very same bundle lies there, so that its signature stays."""
    try:
        same = json.loads((folder / MANIFEST).read_bytes()) == about
        return same and all(file_sha256(folder / name) == sha256 for name, sha256 in about["files"].items())
    except (OSError, ValueError):
        return False
