"""Writing a bundle: the only way a model reaches disk."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

import skops.io

from sonoher2.bundle.schema import MANIFEST, MODEL, SCHEMA, BundleSchema
from sonoher2.files import write_bytes, write_json
from sonoher2.fusion.signatures import SignatureSet

LIBRARIES = ("sonoher2", "numpy", "pandas", "scikit-learn", "lightgbm", "xgboost", "numba", "skops")


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that a result depends on."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def dump_model(model: SignatureSet) -> bytes:
    """Fitted signatures as skops bytes (no pickle inside)."""
    return bytes(skops.io.dumps(model))


def save_bundle(folder: Path, model: bytes, schema: BundleSchema) -> None:
    """Write `model.skops`, `model.json` and, last, `manifest.json` with the sha256 of both.

    Parameters
    ----------
    folder
        The bundle.
    model
        From `dump_model`.
    schema
        What prediction needs besides.
    """
    described = (schema.model_dump_json(indent=2) + "\n").encode()
    write_bytes(folder / MODEL, model)
    write_bytes(folder / SCHEMA, described)
    files = {MODEL: hashlib.sha256(model).hexdigest(), SCHEMA: hashlib.sha256(described).hexdigest()}
    write_json(folder / MANIFEST, {"format": schema.format, "files": files, "libraries": library_versions()})
