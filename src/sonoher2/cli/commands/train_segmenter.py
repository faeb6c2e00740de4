"""`sonoher2 train-segmenter`: the network that outlines lesions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from sonoher2.cli.common.options import Label, grouped
from sonoher2.cli.common.terminal import say


@dataclass(frozen=True)
class Network:
    """Options on the network."""

    network: Annotated[str, typer.Option(help="Encoder: a preset or a timm name.")] = "EfficientNet-Lite2"
    weights: Annotated[
        str,
        typer.Option("--encoder-weights", help="ImageNet weights: auto, offline, hub, none, or a file."),
    ] = "auto"
    size: Annotated[int, typer.Option(min=32, help="Side of the network's pictures; a multiple of 32.")] = 224
    prompted: Annotated[
        bool, typer.Option("--prompted", help="Give it a click or a box with each image, in training and in use.")
    ] = False
    start: Annotated[
        str | None,
        typer.Option("--start", metavar="FILE", help="Segmenter to go on from, or `shipped`, instead of ImageNet."),
    ] = None


@dataclass(frozen=True)
class Course:
    """Options on the course of the training."""

    epochs: Annotated[int, typer.Option(min=1, help="After each the training can resume.")] = 14
    warm_up: Annotated[int, typer.Option(min=0, help="Epochs of smaller pictures, not adversarial.")] = 3
    warm_up_size: Annotated[int, typer.Option(min=32, help="Side of the pictures of the warm-up.")] = 192
    adversarial: Annotated[float, typer.Option(min=0, help="Weight of the adversarial loss.")] = 0.02
    rate: Annotated[float, typer.Option(min=0, help="Highest learning rate.")] = 1e-3


@grouped
def train_segmenter(
    images: Annotated[
        Path,
        typer.Argument(
            metavar="IMAGES",
            help="A study file, of which the training patients are taken; or a table with patient_id, image, mask "
            "(several joined by `;`, or `none`: no lesion) and, if they differ, group (hospital, scanner).",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for segmenter.safetensors and the learning curve.")],
    *,
    data: Annotated[Path | None, typer.Option("--data", help="Folder that the paths are relative to.")] = None,
    label: Label = None,
    network: Network,
    course: Course,
    validation: Annotated[
        float, typer.Option(min=0, max=0.5, help="Share of the patients who are only measured.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, order and variants.")] = 0,
) -> None:
    """Train a segmenter on images and masks of training patients. The same command resumes."""
    from sonoher2.segmentation.shipped import SHIPPED
    from sonoher2.segmentation.training.fit import fit_segmenter
    from sonoher2.segmentation.training.state import Schedule
    from sonoher2.study.measure.training_images import segmenter_cases

    schedule = Schedule(**asdict(network), **asdict(course), seed=seed)
    if network.start == "shipped":
        schedule = replace(schedule, start=str(SHIPPED))
    cases, reading = segmenter_cases(images, data, out, label)
    target = fit_segmenter(cases, schedule, out, reading=reading, validation=validation)
    prompt = " --click ROW,COLUMN" if network.prompted else ""
    say(f"Wrote {target}. Next: sonoher2 segment IMAGE...{prompt} --weights {target} --out DIR")
