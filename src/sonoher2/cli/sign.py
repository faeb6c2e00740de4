"""`sonoher2 new-key` and `sonoher2 sign`: bundles whose readers can tell who they are from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoher2.core.terminal import say


def new_key(
    name: Annotated[Path, typer.Argument(help="Name of the pair: NAME.key is yours alone, NAME.pub is for others.")],
) -> None:
    """Make a pair of keys to sign bundles with."""
    from sonoher2.bundle.signature import new_keys

    private, public = new_keys(name)
    say(f"Wrote {private} (keep it to yourself) and {public} (give it to those who use your bundles).")


def sign(
    bundle: Annotated[Path, typer.Argument(help="The folder `bundle` of a run.")],
    key: Annotated[Path, typer.Option("--key", help="Your private key, from `sonoher2 new-key`.")],
) -> None:
    """Sign a bundle, so that `--trust` tells it from one that somebody else wrote."""
    from sonoher2.bundle.load import load_bundle
    from sonoher2.bundle.schema import MANIFEST
    from sonoher2.bundle.signature import sign_manifest

    load_bundle(bundle)
    say(f"Wrote {sign_manifest(bundle, (bundle / MANIFEST).read_bytes(), key)}.")
