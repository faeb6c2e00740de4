"""Reading a bundle: hashes first, then only types on a fixed allow-list."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import skops.io
from pydantic import ValidationError
from skops.io.exceptions import UntrustedTypesFoundException

from sonoher2.bundle.reference import Reference, load_reference
from sonoher2.bundle.schema import MANIFEST, MODEL, NETWORK, REFERENCE, SCHEMA, BundleSchema
from sonoher2.errors import InputError
from sonoher2.files import file_sha256
from sonoher2.fusion.signatures import SignatureSet
from sonoher2.models.trusted import TRUSTED_TYPES

if TYPE_CHECKING:
    from sonoher2.models.deep.kept import KeptNetwork


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
    """

    schema: BundleSchema
    model: SignatureSet
    sha256: str
    networks: tuple[KeptNetwork, ...] = ()
    reference: Reference | None = None


def load_model(data: bytes) -> SignatureSet:
    """Fitted signatures from `dump_model`'s bytes; types outside the allow-list are refused.

    Raises
    ------
    InputError
        The file holds something that is no SonoHER2 model.
    """
    model = _trusted(data)
    if not isinstance(model, SignatureSet):
        raise InputError("the model file holds no signatures", fix=_AGAIN)
    return model


def load_networks(data: bytes) -> tuple[KeptNetwork, ...]:
    """Fitted networks from `dump_networks`'s bytes.

    Raises
    ------
    InputError
        The file holds something else.
    """
    from sonoher2.models.deep.kept import KeptNetwork

    networks = _trusted(data)
    if not isinstance(networks, list) or not all(isinstance(network, KeptNetwork) for network in networks):
        raise InputError("the network file holds no networks", fix=_AGAIN)
    return tuple(networks)


def _trusted(data: bytes) -> Any:
    try:
        return skops.io.loads(data, trusted=list(TRUSTED_TYPES))
    except UntrustedTypesFoundException as error:
        raise InputError(f"the model holds types that are not trusted ({error})", fix=_AGAIN) from None


_AGAIN = "Use the folder `bundle` that `sonoher2 run` wrote, unchanged"


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle.

    Raises
    ------
    InputError
        No bundle, one of another format, or one that was changed since it was written.
    """
    folder = Path(folder)
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = manifest["files"]
        schema_text = (folder / SCHEMA).read_text(encoding="utf-8")
        model = (folder / MODEL).read_bytes()
    except (OSError, ValueError, KeyError):
        raise InputError("this is no bundle", where=str(folder), fix=_AGAIN) from None
    if manifest.get("format") != 1:
        raise InputError(
            f"bundle format {manifest.get('format')}, this version reads 1",
            where=str(folder),
            fix="Use the version of SonoHER2 that wrote it",
        )
    for name, expected in files.items():
        if not (folder / name).is_file() or file_sha256(folder / name) != expected:
            raise InputError(f"{name} was changed since the bundle was written", where=str(folder), fix=_AGAIN)
    try:
        schema = BundleSchema.model_validate_json(schema_text)
    except ValidationError:
        raise InputError(f"{SCHEMA} cannot be read", where=str(folder), fix=_AGAIN) from None
    networks = load_networks((folder / NETWORK).read_bytes()) if NETWORK in files else ()
    reference = load_reference((folder / REFERENCE).read_bytes()) if REFERENCE in files else None
    return Bundle(schema, load_model(model), file_sha256(folder / MANIFEST), networks, reference)
