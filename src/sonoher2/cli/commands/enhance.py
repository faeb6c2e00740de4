"""`sonoher2 enhance`: clearer images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoher2.cli.common.options import Frame, Images, Jobs
from sonoher2.cli.common.terminal import say


def enhance(
    images: Images,
    out: Annotated[Path, typer.Option("--out", help="Folder for the enhanced images and enhance.csv.")],
    scale: Annotated[int, typer.Option(min=1, max=2, help="2 also doubles rows and columns.")] = 1,
    side_by_side: Annotated[
        bool, typer.Option("--side-by-side", help="Also write each image beside its enhanced one.")
    ] = False,
    frame: Frame = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", help="Of `train-enhancer`; the shipped ones unless given.")
    ] = None,
    jobs: Jobs = None,
) -> None:
    """Write clearer images: less speckle, sharper edges. A second run resumes. Research software."""
    from sonoher2.cohort.images.listed import batch_images
    from sonoher2.enhancement.batch import TABLE, Enhancing, enhance_images
    from sonoher2.images.batch import problems

    written = enhance_images(batch_images(images, frame), out, Enhancing(scale, side_by_side, weights), jobs)
    failed = problems(written)
    for problem in failed:
        say(f"error: {problem}", error=True)
    say(f"Wrote {out / TABLE}: {len(written) - len(failed)} images enhanced, {len(failed)} not.")
    if failed:
        raise typer.Exit(3)
