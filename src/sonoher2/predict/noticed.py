"""What is noticed of a patient's images and site while they are scored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sonoher2.bundle.load import Bundle
from sonoher2.bundle.reference import image_spaces, training_cases
from sonoher2.core.errors import InputError
from sonoher2.images.fingerprint import load_training_images
from sonoher2.images.quality import problem_codes
from sonoher2.lesions.mask import mask_problem_codes
from sonoher2.networks.own import OwnNetwork
from sonoher2.predict.case import Case, CaseImage
from sonoher2.predict.findings import PredictionFinding
from sonoher2.radiomics.lesion import FEWEST_GREY_LEVELS


def network_findings(case: Case) -> tuple[PredictionFinding, ...]:
    """Say which lesions were outlined automatically, and which images a network was trained on."""
    return (
        *(finding for image in case.images for finding in _segmenter_findings(image)),
        *(finding for image in case.images for finding in _enhancer_findings(image)),
    )


def _segmenter_findings(image: CaseImage) -> list[PredictionFinding]:
    mask = image.mask
    if mask.confidence is None:
        return []
    # networks are slow to import
    from sonoher2.segmentation.shipped import SHIPPED

    outlined = PredictionFinding("OUTLINE_AUTOMATIC", {"image": mask.image, "confidence": mask.confidence})
    return [outlined, *training_image(image, image.networks.segmenter, SHIPPED, "segmenter")]


def _enhancer_findings(image: CaseImage) -> list[PredictionFinding]:
    if image.reading.enhance == "none":
        return []
    from sonoher2.enhancement.enhancer import SHIPPED

    return training_image(image, image.networks.enhancer, SHIPPED, "enhancer")


def training_image(image: CaseImage, own: OwnNetwork | None, shipped: Path, network: str) -> list[PredictionFinding]:
    """Say that a network was trained on the very image that it is now used for.

    Parameters
    ----------
    image
        The image.
    own, shipped
        Weights of the network: the model's own, else the shipped ones.
    network
        Its name.
    """
    known = load_training_images(shipped) if own is None else load_training_images(*own.final.files)
    if not known.has(image.fingerprint):
        return []
    return [PredictionFinding("TRAINING_IMAGE", {"image": image.mask.image, "network": network})]


def site_findings(case: Case) -> tuple[PredictionFinding, ...]:
    """Say when a model that harmonises sites cannot harmonise this patient's features.

    Raises
    ------
    InputError
        A site is given to a model that knows none.
    """
    harmoniser, site = case.bundle.model.harmoniser_, case.patient.site
    if harmoniser is None:
        if site is not None:
            raise InputError("the model does not harmonise sites", fix="Leave the site out", hint="site")
        return ()
    if not case.images or site in harmoniser.sites_:
        return ()
    facts = {"reference": str(harmoniser.reference), "sites": ", ".join(harmoniser.sites_)}
    return (
        PredictionFinding("SITE_MISSING", facts)
        if site is None
        else PredictionFinding("SITE_UNKNOWN", {"site": site, **facts}),
    )


def measured_findings(case: Case) -> tuple[PredictionFinding, ...]:
    """Say that a known size was not used, that texture says little, and which images are poor and masks odd."""
    radiomics, measured = case.bundle.schema.radiomics, [image.measurement for image in case.images]
    found = []
    if radiomics and radiomics.unit == "pixels" and any(one.mm_per_pixel is not None for one in measured):
        found.append(PredictionFinding("UNIT_IGNORED"))
    flat = tuple(
        image.mask.image
        for image, one in zip(case.images, measured, strict=True)
        if one.grey_levels < FEWEST_GREY_LEVELS
    )
    if flat:
        found.append(PredictionFinding("FEW_GREY_LEVELS", {"images": flat, "lesions": len(measured)}))
    found += [
        PredictionFinding("POOR_IMAGE", {"image": image.mask.image, "problem": problem})
        for image in case.images
        for problem in problem_codes(image.quality)
    ]
    found += [
        PredictionFinding("ODD_MASK", {"image": image.mask.image, "problem": problem})
        for image in case.images
        if image.mask.origin == "given"
        for problem in mask_problem_codes(image.mask.pixels)
    ]
    return tuple(found)


def training_patient(bundle: Bundle, seen: Mapping[str, pd.DataFrame]) -> tuple[PredictionFinding, ...]:
    """Say that the patient's images measure exactly as those of a training patient.

    Parameters
    ----------
    bundle
        The model.
    seen
        One patient in the spaces of `model_spaces`.
    """
    if bundle.reference is None:
        return ()
    spaces = image_spaces(bundle.schema, bundle.model, seen)
    cases = training_cases(bundle.reference, spaces)
    return tuple(PredictionFinding("TRAINING_PATIENT", {"case": int(case)}) for case in cases if case)
