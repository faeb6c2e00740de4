"""From cases to a file of weights: split off patients to measure by, train, and write the card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from sonoher2.config.images import FileReading
from sonoher2.core.files import content_key, file_sha256
from sonoher2.images.fingerprint import Fingerprint, fingerprint, listed_training_images, write_training_images
from sonoher2.images.read import read_image
from sonoher2.segmentation.training.cases import Case, read_examples
from sonoher2.segmentation.training.loop import train
from sonoher2.segmentation.training.state import Schedule, Training
from sonoher2.segmentation.weights_file import Card, read_weights, save_weights

WEIGHTS = "segmenter.safetensors"
READ_SIDE = 320
"""Side of the squares that variants are cut from, pixels: room to magnify."""


def fit_segmenter(
    cases: Sequence[Case], schedule: Schedule, out: Path, *, reading: FileReading, validation: float = 0.1
) -> Path:
    """Train a segmenter and write down beside the weights which images it learned from.

    Parameters and errors are those of `learn_segmenter`.

    Returns
    -------
    Path of the weights.
    """
    before = _learned_before(schedule.start)
    target = learn_segmenter(cases, schedule, out, reading=reading, validation=validation)
    images = [fingerprint(read_image(case.image, frame=case.frame).pixels) for case in cases]
    write_training_images(target, [*before, *images])
    return target


def _learned_before(start: str | None) -> tuple[Fingerprint, ...]:
    """List the images of the weights to go on from: whoever does so has learned from them, too."""
    if start is None:
        return ()
    # first whether it is a segmenter at all
    read_weights(Path(start))
    return listed_training_images(Path(start))


def learn_segmenter(
    cases: Sequence[Case],
    schedule: Schedule,
    out: Path,
    *,
    reading: FileReading,
    validation: float = 0.1,
) -> Path:
    """Train a segmenter on training patients; an interrupted training goes on from its last finished epoch.

    Parameters
    ----------
    cases
        Images of training patients and nobody else's.
    schedule
        How to train.
    out
        Folder for the checkpoint, the learning curve (CSV) and the weights.
    reading
        How images and masks are read: as the study reads them whose patients they are.
    validation
        Share of each group's patients who are only measured after each epoch; nothing is chosen by them.

    Returns
    -------
    Path of the weights.

    Raises
    ------
    InputError
        A file cannot be read, or the folder holds the checkpoint of another network.
    """
    side = max(READ_SIDE, schedule.size)
    examples = read_examples(cases, side=side, validation=validation, seed=schedule.seed, reading=reading)
    training = train(examples, schedule, out)
    target = out / WEIGHTS
    save_weights(target, training.average, training_card(cases, training, int(examples.held_out.sum())))
    return target


def training_card(cases: Sequence[Case], training: Training, held_out: int) -> Card:
    """Say what the weights are and what they learned from; the images are named by a hash over their bytes."""
    images = sorted(file_sha256(case.image) for case in cases)
    last, start = training.curve[-1] if training.curve else {}, training.schedule.start
    return {
        "network": training.schedule.network,
        "size": training.schedule.size,
        "prompted": training.schedule.prompted,
        "schedule": asdict(training.schedule) | ({"start": Path(start).name} if start else {}),
        "start_sha256": training.start_sha256,
        "images": dict(Counter(case.group for case in cases)),
        "patients": dict(Counter(group for group, _ in sorted({(case.group, case.patient) for case in cases}))),
        "validation_images": held_out,
        "validation": {name: round(value, 4) for name, value in last.items()},
        "images_sha256": content_key(images),
    }
