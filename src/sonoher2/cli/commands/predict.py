"""`sonoher2 predict`: one patient, by a frozen model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from sonoher2.cli.common.options import BundleFolder, Label, Trust, grouped
from sonoher2.cli.common.patient import patient_of
from sonoher2.cli.common.terminal import say, say_json
from sonoher2.core.errors import UsageError

PAGES = (".html", ".htm")
"""Endings of files that a new page may replace."""


@dataclass(frozen=True)
class Patient:
    """Options on the patient."""

    image: Annotated[list[Path] | None, typer.Option("--image", help="An image; repeat it for several views.")] = None
    mask: Annotated[
        list[Path] | None,
        typer.Option(
            "--mask", help="The mask of each image, in the order of the images; none: outlined automatically."
        ),
    ] = None
    clinical: Annotated[
        list[str] | None, typer.Option("--clinical", help="KEY=VALUE; repeat it for several.", metavar="KEY=VALUE")
    ] = None
    frame: Annotated[
        list[int] | None,
        typer.Option("--frame", min=1, help="Frame of each image, in their order, counted from 1; for cine and TIFF."),
    ] = None
    mm_per_pixel: Annotated[
        list[float] | None, typer.Option(help="Side of a pixel, mm; repeat it where the images differ.")
    ] = None
    site: Annotated[str | None, typer.Option(help="Where the images were made, for a model that harmonises sites.")] = (
        None
    )
    label: Label = None


@grouped
def predict(
    bundle: BundleFolder,
    patient: Patient,
    trust: Trust = None,
    patient_id: Annotated[
        str, typer.Option("--patient", help="Your name for the patient, for the case page; nothing else uses it.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    page: Annotated[
        Path | None, typer.Option("--page", help="Also write a case page (HTML); it shows the patient's images.")
    ] = None,
) -> None:
    """Predict one patient with a frozen model. Research software, not for clinical use."""
    from sonoher2.bundle.load import load_bundle
    from sonoher2.predict.case import Case
    from sonoher2.predict.scoring import predict_patient

    given = patient_of(
        patient.image or [],
        patient.mask or [],
        patient.clinical or [],
        patient.mm_per_pixel or [],
        patient.frame or [],
        patient.site,
        patient.label,
    )
    if page is not None:
        _require_free(page, bundle, [*(patient.image or []), *(patient.mask or [])])
    frozen = load_bundle(bundle, trust)
    case = Case(frozen, replace(given, patient_id=patient_id))
    prediction = predict_patient(frozen, case)
    if as_json:
        say_json(prediction.json())
    else:
        say(prediction.text())
    if page is not None:
        from sonoher2.predict.views import case_views
        from sonoher2.report.page.case_page import write_case_page

        write_case_page(page, prediction, case_views(case, prediction), case.patient)


def _require_free(page: Path, bundle: Path, given: Sequence[str | Path]) -> None:
    """Refuse a page in the place of what was given, in the bundle, or of a file that is no page."""
    place = page.resolve()
    if bundle.resolve() in place.parents:
        raise UsageError(f"--page {page} lies in the bundle, which others are given. Choose another folder.")
    taken = place.is_file() and place.suffix.lower() not in PAGES
    if taken or any(place == Path(str(file).split("#")[0]).resolve() for file in given):
        raise UsageError(f"--page {page} would replace a file that is no page. Choose another name, such as case.html.")
