"""`sonoher2 demo`: a synthetic cohort to try everything on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoher2.cli.common.options import Jobs
from sonoher2.cli.common.terminal import say


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder to write the cohort into.")] = Path("demo"),
    patients: Annotated[int, typer.Option(min=1, help="Simulated patients.")] = 120,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 0,
    deep: Annotated[
        bool, typer.Option("--deep", help="Use deep features too; their weights come with the extra `offline`.")
    ] = False,
    jobs: Jobs = None,
) -> None:
    """Write a synthetic cohort with its study file, to try everything on."""
    from sonoher2.synthetic.demo import write_demo_cohort

    study = write_demo_cohort(out, patients=patients, seed=seed, deep=deep, jobs=jobs)
    say(f"Wrote {study} (synthetic patients). Next: sonoher2 run {study} --out {out / 'run'}")
