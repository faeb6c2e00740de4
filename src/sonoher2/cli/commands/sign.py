"""`sonoher2 sign`: bundles whose readers can tell who they are from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoher2.cli.common.options import BundleFolder
from sonoher2.cli.common.terminal import say


def sign(
    bundle: BundleFolder,
    key: Annotated[Path, typer.Option("--key", help="Your private key, from `sonoher2 new-key`.")],
) -> None:
    """Sign a bundle, so that `--trust` tells it from one that somebody else wrote."""
    from sonoher2.bundle.load import load_bundle
    from sonoher2.bundle.schema import MANIFEST
    from sonoher2.bundle.signature import sign_manifest

    load_bundle(bundle)
    say(f"Wrote {sign_manifest(bundle, (bundle / MANIFEST).read_bytes(), key)}.")
