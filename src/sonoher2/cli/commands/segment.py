"""`sonoher2 segment`: lesions outlined by a network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoher2.cli.common.options import Frame, Images, Jobs, grouped
from sonoher2.cli.common.terminal import say
from sonoher2.core import columns as c
from sonoher2.core.errors import UsageError

if TYPE_CHECKING:
    from sonoher2.images.pixels.image import Box


@dataclass(frozen=True)
class Lesion:
    """Options on where the lesion is."""

    click: Annotated[
        str | None, typer.Option("--click", metavar="ROW,COLUMN", help="A place within the lesion, for one image.")
    ] = None
    box: Annotated[
        str | None,
        typer.Option("--box", metavar="TOP,LEFT,BOTTOM,RIGHT", help="A box around the lesion, for one image."),
    ] = None

    def place(self) -> tuple[int, int] | None:
        """Row and column of the click."""
        if self.click is None:
            return None
        row, column = _numbers(self.click, 2, "--click takes ROW,COLUMN")
        return row, column

    def within(self) -> Box | None:
        """Rows and columns of the box."""
        if self.box is None:
            return None
        top, left, bottom, right = _numbers(self.box, 4, "--box takes TOP,LEFT,BOTTOM,RIGHT")
        return slice(top, bottom), slice(left, right)


def _numbers(text: str, count: int, form: str) -> list[int]:
    parts = text.split(",")
    if len(parts) != count or not all(part.strip().isdecimal() for part in parts):
        raise UsageError(f"{form} as whole numbers from 0, not '{text}'")
    return [int(part) for part in parts]


@grouped
def segment(
    images: Images,
    out: Annotated[Path, typer.Option("--out", help="Folder for the masks and segment.csv.")],
    lesion: Lesion,
    overlay: Annotated[bool, typer.Option(help="Also write each image with its outline.")] = True,
    nifti: Annotated[bool, typer.Option("--nifti", help="Also write each mask as NIfTI.")] = False,
    frame: Frame = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", help="Of `train-segmenter`; the shipped ones unless given.")
    ] = None,
    jobs: Jobs = None,
) -> None:
    """Outline the lesion of each image. A second run resumes. Research software, not for clinical use."""
    from sonoher2.cohort.images.listed import batch_images
    from sonoher2.images.batch import problems
    from sonoher2.segmentation.batch import TABLE, Outlining, segment_images

    if lesion.click is not None and lesion.box is not None:
        raise UsageError("--click and --box were given; give one of the two.")
    found = batch_images(images, frame)
    how = Outlining(lesion.place(), lesion.within(), overlay, nifti, weights)
    written = segment_images(found, out, how, jobs)
    failed = problems(written)
    outlined = int((written[c.FOUND] == "yes").sum()) if c.FOUND in written else 0
    without = len(written) - len(failed) - outlined
    for problem in failed:
        say(f"error: {problem}", error=True)
    say(f"Wrote {out / TABLE}: {outlined} lesions, {without} images without one, {len(failed)} not read.")
    if failed:
        raise typer.Exit(3)
