"""DICOM segmentations, and masks of several frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from images.dicom_writer import write_dicom
from sonoher2.core.errors import InputError
from sonoher2.images.pixels.decoded import SameFrame
from sonoher2.lesions.mask import MaskFrame, read_mask
from sonoher2.lesions.open import read_lesion

SIZE = (20, 30)


def marks(count: int) -> np.ndarray:
    """One square for each frame, each elsewhere; (frames, rows, columns)."""
    frames = np.zeros((count, *SIZE), dtype=np.uint8)
    for number in range(count):
        frames[number, 5:12, 5 * number + 1 : 5 * number + 5] = 1
    return frames


def segmentation(
    path: Path, frames: np.ndarray, of: list[int | None], segments: int = 1, kind: str = "BINARY", images: int = 1
) -> Path:
    """Write a segmentation whose frames mark the frames `of` an image."""
    groups = []
    for place, number in enumerate(of):
        source, derivation, group, segment = Dataset(), Dataset(), Dataset(), Dataset()
        segment.ReferencedSegmentNumber = place % segments + 1
        group.SegmentIdentificationSequence = [segment]
        source.ReferencedSOPInstanceUID = f"1.2.{place % images}"
        if number is not None:
            source.ReferencedFrameNumber = number
        derivation.SourceImageSequence = [source]
        group.DerivationImageSequence = [derivation]
        groups.append(group)
    data = np.packbits(frames.ravel(), bitorder="little").tobytes()
    return write_dicom(
        path, data + b"\x00" * (len(data) % 2), size=SIZE, BitsAllocated=1, BitsStored=1, HighBit=0,
        NumberOfFrames=len(frames), SegmentSequence=[numbered(place + 1) for place in range(segments)],
        SegmentationType=kind, PerFrameFunctionalGroupsSequence=groups,
    )  # fmt: skip


def of_one_image(path: Path, frame: int, drawn_on: str, study: str = "1.5") -> Path:
    """Write a segmentation of one frame that says for all of its frames together what they mark."""
    source, derivation, shared = Dataset(), Dataset(), Dataset()
    source.ReferencedSOPInstanceUID, source.ReferencedFrameNumber = drawn_on, frame
    derivation.SourceImageSequence = [source]
    shared.DerivationImageSequence = [derivation]
    data = np.packbits(marks(1).ravel(), bitorder="little").tobytes()
    return write_dicom(
        path, data + b"\x00" * (len(data) % 2), size=SIZE, BitsAllocated=1, BitsStored=1, HighBit=0,
        NumberOfFrames=1, SegmentSequence=[numbered(1)], SegmentationType="BINARY", StudyInstanceUID=study,
        SharedFunctionalGroupsSequence=[shared], PerFrameFunctionalGroupsSequence=[Dataset()],
    )  # fmt: skip


def numbered(number: int) -> Dataset:
    item = Dataset()
    item.SegmentNumber = number
    return item


def test_the_segment_that_is_chosen(tmp_path: Path) -> None:
    path = segmentation(tmp_path / "m.dcm", marks(2), [1, 1], segments=2)
    for label in (1, 2):
        np.testing.assert_array_equal(read_mask([path], SIZE, label=str(label)), marks(2)[label - 1] == 1)
    with pytest.raises(InputError, match=r"2 segments, and none of them is 3\. Say which is the lesion \(1, 2\)"):
        read_mask([path], SIZE, label="3")


def test_a_segmentation_that_names_no_frame_is_of_no_cine(tmp_path: Path) -> None:
    path = segmentation(tmp_path / "m.dcm", marks(1), [None])
    np.testing.assert_array_equal(read_mask([path], SIZE), marks(1)[0] == 1)
    for number in (1, 2):
        with pytest.raises(InputError, match="does not say which of the image's 3 frames it marks"):
            read_mask([path], SIZE, of=MaskFrame(SameFrame(number, 3)))


def test_what_a_decoder_says_of_a_dicom_file_is_not_repeated(tmp_path: Path) -> None:
    path = segmentation(tmp_path / "m.dcm", marks(1), [1])
    data = path.read_bytes()
    number = b"\x08\x00\x60\x11IS\x02\x001 "  # Referenced Frame Number
    assert data.count(number) == 1
    path.write_bytes(data.replace(number, b"\x08\x00\x60\x11LO\x02\x00Xi"))
    with pytest.raises(InputError) as caught:
        read_mask([path], SIZE)
    assert "Xi" not in str(caught.value).removeprefix(str(path))


@pytest.mark.parametrize("bits", [8, 16])
def test_labels_of_a_dicom_mask_are_what_it_stores(tmp_path: Path, bits: int) -> None:
    values = np.zeros(SIZE, dtype=f"u{bits // 8}")
    values[3:9, 4:12], values[12:18, 15:25] = 1, 2
    path = write_dicom(
        tmp_path / "m.dcm", values.tobytes(), size=SIZE, BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1
    )
    with pytest.raises(InputError, match=r"several labels \(1, 2\)"):
        read_mask([path], SIZE)
    for label in (1, 2):
        np.testing.assert_array_equal(read_mask([path], SIZE, label=str(label)), values == label)


def test_colours_of_a_dicom_mask_are_what_it_stores(tmp_path: Path) -> None:
    values = np.zeros((*SIZE, 3), dtype=np.uint8)
    values[3:9, 4:12], values[12:18, 15:25] = (255, 0, 0), (0, 255, 0)
    path = write_dicom(
        tmp_path / "m.dcm", values.tobytes(), size=SIZE, SamplesPerPixel=3, PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
    )  # fmt: skip
    with pytest.raises(InputError, match=r"several labels \(#00ff00, #ff0000\)|several labels \(#ff0000, #00ff00\)"):
        read_mask([path], SIZE)
    np.testing.assert_array_equal(read_mask([path], SIZE, label="#ff0000"), values[..., 0] > 0)


def test_one_segment_on_one_image(tmp_path: Path) -> None:
    path = segmentation(tmp_path / "m.dcm", marks(1), [None])
    np.testing.assert_array_equal(read_mask([path], SIZE), marks(1)[0] == 1)


def test_the_frame_that_marks_the_images_frame_is_taken(tmp_path: Path) -> None:
    path = segmentation(tmp_path / "m.dcm", marks(3), [4, 2, 7])
    np.testing.assert_array_equal(read_mask([path], SIZE, of=MaskFrame(SameFrame(2, 9))), marks(3)[1] == 1)
    with pytest.raises(InputError, match="no frame of the segmentation belongs to frame 1 of the image"):
        read_mask([path], SIZE, of=MaskFrame(SameFrame(1, 9)))


def test_a_frame_that_is_named_for_all_frames_together_counts(tmp_path: Path) -> None:
    path = of_one_image(tmp_path / "m.dcm", 5, "1.2.3")
    np.testing.assert_array_equal(read_mask([path], SIZE, of=MaskFrame(SameFrame(5, 9))), marks(1)[0] == 1)
    with pytest.raises(InputError, match="no frame of the segmentation belongs to frame 1 of the image"):
        read_mask([path], SIZE, of=MaskFrame(SameFrame(1, 9)))


def test_a_segment_that_is_named_for_all_frames_together_counts(tmp_path: Path) -> None:
    segment, shared = Dataset(), Dataset()
    segment.ReferencedSegmentNumber = 2
    shared.SegmentIdentificationSequence = [segment]
    data = np.packbits(marks(1).ravel(), bitorder="little").tobytes()
    path = write_dicom(
        tmp_path / "m.dcm", data + b"\x00" * (len(data) % 2), size=SIZE, BitsAllocated=1, BitsStored=1, HighBit=0,
        NumberOfFrames=1, SegmentSequence=[numbered(1), numbered(2)], SegmentationType="BINARY",
        SharedFunctionalGroupsSequence=[shared], PerFrameFunctionalGroupsSequence=[Dataset()],
    )  # fmt: skip
    np.testing.assert_array_equal(read_mask([path], SIZE, label="2"), marks(1)[0] == 1)
    with pytest.raises(InputError, match="no frame of the segmentation"):
        read_mask([path], SIZE, label="1")


def test_a_segmentation_of_another_image_of_the_study_is_refused(tmp_path: Path) -> None:
    # the image is 1.2.3 of the study 1.5
    grey = np.full(SIZE, 99, np.uint8).tobytes()
    image = write_dicom(tmp_path / "i.dcm", grey, size=SIZE, StudyInstanceUID="1.5")
    own = of_one_image(tmp_path / "own.dcm", 1, "1.2.3")
    np.testing.assert_array_equal(read_lesion(image, [own]).mask, marks(1)[0] == 1)
    other = of_one_image(tmp_path / "other.dcm", 1, "1.2.4")
    with pytest.raises(InputError, match=r"other\.dcm: the segmentation was drawn on another image of the same study"):
        read_lesion(image, [other])
    # an anonymiser that renames the image and its study need not have renamed what the segmentation says
    renamed = of_one_image(tmp_path / "renamed.dcm", 1, "1.2.4", study="1.6")
    np.testing.assert_array_equal(read_lesion(image, [renamed]).mask, marks(1)[0] == 1)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"of": [1, 1], "segments": 2}, "has 2 segments"),
        ({"of": [1, 1]}, "marks this image in 2 frames"),
        ({"of": [None, None], "images": 2}, "drawn on several image files"),
        ({"of": [1, 2], "kind": "FRACTIONAL"}, "how likely"),
    ],
)
def test_what_could_be_read_two_ways_is_refused(tmp_path: Path, options: dict[str, object], reason: str) -> None:
    path = segmentation(tmp_path / "m.dcm", marks(2), **options)
    with pytest.raises(InputError, match=reason):
        read_mask([path], SIZE)


def pages(path: Path, frames: np.ndarray) -> Path:
    first, *others = (Image.fromarray(frame) for frame in frames)
    first.save(path, save_all=True, append_images=others)
    return path


def test_image_and_mask_of_as_many_pages(tmp_path: Path) -> None:
    greys = np.stack([np.full(SIZE, value, np.uint8) for value in (10, 20, 30)])
    image, mask = pages(tmp_path / "i.tif", greys), pages(tmp_path / "m.tif", marks(3) * 255)
    lesion = read_lesion(image, [mask], frame=3)
    assert set(lesion.image.pixels.ravel()) == {30}
    np.testing.assert_array_equal(lesion.mask, marks(3)[2] == 1)
    single = pages(tmp_path / "s.tif", marks(1) * 255)
    np.testing.assert_array_equal(read_lesion(image, [single], frame=3).mask, marks(1)[0] == 1)
    with pytest.raises(InputError, match=r"i\.tif: the file has 3 frames"):
        read_lesion(image, [mask])


def test_a_mask_of_several_pages_for_an_image_of_one_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full(SIZE, 40, np.uint8)).save(tmp_path / "i.png")
    with pytest.raises(InputError, match=r"m\.tif: the mask has 2 frames and its image 1"):
        read_lesion(tmp_path / "i.png", [pages(tmp_path / "m.tif", marks(2) * 255)])
