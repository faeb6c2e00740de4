"""`sonoher2 enhance` and `sonoher2 train-enhancer`: clearer images, and the network that makes them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoher2.core.errors import UsageError
from sonoher2.core.terminal import say
from sonoher2.enhancement.schedule import PATCH_STEP, Schedule

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sonoher2.cli.batch import BatchImage, Values

DEFAULT = Schedule()
TABLE = "enhance.csv"
GAP = 8
"""White pixels between the two images of a side-by-side picture."""
CHECKED_EVERY = 25
"""One image in so many is left out of the training and only measured for the learning curve."""

Images = Annotated[
    list[Path],
    typer.Argument(metavar="IMAGE", help="Images, folders of them, or a table with a column `image`."),
]


def enhance(
    images: Images,
    out: Annotated[Path, typer.Option("--out", help="Folder for the enhanced images and enhance.csv.")],
    scale: Annotated[int, typer.Option(min=1, max=2, help="2 also doubles rows and columns.")] = 1,
    side_by_side: Annotated[
        bool, typer.Option("--side-by-side", help="Also write each image beside its enhanced one.")
    ] = False,
    frame: Annotated[
        int | None, typer.Option("--frame", min=1, help="Frame of image files that have several, counted from 1.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", help="Of `train-enhancer`; the shipped ones unless given.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Processes; all processors unless told.")] = None,
) -> None:
    """Write clearer images: less speckle, sharper edges. A second run resumes. Research software."""
    from sonoher2.cli.batch import batch_images, problems, run_batch
    from sonoher2.enhancement.enhancer import load_enhancer
    from sonoher2.study.compute import default_jobs

    found = batch_images(images, frame)
    written = run_batch(
        partial(_enhance_one, out=out, scale=scale, side_by_side=side_by_side, weights=weights),
        found,
        out / TABLE,
        settings=["enhance", scale, side_by_side, load_enhancer(weights).sha256],
        files=["enhanced", "side_by_side"],
        workers=jobs or default_jobs(),
        label="Enhancing",
    )
    failed = problems(written)
    for problem in failed:
        say(f"error: {problem}", error=True)
    say(f"Wrote {out / TABLE}: {len(written) - len(failed)} images enhanced, {len(failed)} not.")
    if failed:
        raise typer.Exit(3)


def _enhance_one(image: BatchImage, *, out: Path, scale: int, side_by_side: bool, weights: Path | None) -> Values:
    import numpy as np

    from sonoher2.enhancement.enhancer import load_enhancer
    from sonoher2.images.read import read_image

    given = read_image(image.path, frame=image.frame)
    cleared = load_enhancer(weights).clear(given.pixels, scale)
    enhanced, beside = f"{image.name}_enhanced.png", f"{image.name}_side_by_side.png" if side_by_side else ""
    _write_png(out / enhanced, cleared)
    if beside:
        _write_png(out / beside, _side_by_side(given.pixels, cleared, scale))
    mm_rows, mm_columns = (mm / scale for mm in given.mm_per_pixel) if given.mm_per_pixel else (None, None)
    same_size = cleared.reshape(given.shape[0], scale, given.shape[1], scale).mean(axis=(1, 3))
    return {
        "enhanced": enhanced,
        "side_by_side": beside,
        "rows": cleared.shape[0],
        "columns": cleared.shape[1],
        "scale": scale,
        "mm_per_row": mm_rows,
        "mm_per_column": mm_columns,
        "mean_grey": float(given.pixels.mean()),
        "mean_grey_enhanced": float(cleared.mean()),
        "mean_absolute_change": float(np.abs(same_size - given.pixels).mean()),
    }


def _side_by_side(given: NDArray[np.float64], cleared: NDArray[np.float64], scale: int) -> NDArray[np.float64]:
    import numpy as np

    enlarged = np.kron(given, np.ones((scale, scale)))
    return np.hstack([enlarged, np.full((len(cleared), GAP), 255.0), cleared])


def _write_png(path: Path, grey: NDArray[np.float64]) -> None:
    import numpy as np
    from PIL import Image

    from sonoher2.core.files import atomic_path

    with atomic_path(path) as temporary:
        Image.fromarray(np.rint(grey).astype(np.uint8)).save(temporary)


def train_enhancer(
    images: Annotated[
        list[Path],
        typer.Argument(
            metavar="IMAGE",
            help="A study file, of which the training patients are taken; or images, folders of them, or a table with "
            "a column `image`.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for enhancer.safetensors and the learning curve.")],
    data: Annotated[Path | None, typer.Option("--data", help="Folder of the study's files, not its own.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="After each the training can resume.")] = DEFAULT.epochs,
    warm_up: Annotated[int, typer.Option(min=0, help="Epochs without the adversarial part.")] = DEFAULT.warm_up,
    steps: Annotated[int, typer.Option(min=1, help="Steps per epoch.")] = DEFAULT.steps,
    batch: Annotated[int, typer.Option(min=1, help="Patches per step and scale.")] = DEFAULT.batch,
    patch: Annotated[int, typer.Option(min=32, help="Side of a patch, pixels; a multiple of 8.")] = DEFAULT.patch,
    rate: Annotated[float, typer.Option(min=0, help="Learning rate at the start.")] = DEFAULT.rate,
    adversarial: Annotated[float, typer.Option(min=0, help="Weight of the adversarial loss.")] = DEFAULT.adversarial,
    bf16: Annotated[bool, typer.Option("--bf16", help="Compute in bfloat16; fast where the processor has it.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, patches and degradation.")] = DEFAULT.seed,
) -> None:
    """Train an enhancer on the images of training patients. The same command resumes."""
    from sonoher2.enhancement.training import WEIGHTS
    from sonoher2.enhancement.training import train_enhancer as train
    from sonoher2.images.fingerprint import fingerprint, write_training_images

    if patch % PATCH_STEP:
        raise UsageError(f"--patch: {patch} is not a multiple of {PATCH_STEP}.")
    schedule = Schedule(epochs, warm_up, steps, batch, patch, rate, adversarial, bf16, seed)
    pictures = [_grey(path, frame) for path, frame in _training_pictures(images, data, out)]
    # few images: all of them train, and the curve is that of the training
    checked = pictures[::CHECKED_EVERY]
    learned = [picture for i, picture in enumerate(pictures) if i % CHECKED_EVERY] or pictures
    train(learned, checked, schedule, out)
    write_training_images(out / WEIGHTS, map(fingerprint, pictures))
    say(f"Wrote {out / WEIGHTS}. Next: sonoher2 enhance IMAGE... --weights {out / WEIGHTS} --out DIR")


def _training_pictures(images: Sequence[Path], data: Path | None, out: Path) -> list[tuple[Path, int | None]]:
    from sonoher2.cli.batch import batch_images
    from sonoher2.cli.training_images import STUDY_SUFFIXES, training_images
    from sonoher2.study.measure.steps import chosen_frames

    if not any(path.suffix.lower() in STUDY_SUFFIXES for path in images):
        return [(image.path, image.frame) for image in batch_images(images)]
    if len(images) > 1:
        raise UsageError("A study file stands alone: its training patients are all that is learned from.")
    rows = training_images(images[0], data, out)
    return list(zip(map(Path, rows["image"]), chosen_frames(rows), strict=True))


def _grey(path: Path, frame: int | None) -> NDArray[np.uint8]:
    import numpy as np

    from sonoher2.images.read import read_image

    return np.rint(read_image(path, frame=frame).pixels).astype(np.uint8)
