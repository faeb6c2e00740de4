"""What workers do. Everything heavy is imported within the functions: the server only needs their names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sonoher2.core.errors import FindingsError, InputError
from sonoher2.server.work.models import (
    SITE_KEY,
    Answered,
    BundleFacts,
    BundlePlace,
    ImageFacts,
    Outline,
    Prompt,
    Question,
    View,
)
from sonoher2.server.work.open_bundles import opened_bundle
from sonoher2.server.work.scales import kept_region

if TYPE_CHECKING:
    from sonoher2.images.pixels.decoded import Picture
    from sonoher2.images.pixels.image import Box
    from sonoher2.predict.case import Case
    from sonoher2.predict.prediction import Prediction


def warm_up(bundles: tuple[BundlePlace, ...]) -> None:
    """Make a new worker ready: libraries imported, networks loaded, models read, kernels compiled."""
    from sonoher2.server.work.warm import warm

    warm(bundles)


def bundle_facts(place: BundlePlace) -> BundleFacts:
    """Read a model and give what it says of itself; errors as in `opened_bundle`."""
    from sonoher2.server.work.fields import facts_of

    return facts_of(opened_bundle(place))


def open_image(path: str, name: str) -> ImageFacts:
    """Read the first frame of a file and what the file says of itself.

    Raises
    ------
    InputError
        The image cannot be read whole.
    """
    from sonoher2.images.read import b_mode_box

    picture = _picture(path, name, 1)
    rows, columns = b_mode_box(picture, None)
    height, width = picture.shape
    return ImageFacts(
        kind=picture.format,
        frames=picture.provenance.frames,
        rows=height,
        columns=width,
        mm_per_pixel=picture.spacing,
        regions=tuple(kept_region(one) for one in picture.regions),
        b_mode=(int(columns.start), int(rows.start), int(columns.stop), int(rows.stop)),
        png=_displayed(picture),
    )


def frame_png(path: str, name: str, frame: int) -> bytes:
    """Read one frame as it is displayed: the whole picture, grey, 8 bits."""
    return _displayed(_picture(path, name, frame))


def outline(
    path: str, name: str, frame: int, prompt: Prompt, bundle: BundlePlace | None, crop_to_b_mode: bool = False
) -> Outline:
    """Find the lesion of one frame, where a user says that it is or anywhere.

    Parameters
    ----------
    path, name, frame
        The image.
    prompt
        It goes to the shipped segmenter that takes prompts, whatever the model.
    bundle
        A model that says how images are read, and may have a segmenter of its own; None for the shipped one.
    crop_to_b_mode
        Look in the B-mode part of the screen only, where there is no model that reads images. A prompt beyond that
        part has the whole picture looked at.

    Raises
    ------
    InputError
        The image cannot be read, or the prompt lies outside.
    """
    import numpy as np

    from sonoher2.images.read import b_mode_box, image_of
    from sonoher2.lesions.mask import centre_of
    from sonoher2.segmentation.choose import segment_lesion
    from sonoher2.segmentation.segmenter import load_own_segmenter, load_segmenter
    from sonoher2.server.work.masks import mask_png

    picture = _picture(path, name, frame)
    at, box = _place(prompt, picture.shape)
    image, segmenter = image_of(picture, None, None), load_segmenter(prompted=bool(prompt.kind))
    model = opened_bundle(bundle) if bundle else None
    if model is not None and model.image_networks.segmenter and not prompt.kind:
        segmenter = load_own_segmenter(model.image_networks.segmenter.final)
    if model is not None and model.schema.reading:
        crop_to_b_mode = model.schema.reading.crop_to_b_mode
    if crop_to_b_mode:
        part = b_mode_box(picture, at)
        image = image.cropped(part) if _within(part, at, box) else image
    rows, columns = (part.start for part in image.box)
    found = segment_lesion(
        segmenter,
        image.pixels,
        at=at and (at[0] - rows, at[1] - columns),
        box=box and (_moved(box[0], rows), _moved(box[1], columns)),
    )
    made = f"{segmenter.sha256}:{prompt.kind or ('b-mode' if crop_to_b_mode else 'whole')}"
    if not found.found:
        return Outline(b"", 0, found.confidence)
    mask = np.zeros(image.file_shape, dtype=bool)
    mask[image.box] = found.mask
    return Outline(mask_png(mask), int(np.count_nonzero(mask)), found.confidence, centre_of(mask), made)


def predict(question: Question) -> Answered:
    """Predict a patient; the image is shown as it was scored.

    Raises
    ------
    InputError, FindingsError
        The image, the mask or a clinical value cannot be used.
    """
    from sonoher2.server.work.pictures import views_of

    prediction, case = _predicted(question)
    explanation = prediction.explanation
    views: tuple[View, ...] = views_of(case, prediction)
    return Answered(
        prediction.json(),
        tuple((one.variable, one.points) for one in explanation.points) if explanation else (),
        explanation.total_points if explanation else None,
        views,
    )


def case_page(question: Question) -> bytes:
    """Make the HTML page of a prediction; errors as in `predict`."""
    import tempfile

    from sonoher2.predict.views import case_views
    from sonoher2.report.page.case_page import write_case_page

    prediction, case = _predicted(question)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        write_case_page(page, prediction, case_views(case, prediction), case.patient, question.made)
        return page.read_bytes()


def _predicted(question: Question) -> tuple[Prediction, Case]:
    from sonoher2.predict.case import Case, ScoredMask
    from sonoher2.predict.patient import ImageInput, PatientInput
    from sonoher2.predict.scoring import predict_patient
    from sonoher2.server.work.masks import mask_of

    bundle = opened_bundle(question.bundle)
    images: tuple[ImageInput, ...] = ()
    mask = mask_of(question.mask) if question.image else None
    if mask is not None:
        data = Path(question.image).read_bytes()
        images = (ImageInput(data, (mask,), question.mm_per_pixel, question.frame, question.name),)
    values = dict(question.clinical)
    site = values.pop(SITE_KEY, None)
    case = Case(bundle, PatientInput(images, values, site, patient_id=question.patient))
    if mask is not None and question.confidence is not None:
        # the segmenter made it a moment ago: it says so, and is not asked a second time
        image = case.images[0]
        origin = image.picture.provenance
        image.mask = ScoredMask(origin.name, mask, "segmented", question.confidence, origin)
    return predict_patient(bundle, case), case


def _picture(path: str, name: str, frame: int) -> Picture:
    from sonoher2.images.read import read_picture

    with _called(path, name):
        return read_picture(path, frame)


@contextmanager
def _called(path: str, name: str) -> Iterator[None]:
    """Have errors speak of the user's file, not of where the server keeps it."""
    try:
        yield
    except FindingsError:
        raise
    except InputError as error:
        what, where, fix = (part.replace(path, name) for part in (error.what, error.where, error.fix))
        raise InputError(what, where=where, fix=fix, hint=error.hint) from None


def _displayed(picture: Picture) -> bytes:
    from sonoher2.server.work.masks import grey_png

    return grey_png(picture.grey)


def _place(prompt: Prompt, shape: tuple[int, int]) -> tuple[tuple[int, int] | None, Box | None]:
    """Row and column of a click, rows and columns of a box."""
    at, box = prompt.at and (prompt.at[1], prompt.at[0]), None
    if prompt.box:
        left, top, right, bottom = prompt.box
        if not (0 <= left < right <= shape[1] and 0 <= top < bottom <= shape[0]):
            raise InputError("the box lies outside the picture", fix="Draw it on the picture")
        box = slice(top, bottom), slice(left, right)
    if at and not all(0 <= place < length for place, length in zip(at, shape, strict=True)):
        raise InputError("the click lies outside the picture", fix="Click on the picture")
    return at, box


def _within(part: Box, at: tuple[int, int] | None, box: Box | None) -> bool:
    """Whether a part of the picture holds what the user pointed at."""
    if at:
        return all(side.start <= place < side.stop for side, place in zip(part, at, strict=True))
    return not box or all(a.start <= b.start and b.stop <= a.stop for a, b in zip(part, box, strict=True))


def _moved(part: slice, by: int) -> slice:
    return slice(part.start - by, part.stop - by)
