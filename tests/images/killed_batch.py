"""A batch that is killed after its first image: the folder of images, and that of the results."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from sonoher2.cohort.images.listed import batch_images
from sonoher2.images.batch import BatchImage, Values, run_batch


def work(image: BatchImage) -> Values:
    (Path(sys.argv[2]) / f"{image.name}.txt").write_text(image.path.read_text())
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


run_batch(
    work,
    batch_images([Path(sys.argv[1])]),
    Path(sys.argv[2]) / "table.csv",
    settings=["first"],
    outputs=lambda image: {"output": f"{image.name}.txt"},
    workers=1,
    label="Measuring",
)
