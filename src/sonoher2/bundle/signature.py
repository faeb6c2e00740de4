"""Who a bundle is from: an Ed25519 signature of its manifest, checked before anything else of it is read.

The manifest holds the hashes of the other parts and so tells damage; anybody can write a new one. A signature can only
be made with the private key that belongs to the public key which the reader trusts.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path
from typing import Any

from sonoher2.core.errors import InputError, UsageError
from sonoher2.core.files import write_text

SIGNATURE = "manifest.sig"
_MEANT = b"SonoHER2 bundle, format 1\n"
"""Stands before what is signed, so that a signature made for anything else is none of a bundle."""
_MOST_BYTES = 1 << 16
PRIVATE, PUBLIC = ".key", ".pub"


def new_keys(name: Path) -> tuple[Path, Path]:
    """Write a new pair of keys, `name`.key and `name`.pub, both PEM.

    Returns
    -------
    The private key, which only its owner can read and which never leaves its owner; and the public one.

    Raises
    ------
    UsageError
        One of the files exists.
    InputError
        They cannot be written, or the extra `sign` is not installed.
    """
    ed25519, forms, _ = _library()
    private, public = (name.with_name(name.name + suffix) for suffix in (PRIVATE, PUBLIC))
    for path in (private, public):
        if path.exists():
            raise UsageError(f"{path} exists already; choose another name.")
    key = ed25519.Ed25519PrivateKey.generate()
    secret = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    try:
        private.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
    except OSError as error:
        what = f"cannot write the key ({error.strerror})"
        raise InputError(what, where=str(private), fix="Choose another place") from None
    shown = key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    write_text(public, shown.decode())
    return private, public


def sign_manifest(folder: Path, manifest: bytes, key: Path) -> Path:
    """Write the signature of a manifest into the bundle.

    Parameters
    ----------
    folder
        The bundle.
    manifest
        Its manifest.
    key
        The private key.

    Raises
    ------
    InputError
        The file holds no private key, or the extra `sign` is not installed.
    """
    ed25519, forms, _ = _library()
    private = _key(key, lambda data: forms.load_pem_private_key(data, None), ed25519.Ed25519PrivateKey, "private")
    # beside the bundle: a killed command leaves no half file in what is handed on
    write_text(folder / SIGNATURE, base64.b64encode(private.sign(_MEANT + manifest)).decode() + "\n", folder.parent)
    return folder / SIGNATURE


def check_signature(folder: Path, manifest: bytes, trusted: Path) -> None:
    """Check that the holder of a key signed this manifest.

    Parameters
    ----------
    folder
        The bundle.
    manifest
        Its manifest.
    trusted
        The public key of who is trusted.

    Raises
    ------
    InputError
        There is no signature, it is another's or of another manifest, or the key cannot be read.
    """
    ed25519, forms, invalid = _library()
    public = _key(trusted, forms.load_pem_public_key, ed25519.Ed25519PublicKey, "public")
    fix = f"Ask for a bundle that is signed with the private key of {trusted}"
    try:
        if not (folder / SIGNATURE).is_file():
            raise InputError("the bundle is not signed", fix=fix)
        with (folder / SIGNATURE).open("rb") as file:
            signature = base64.b64decode(file.read(_MOST_BYTES).strip(), validate=True)
        public.verify(signature, _MEANT + manifest)
    except (OSError, binascii.Error, invalid):
        raise InputError("the bundle's signature is not of that key, or the bundle was changed", fix=fix) from None


def _library() -> tuple[Any, Any, type[Exception]]:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise InputError(
            "signatures need the library `cryptography`", fix="Install the extra: pip install 'sonoher2[sign]'"
        ) from None
    return ed25519, serialization, InvalidSignature


def _key(path: Path, read: Any, kind: type[Any], name: str) -> Any:
    fix = f"Give the file NAME{PRIVATE if name == 'private' else PUBLIC} that `sonoher2 new-key NAME` wrote"
    try:
        if path.is_file() and path.stat().st_size <= _MOST_BYTES:
            found = read(path.read_bytes())
            if isinstance(found, kind):
                return found
    # the library raises its own errors, Python's, and TypeError for a key with a password
    except Exception:
        raise InputError(f"this is no {name} key that can be read", where=str(path), fix=fix) from None
    raise InputError(f"this is no {name} Ed25519 key", where=str(path), fix=fix)
