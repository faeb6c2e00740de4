"""Each finding, made to happen by a case small enough to be checked by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from predict.small_model import bundle, lesion, speckled
from sonoher2.config.deep import DeepConfig
from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import InputError
from sonoher2.core.files import file_sha256
from sonoher2.enhancement.enhancer import SHIPPED as ENHANCER
from sonoher2.images.fingerprint import TrainingImages, fingerprint, images_file, write_training_images
from sonoher2.lesions.open import Lesion
from sonoher2.networks.own import ImageNetworks, OwnNetwork, Weights
from sonoher2.predict.case import Case
from sonoher2.predict.noticed import measured_findings, network_findings, site_findings, training_image
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.text import finding_text
from sonoher2.segmentation.segment import PictureSegmentation


def case(*images: ImageInput, site: str | None = None, model: Any = None, **changes: Any) -> Case:
    return Case(bundle(model, **changes), PatientInput(images, site=site))


def given(pixels: np.ndarray | None = None, name: str = "view", **more: Any) -> ImageInput:
    return ImageInput(speckled() if pixels is None else pixels, (lesion(),), name=name, **more)


def told(found: tuple) -> list[tuple[str, str]]:
    return [(finding.code, finding_text(finding)) for finding in found]


def test_a_good_image_with_a_mask_has_nothing_to_say() -> None:
    sound = case(given())
    assert network_findings(sound) + site_findings(sound) + measured_findings(sound) == ()


def segmented(monkeypatch: pytest.MonkeyPatch, found: bool, confidence: float) -> None:
    answer = PictureSegmentation(lesion() if found else np.zeros_like(lesion()), confidence, found)
    monkeypatch.setattr("sonoher2.segmentation.segment.segment_picture", lambda *_, **__: answer)


def test_an_automatic_outline_and_how_sure_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    segmented(monkeypatch, True, 0.871)
    [finding] = network_findings(case(ImageInput(speckled(), name="left.png"), given()))
    assert (finding.code, finding.severity) == ("OUTLINE_AUTOMATIC", "warning")
    assert finding.facts == {"image": "left.png", "confidence": 0.871}
    assert finding_text(finding) == ("left.png: the lesion was outlined automatically, confidence 0.87; look at it")


def test_an_image_in_which_no_lesion_is_found_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    segmented(monkeypatch, False, 0.3)
    with pytest.raises(InputError, match=r"left.png: no lesion was found\. Outline it by hand") as refused:
        network_findings(case(ImageInput(speckled(), name="left.png")))
    assert refused.value.hint == "mask"


def test_an_outline_that_cannot_be_a_lesion_is_refused_like_a_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = PictureSegmentation(np.ones_like(lesion()), 0.9, True)
    monkeypatch.setattr("sonoher2.segmentation.segment.segment_picture", lambda *_, **__: answer)
    with pytest.raises(InputError, match=r"left\.png: the mask covers 100% of the image"):
        network_findings(case(ImageInput(speckled(), name="left.png")))


def test_an_image_that_a_network_was_trained_on(tmp_path: Path) -> None:
    weights = tmp_path / "own.safetensors"
    weights.write_bytes(b"weights")
    write_training_images(weights, [fingerprint(speckled(1))])
    seen, new = case(given(speckled(1), "seen"), given(speckled(2), "new")).images
    sentence = "seen: the segmenter was trained on this image, and does better on it than on others"
    assert told(tuple(training_image(seen, None, weights, "segmenter"))) == [("TRAINING_IMAGE", sentence)]
    assert training_image(new, None, weights, "segmenter") == []
    # a model's own network is asked, and not the shipped one
    write_training_images(tmp_path / "own.safetensors", [fingerprint(speckled(2))])
    own = OwnNetwork(Weights(str(weights), file_sha256(weights), str(images_file(weights))))
    assert training_image(seen, own, ENHANCER, "enhancer") == []
    assert [finding.facts["network"] for finding in training_image(new, own, ENHANCER, "enhancer")] == ["enhancer"]


def test_only_the_networks_that_are_used_are_asked_for_their_training_images(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = fingerprint(speckled())
    known = TrainingImages(frozenset([seen.sha256]), np.array([], np.uint64))
    monkeypatch.setattr("sonoher2.predict.noticed.load_training_images", lambda _: known)
    segmented(monkeypatch, True, 0.9)
    cleared = {"reading": ImageReading(enhance="gan")}
    outlined, masked = ImageInput(speckled(), name="a"), given(name="b")

    def networks(*images: ImageInput, **changes: Any) -> list[object]:
        return [f.facts["network"] for f in network_findings(case(*images, **changes)) if f.code == "TRAINING_IMAGE"]

    assert networks(masked) == []
    assert networks(outlined) == ["segmenter"]
    assert networks(masked, **cleared) == ["enhancer"]
    assert networks(outlined, masked, **cleared) == ["segmenter", "enhancer", "enhancer"]


HARMONISING = SimpleNamespace(harmoniser_=SimpleNamespace(sites_=["North", "South"], reference="South"))


@pytest.mark.parametrize(
    ("site", "code", "begins"),
    [(None, "SITE_MISSING", "no site is given"), ("East", "SITE_UNKNOWN", "the site 'East' was not in training")],
)
def test_a_site_that_the_model_does_not_know(site: str | None, code: str, begins: str) -> None:
    [finding] = site_findings(case(given(), site=site, model=HARMONISING))
    assert finding.code == code
    assert finding_text(finding) == (
        f"{begins}, so features count as measured at South; sites in training: North, South"
    )


def test_a_known_site_or_no_image_needs_no_word_and_a_model_without_sites_takes_none() -> None:
    assert site_findings(case(given(), site="North", model=HARMONISING)) == ()
    assert site_findings(case(model=HARMONISING)) == ()
    with pytest.raises(InputError, match="does not harmonise sites"):
        site_findings(case(site="North"))


@pytest.mark.parametrize(("unit", "size", "said"), [("pixels", 0.1, True), ("pixels", None, False), ("mm", 0.1, False)])
def test_a_known_size_that_is_not_used(unit: str, size: float | None, said: bool) -> None:
    radiomics = RadiomicsConfig(filters=["original"], unit=unit)
    found = measured_findings(case(given(mm_per_pixel=size), radiomics=radiomics))
    assert [finding.code for finding in found] == ["UNIT_IGNORED"] * said
    assert all(finding.severity == "note" for finding in found)


def test_few_grey_levels_are_counted_in_each_lesion() -> None:
    # 0 to 249 in bins of 200 are two levels
    coarse = RadiomicsConfig(filters=["original"], unit="pixels", bin_width=200.0)
    found = measured_findings(case(given(name="a"), given(name="b"), radiomics=coarse))
    assert found[0].facts == {"images": ("a", "b"), "lesions": 2}
    assert told(found) == [
        ("FEW_GREY_LEVELS", "radiomics: 2 of 2 lesions have fewer than 8 grey levels (a, b). Their texture says "
         "little; use `bin_count`, the default of 32."),
    ]  # fmt: skip
    one_level = np.where(lesion(), 120, speckled()).astype(np.uint8)
    one_level[30, 30:34] = 100, 105, 110, 115
    mixed = measured_findings(case(given(one_level, "flat"), given(name="b")))
    assert mixed[0].facts == {"images": ("flat",), "lesions": 2}


def poor(what: str) -> tuple[np.ndarray, np.ndarray]:
    pixels, mask = speckled(), lesion()
    if what == "small lesion":
        mask[:, 40:] = False
        mask[40:] = False
    if what == "few grey levels":
        pixels = (100 + pixels // 10).astype(np.uint8)
    if what == "white":
        # 300 of the 70 x 80 pixels within 20 of the lesion
        pixels[40:55, 30:50] = 255
    if what == "blurred":
        smooth = gaussian_filter(pixels.astype(float), 8)
        pixels = np.rint(250 * (smooth - smooth.min()) / np.ptp(smooth)).astype(np.uint8)
    return pixels, mask


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("small lesion", "the lesion is smaller than 16 pixels"),
        ("few grey levels", "fewer than 32 grey levels"),
        ("white", "more than 5% of the pixels are white"),
        ("blurred", "blurred (above 0.75)"),
    ],
)
def test_poor_images_are_named_with_what_is_wrong(what: str, said: str) -> None:
    pixels, mask = poor(what)
    found = measured_findings(case(given(name="good"), ImageInput(pixels, (mask,), name="poor")))
    of_quality = [finding for finding in found if finding.code == "POOR_IMAGE"]
    assert [finding.facts for finding in of_quality] == [{"image": "poor", "problem": what}]
    assert finding_text(of_quality[0]) == f"poor: {said}; features of poor pictures are unsteady."


def test_quality_is_judged_before_the_image_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonoher2.predict.case.cleared", lambda lesion: pytest.fail("cleared"))
    asked = case(given(), reading=ImageReading(enhance="gan")).images[0].quality
    assert asked["levels"] == 250
    assert asked == case(given()).images[0].quality


def test_the_cleared_image_is_measured_and_cropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the enhancer halves all grey values."""

    def halved(lesion: Lesion, weights: object) -> Lesion:
        return replace(lesion, image=replace(lesion.image, pixels=lesion.image.pixels / 2))

    monkeypatch.setattr("sonoher2.predict.case.cleared", halved)
    how = {
        "radiomics": RadiomicsConfig(filters=["original"], unit="pixels"),
        "deep": DeepConfig(network=["resnet10t"], weights="none", size=60, margin=0.25),
    }
    plain, clear = (
        case(given(), reading=ImageReading(enhance=enhance), **how).images[0] for enhance in ("none", "gan")
    )
    mean = "original_firstorder_Mean"
    assert plain.measurement.features[mean] == pytest.approx(speckled()[lesion()].mean())
    assert clear.measurement.features[mean] == pytest.approx(speckled()[lesion()].mean() / 2)
    # a window of 60 pixels at row 15, column 20 brought to 60 pixels: the image itself
    np.testing.assert_array_equal(plain.crop[0], speckled()[15:75, 20:80])
    np.testing.assert_array_equal(clear.crop[0], np.rint(speckled()[15:75, 20:80] / 2))


@pytest.mark.parametrize(("levels", "few"), [(7, True), (8, False)])
def test_eight_grey_levels_are_enough(levels: int, few: bool) -> None:
    inside = np.where(lesion(), 10 * (np.arange(100) % levels) + 5, speckled()).astype(np.uint8)
    width = RadiomicsConfig(filters=["original"], unit="pixels", bin_width=10.0)
    found = measured_findings(case(given(inside), radiomics=width))
    assert ("FEW_GREY_LEVELS" in {finding.code for finding in found}) is few


def test_a_models_own_networks_outline_and_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def outline(picture: object, *, crop_to_b_mode: bool, weights: object) -> PictureSegmentation:
        asked.append((crop_to_b_mode, weights))
        return PictureSegmentation(lesion(), 0.9, True)

    monkeypatch.setattr("sonoher2.segmentation.segment.segment_picture", outline)
    monkeypatch.setattr("sonoher2.predict.case.cleared", lambda lesion, weights: asked.append(weights) or lesion)
    own, other = (Weights(name, name, name) for name in ("own", "other"))
    reading = ImageReading(enhance="gan", crop_to_b_mode=True)
    for networks, weights in (
        (ImageNetworks(OwnNetwork(own), OwnNetwork(other)), [(True, own), other]),
        (ImageNetworks(), [(True, None), None]),
    ):
        asked.clear()
        known = replace(bundle(reading=reading), image_networks=networks)
        [image] = Case(known, PatientInput((ImageInput(speckled(), name="a"),))).images
        assert image.lesion.mask.any()
        assert asked == weights


def test_a_given_mask_with_a_speck_or_a_hole_is_told_and_an_automatic_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = lesion()
    odd = whole.copy()
    odd[0, 0] = True
    rows, columns = np.nonzero(whole)
    middle = int(rows.mean()), int(columns.mean())
    odd[middle[0] - 4 : middle[0] + 4, middle[1] - 4 : middle[1] + 4] = False
    image = ImageInput(speckled(1), (odd,), name="view")
    said = dict(told(measured_findings(case(image))))
    assert said == {"ODD_MASK": said["ODD_MASK"]}
    codes = [found.facts["problem"] for found in measured_findings(case(image))]
    assert codes == ["specks", "holes"]
    text = finding_text(measured_findings(case(image))[1])
    assert text == "view: the mask has holes; a forgotten pixel changes the size, and a hole the texture"
    assert measured_findings(case(ImageInput(speckled(1), (whole,), name="view"))) == ()
