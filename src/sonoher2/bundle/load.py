"""Reading a bundle: hashes first, then only what our own models are made of, then whether the parts fit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from sonoher2.bundle.consistent import check_consistent
from sonoher2.bundle.image_networks import own_networks
from sonoher2.bundle.model_bytes import MOST_MODEL, MOST_NETWORKS, load_model, load_networks
from sonoher2.bundle.reference import Reference, load_reference
from sonoher2.bundle.schema import MANIFEST, MODEL, NETWORK, OWN_NETWORKS, REFERENCE, SCHEMA, BundleSchema
from sonoher2.bundle.signature import check_signature
from sonoher2.bundle.skops_file import AGAIN
from sonoher2.core.errors import InputError
from sonoher2.networks.own import SHIPPED_NETWORKS, ImageNetworks
from sonoher2.signatures.set import SignatureSet

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder

OWN_FILES = tuple(name for files in OWN_NETWORKS.values() for name in files)
OPTIONAL = (NETWORK, REFERENCE, *OWN_FILES)
MOST_BYTES = {MANIFEST: 1 << 20, SCHEMA: 16 << 20, MODEL: MOST_MODEL, NETWORK: MOST_NETWORKS, REFERENCE: 64 << 20}
MOST_BYTES |= dict.fromkeys(OWN_FILES, 64 << 20)
"""Limit of each part of a bundle; `model.skops` and `network.skops` keep it unpacked, too."""


@dataclass(frozen=True)
class Bundle:
    """A frozen model.

    Attributes
    ----------
    schema
        How to read a patient and what comes out.
    model
        The fitted signatures.
    sha256
        Hash of the manifest, which holds the hashes of the other files: the bundle's name in records.
    networks
        Networks of the deep features, frozen or fine-tuned; none for a model without.
    reference
        The training patients, for comparison; None in bundles written before there was one.
    image_networks
        What outlines and clears images, where it is not the shipped networks.
    """

    schema: BundleSchema
    model: SignatureSet
    sha256: str
    networks: tuple[FrozenEncoder, ...] = ()
    reference: Reference | None = None
    image_networks: ImageNetworks = SHIPPED_NETWORKS


def load_bundle(folder: str | Path, trust: str | Path | None = None) -> Bundle:
    """Read a bundle.

    Parameters
    ----------
    folder
        The bundle.
    trust
        Public key of whoever must have signed it; without one a signature is not looked at.

    Raises
    ------
    InputError
        No bundle, one of another format, one that was changed since it was written, or one that no run wrote.

    Examples
    --------
    >>> import sonoher2
    >>> bundle = sonoher2.load_bundle("run/bundle")
    >>> bundle.schema.classes
    ('negative', 'positive')
    """
    folder = Path(folder)
    try:
        written = _read(folder, MANIFEST)
        if trust is not None:
            check_signature(folder, written, Path(trust))
        parts = _parts(folder, _listed(written))
        schema = _schema(parts[SCHEMA])
        networks = load_networks(parts[NETWORK]) if NETWORK in parts else ()
        reference = load_reference(parts[REFERENCE]) if REFERENCE in parts else None
        model = load_model(parts[MODEL])
        image_networks = own_networks(folder, schema, parts)
        check_consistent(schema, model, networks, reference)
    except InputError as error:
        # a fault speaks of the bundle, whichever part it was found in
        raise error.at(str(folder), AGAIN) from None
    return Bundle(schema, model, hashlib.sha256(written).hexdigest(), networks, reference, image_networks)


def _read(folder: Path, name: str) -> bytes:
    path, most = folder / name, MOST_BYTES[name]
    try:
        # a pipe or a device may never end
        if not path.is_file():
            raise InputError("this is no bundle" if name in (MANIFEST, MODEL, SCHEMA) else f"{name} is missing")
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise InputError(f"{name} cannot be read ({error.strerror})") from None
    if len(data) > most:
        raise InputError(f"{name} is larger than {most >> 20} MB, which no bundle's is")
    return data


def _listed(manifest: bytes) -> Mapping[str, str]:
    """Hashes by name from the manifest; it may name the parts of a bundle and nothing else."""
    try:
        found: Any = json.loads(manifest)
    except (ValueError, RecursionError):
        raise InputError(f"this is no bundle: {MANIFEST} is not JSON") from None
    files = found.get("files") if isinstance(found, dict) else None
    if not isinstance(files, dict) or "format" not in found:
        raise InputError(f"this is no bundle: {MANIFEST} does not list its files")
    if found["format"] != 1 or isinstance(found["format"], bool):
        shown = str(found["format"])[:20]
        raise InputError(
            f"bundle format {shown}, this version reads 1", fix="Use the version of SonoHER2 that wrote it"
        )
    if not {MODEL, SCHEMA} <= set(files) <= {MODEL, SCHEMA, *OPTIONAL}:
        raise InputError(f"{MANIFEST} must list {MODEL} and {SCHEMA}, and no other files than a bundle's")
    if not all(isinstance(sha256, str) for sha256 in files.values()):
        raise InputError(f"{MANIFEST} holds something else than hashes")
    return files


def _parts(folder: Path, listed: Mapping[str, str]) -> dict[str, bytes]:
    """Read each part once, so that what was hashed is what is used."""
    for name in OPTIONAL:
        if name not in listed and (folder / name).exists():
            raise InputError(f"{name} is not listed in {MANIFEST}", fix=f"Delete it, or {AGAIN[0].lower()}{AGAIN[1:]}")
    parts = {}
    for name, expected in listed.items():
        parts[name] = _read(folder, name)
        if hashlib.sha256(parts[name]).hexdigest() != expected:
            raise InputError(f"{name} was changed since the bundle was written")
    return parts


def _schema(data: bytes) -> BundleSchema:
    try:
        return BundleSchema.model_validate_json(data)
    except (ValidationError, ValueError, RecursionError):
        raise InputError(f"{SCHEMA} cannot be read") from None
