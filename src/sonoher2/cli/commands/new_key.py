"""`sonoher2 new-key`: a pair of keys to sign bundles with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoher2.cli.common.terminal import say


def new_key(
    name: Annotated[Path, typer.Argument(help="Name of the pair: NAME.key is yours alone, NAME.pub is for others.")],
) -> None:
    """Make a pair of keys to sign bundles with."""
    from sonoher2.bundle.signature import new_keys

    private, public = new_keys(name)
    say(f"Wrote {private} (keep it to yourself) and {public} (give it to those who use your bundles).")
