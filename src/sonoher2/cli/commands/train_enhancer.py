"""`sonoher2 train-enhancer`: the network that makes images clearer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from sonoher2.cli.common.options import grouped
from sonoher2.cli.common.terminal import say
from sonoher2.enhancement.schedule import Schedule

DEFAULT = Schedule()


@dataclass(frozen=True)
class Course:
    """Options on the course of the training: the fields of `Schedule`."""

    epochs: Annotated[int, typer.Option(min=1, help="After each the training can resume.")] = DEFAULT.epochs
    warm_up: Annotated[int, typer.Option(min=0, help="Epochs without the adversarial part.")] = DEFAULT.warm_up
    steps: Annotated[int, typer.Option(min=1, help="Steps per epoch.")] = DEFAULT.steps
    batch: Annotated[int, typer.Option(min=1, help="Patches per step and scale.")] = DEFAULT.batch
    patch: Annotated[int, typer.Option(min=32, help="Side of a patch, pixels; a multiple of 8.")] = DEFAULT.patch
    rate: Annotated[float, typer.Option(min=0, help="Learning rate at the start.")] = DEFAULT.rate
    adversarial: Annotated[float, typer.Option(min=0, help="Weight of the adversarial loss.")] = DEFAULT.adversarial
    bf16: Annotated[bool, typer.Option("--bf16", help="Compute in bfloat16; fast where the processor has it.")] = False
    seed: Annotated[int, typer.Option(min=0, help="Of weights, patches and degradation.")] = DEFAULT.seed


@grouped
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
    *,
    data: Annotated[Path | None, typer.Option("--data", help="Folder of the study's files, not its own.")] = None,
    course: Course,
) -> None:
    """Train an enhancer on the images of training patients. The same command resumes."""
    from sonoher2.enhancement.fit import fit_enhancer
    from sonoher2.study.measure.training_images import enhancer_images

    schedule = Schedule(**asdict(course))
    target = fit_enhancer(enhancer_images(images, data, out), schedule, out)
    say(f"Wrote {target}. Next: sonoher2 enhance IMAGE... --weights {target} --out DIR")
