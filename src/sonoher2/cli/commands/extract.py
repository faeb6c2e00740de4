"""`sonoher2 extract`: radiomics of a table of images, without a study around it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoher2.cli.common.options import DataFolder, Label, grouped
from sonoher2.cli.common.processes import Processes
from sonoher2.cli.common.terminal import say, show_findings
from sonoher2.core.errors import FindingsError, UsageError

if TYPE_CHECKING:
    from sonoher2.config.images import ImageReading
    from sonoher2.config.radiomics import RadiomicsConfig


@dataclass(frozen=True)
class Measuring:
    """Options on what is measured, and on which lesion."""

    bin_count: Annotated[int | None, typer.Option(min=2, max=256, help="Grey levels; 32 unless told.")] = None
    bin_width: Annotated[float | None, typer.Option(help="Fixed bin width instead of a bin count.")] = None
    resample_mm: Annotated[float | None, typer.Option(help="Resample to square pixels of this size, mm.")] = None
    ring_mm: Annotated[float | None, typer.Option(help="Also measure a ring around the lesion, width in mm.")] = None
    ring_share: Annotated[
        float | None, typer.Option(help="Also measure a ring, width as a share of the lesion's diameter.")
    ] = None
    largest: Annotated[bool, typer.Option("--largest", help="Of several masks, take the largest.")] = False
    unit: Annotated[
        str | None, typer.Option(help="mm or pixels; mm where every image's pixel size is known, unless told.")
    ] = None
    label: Label = None

    def radiomics(self) -> RadiomicsConfig:
        """Give the settings of the measurement.

        Raises
        ------
        UsageError
            A value is out of range or two options contradict each other.
        """
        from sonoher2.config.load import settings_from
        from sonoher2.config.radiomics import RadiomicsConfig

        settings = {name: getattr(self, name) for name in ("bin_count", "bin_width", "resample_mm", "unit")}
        if self.ring_mm is not None or self.ring_share is not None:
            settings["ring"] = {"mm": self.ring_mm, "share": self.ring_share}
        try:
            return settings_from(RadiomicsConfig, settings)
        except FindingsError as error:
            found = error.findings[0]
            option = found.where.replace(".", "-").replace("_", "-")
            raise UsageError(f"--{option}: {found.what}" if option else found.what) from None

    def reading(self) -> ImageReading:
        """Give what is taken of several masks."""
        from sonoher2.config.images import ImageReading

        return ImageReading(several_masks="largest" if self.largest else "union", mask_label=self.label)


@grouped
def extract(
    images: Annotated[
        Path, typer.Argument(help="Table with patient_id, image, mask and, if known, mm_per_pixel and frame.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The table to write (.csv, .xlsx or .parquet).")],
    *,
    data: DataFolder = None,
    measuring: Measuring,
    processes: Processes,
) -> None:
    """Measure the lesions of a table of images: one row per image, features under pyradiomics' names."""
    from sonoher2.study.measure.extract import extract_table

    settings, reading = measuring.radiomics(), measuring.reading()
    with processes.workers(out.parent) as workers:
        done = extract_table(images, out, settings, data=data, reading=reading, workers=workers)
    show_findings([*done.findings, *done.problems])
    left_out = f", {len(done.problems)} problems with others, which are left out" if done.problems else ""
    say(f"Wrote {out}: {done.images} images, lengths in {done.unit}{left_out}.")
    if done.problems:
        raise typer.Exit(3)
