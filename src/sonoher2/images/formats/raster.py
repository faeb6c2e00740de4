"""Reading PNG, JPEG, BMP and TIFF."""

from __future__ import annotations

import contextlib
import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from sonoher2.core.errors import InputError
from sonoher2.images.pixels.decoded import (
    FrameChoice,
    Picture,
    chosen_frame,
    cut_short,
    errors_name,
    grey_and_colour,
    require_light,
    require_size,
    row_blocks,
)  # fmt: skip
from sonoher2.images.pixels.source import Content, Provenance

FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
JPEGS = ("JPEG", "MPO")
"""What Pillow calls a JPEG file, and one of several pictures as phones write it."""
MOST_PAGES = 10_000
SIXTEEN_BIT_MODES = ("I;16", "I;16L", "I;16B", "I;16N")
TIFF_PHOTOMETRIC, WHITE_IS_ZERO = 262, 0
TIFF_BITS, TIFF_DESCRIPTION = 258, 270
TIFF_COMPRESSION, TIFF_JPEG, END_OF_JPEG = 259, 7, b"\xff\xd9"
TIFF_PARTS = ((273, 279), (324, 325))
"""Tags of the places and lengths of strips, and of tiles."""
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a pixel by the colour type (PNG, 11.2.2)."""
PNG_PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
"""First row and column of each pass of an interlaced picture, and steps down and across (PNG, 8.2)."""
LEAST_SEEN = 0.01
"""Share of an image's pixels that must not be transparent; of a mask one is enough."""
ORIENTATION = 0x0112
"""Tag of Exif and TIFF: how the stored picture is to be turned before it is shown (CIPA DC-008, 4.6.5)."""


def read_raster(content: Content, frame: FrameChoice) -> Picture:
    """Read one page, counted from 1, turned as its orientation tag says.

    Transparent pixels are shown on black. 16-bit grey is scaled linearly, 65535 to 255, whatever the image's own
    range; 16-bit colour keeps its upper byte.

    Raises
    ------
    InputError
        The file is damaged or cut short, of another format, too large, transparent all over, or has no such page.
    """
    with _opened(content, frame) as page:
        grey, colour = _grey_and_colour(_opaque(page.image, LEAST_SEEN))
        kind, bits = str(page.image.format), page.bits
        upright = page.upright(grey), page.upright(colour)
        return Picture(*upright, kind, turned=page.turned, bits=bits, provenance=page.provenance)


@dataclass(frozen=True)
class MaskValues:
    """The pixels of a mask file as they are stored.

    Attributes
    ----------
    values
        (rows, columns) numbers; or (rows, columns, 3) colours on black, uint8, where they are not all grey.
    lossy
        Whether the values are smeared, as in a JPEG file.
    labels
        (rows, columns) numbers by which the pixels of a palette's colours are called, else None.
    turned
        As in `Picture`.
    """

    values: NDArray[Any]
    lossy: bool = False
    labels: NDArray[Any] | None = None
    turned: bool = False


def read_raster_mask(content: Content, frame: FrameChoice) -> MaskValues:
    """Read one page of a mask; errors as in `read_raster`, but that a mask may have pixels of 32 bits."""
    with _opened(content, frame) as page:
        lossy = page.image.format in JPEGS
        values, labels = _stored(_opaque(page.image))
        return MaskValues(page.upright(values), lossy, None if labels is None else page.upright(labels), page.turned)


@dataclass(frozen=True)
class _Page:
    """One page of a file, loaded: where it comes from, whether a tag asks to turn it, and which one is still to do."""

    image: Image.Image
    provenance: Provenance
    turned: bool
    orientation: Any
    bits: int

    def upright(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn (rows, columns, ...) as the orientation tag says; anything but 2 to 8 leaves it."""
        if self.orientation not in range(2, 9):
            return values
        if self.orientation >= 5:
            values = values.swapaxes(0, 1)
        # after the swap 5 is done, 6 is still mirrored left to right, 7 in both directions, 8 top to bottom
        rows = -1 if self.orientation in (3, 4, 7, 8) else 1
        columns = -1 if self.orientation in (2, 3, 6, 7) else 1
        return np.ascontiguousarray(values[::rows, ::columns])


@contextlib.contextmanager
def _opened(content: Content, frame: FrameChoice) -> Iterator[_Page]:
    # a size beyond Pillow's own limit is a warning or an error by how far it is beyond
    with errors_name(content.where, "an image"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with content.open() as stream:
            data = stream.read()
        _require_checksums(data)
        with _identified(data) as image:
            require_size(image.height, image.width)
            count = _pages(image)
            chosen = chosen_frame(frame, count)
            image.seek(chosen - 1)
            require_size(image.height, image.width)
            turned = image.getexif().get(ORIENTATION) in range(2, 9)
            if image.format == "TIFF":
                _require_strips(data, image)
            image.load()
            if image.format == "PNG":
                _require_all_rows(data, image)
            if image.format in JPEGS:
                _require_whole(_own_part(data, image, chosen), image)
            # Pillow turns a TIFF while loading it, and takes the tag away
            origin = Provenance(content.where, chosen, count)
            yield _Page(image, origin, turned, image.getexif().get(ORIENTATION), _bits(data, image))


def _identified(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        if data.lstrip()[:1] in (b"{", b"["):
            what = "the file holds JSON, such as the outlines of an annotation program, and no picture"
            raise InputError(what, fix="Export the outlines as masks: PNG files of the image's size") from None
        raise InputError(
            "the file is damaged, or none of the kinds that are read: PNG, JPEG, BMP, TIFF, DICOM, NIfTI, NRRD",
            fix="Open it in a viewer and export it as PNG",
        ) from None


def _pages(image: Image.Image) -> int:
    """Count pages; to count them all a program must follow a chain through the file, which may be endless."""
    if image.format != "TIFF":
        return int(getattr(image, "n_frames", 1))
    count = 1
    with contextlib.suppress(EOFError):
        while count <= MOST_PAGES:
            image.seek(count)
            count += 1
    if count > MOST_PAGES:
        raise InputError(f"the file has more than {MOST_PAGES} pages", fix="Export the page that shows the lesion")
    image.seek(0)
    stacked = re.match(
        r"ImageJ=[\s\S]*?^images=(\d+)", str(getattr(image, "tag_v2", {}).get(TIFF_DESCRIPTION, "")), re.MULTILINE
    )
    if stacked and int(stacked[1]) > count:
        what = f"the file holds {stacked[1]} pictures that only ImageJ can tell apart"
        raise InputError(what, fix="Open it in ImageJ, and save the picture that shows the lesion")
    return count


def _require_checksums(data: bytes) -> None:
    """Compare the checksums of a PNG file's parts, which Pillow does only when asked."""
    if data.startswith(b"\x89PNG"):
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            image.verify()


def _require_all_rows(data: bytes, image: Image.Image) -> None:
    """Refuse a PNG picture whose data end before its last row, which Pillow leaves black."""
    columns, rows, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    # rows that lack are 0, and in order: to inflate the data once more is only needed where the last row is
    if not interlaced and np.asarray(image.crop((0, rows - 1, columns, rows))).any():
        return
    per_pixel = bits * PNG_SAMPLES[kind]
    parts = PNG_PASSES if interlaced else ((0, 0, 1, 1),)
    sizes = [(-(-(rows - top) // down), -(-(columns - left) // across)) for top, left, down, across in parts]
    expected = sum(height * (1 + -(-width * per_pixel // 8)) for height, width in sizes if height > 0 and width > 0)
    inflate, found, place = zlib.decompressobj(), 0, len(PNG_START)
    while place + 8 <= len(data) and found < expected:
        length, name = struct.unpack(">I4s", data[place : place + 8])
        if name == b"IDAT":
            # a few bytes may unfold to gigabytes, of which no more than a picture is wanted
            found += len(inflate.decompress(data[place + 8 : place + 8 + length], expected - found))
        place += length + 12
    if found < expected:
        raise cut_short()


def _require_strips(data: bytes, image: Image.Image) -> None:
    """Refuse a TIFF picture of which a strip or tile is not whole: the library behind Pillow leaves the rest grey."""
    tags: Any = getattr(image, "tag_v2", {})
    jpeg = tags.get(TIFF_COMPRESSION) == TIFF_JPEG
    for places, lengths in TIFF_PARTS:
        for place, length in zip(tags.get(places, ()), tags.get(lengths, ()), strict=False):
            # a JPEG stream ends with a mark of its own, behind which a writer may fill up
            ends = not jpeg or data[place : place + length].rstrip(b"\0").endswith(END_OF_JPEG)
            if place + length > len(data) or not ends:
                raise cut_short()


def _own_part(data: bytes, image: Image.Image, page: int) -> bytes:
    """Bytes of one of a file's JPEG pictures."""
    starts = [*getattr(image, "_MpoImageFile__mpoffsets", [0]), len(data)]
    return data[starts[page - 1] : starts[page]]


def _bits(data: bytes, image: Image.Image) -> int:
    """Bits of a sample in the file: Pillow keeps the upper byte alone of 16-bit colour."""
    if data.startswith(PNG_START):
        return 16 if data[24] == 16 else 8
    tags = getattr(image, "tag_v2", {})
    stored = tags.get(TIFF_BITS, 8)
    return 16 if _has_16_bits(image) or max(stored if isinstance(stored, tuple) else (stored,)) > 8 else 8


def _require_whole(data: bytes, image: Image.Image) -> None:
    """Refuse a JPEG picture whose data end before its last row, which Pillow fills with grey."""
    # imagecodecs is slow to import, and only JPEG needs it
    from sonoher2.images.pixels.codestream import with_filler

    with Image.open(io.BytesIO(with_filler(data)), formats=("JPEG",)) as filled:
        if not np.array_equal(np.asarray(image), np.asarray(filled)):
            raise cut_short()


def _opaque(image: Image.Image, least: float = 0.0) -> Image.Image:
    """Take away an alpha channel of zeros that a BMP file does not mean.

    Raises
    ------
    InputError
        Another file is transparent all over, or shows no more than the share `least` of its pixels.
    """
    if not image.has_transparency_data:
        return image
    blocks = row_blocks((image.height, image.width))
    if sum(np.count_nonzero(_rgba(image, rows)[..., 3]) for rows in blocks) > least * image.width * image.height:
        return image
    if image.format == "BMP":
        # the fourth byte of a BMP's pixels is reserved, and most writers leave it 0
        return image.convert("RGB")
    raise InputError("the picture is transparent all over, or nearly", fix="Export it without transparency")


def _rgba(image: Image.Image, rows: slice) -> NDArray[np.uint8]:
    return np.asarray(image.crop((0, rows.start, image.width, rows.stop)).convert("RGBA"))


def _grey_and_colour(image: Image.Image) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    grey = np.empty((image.height, image.width))
    colour = np.zeros(grey.shape, dtype=bool)
    inverted = _white_is_zero(image)
    for rows in row_blocks(grey.shape):
        values, white = _values_and_white(image, rows)
        grey[rows], colour[rows] = grey_and_colour(white - values if inverted else values, white)
    if inverted:
        # values of fewer bits than the file's would all be nearly white
        require_light(255.0 - grey, 16)
    return grey, colour


def _values_and_white(image: Image.Image, rows: slice) -> tuple[NDArray[Any], int]:
    """Pixels as (rows, columns) or (rows, columns, 3), and the value of white."""
    part = image.crop((0, rows.start, image.width, rows.stop))
    if _has_16_bits(image):
        return np.asarray(part), 65535
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        raise InputError(
            "32-bit or signed pixels have no defined white", fix="Export the image with 8 or 16 bits per pixel"
        )
    if image.has_transparency_data:
        return _on_black(np.asarray(part.convert("RGBA"))), 255
    return np.asarray(part.convert("L" if image.mode in ("1", "L") else "RGB")), 255


def _has_16_bits(image: Image.Image) -> bool:
    # Pillow before 11 gave 16-bit PNG as 32-bit integers
    return image.mode in SIXTEEN_BIT_MODES or (image.mode == "I" and image.format == "PNG")


def _white_is_zero(image: Image.Image) -> bool:
    """Whether 0 is white in the values: Pillow inverts the values of such TIFF files if they have 8 bits, not 16."""
    tags = getattr(image, "tag_v2", {})
    return image.mode in SIXTEEN_BIT_MODES and tags.get(TIFF_PHOTOMETRIC) == WHITE_IS_ZERO


def _on_black(rgba: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Colours as seen on a black ground: the colour under a fully transparent pixel does not count."""
    opacity = rgba[..., 3:] / 255.0
    return rgba[..., :3] * opacity


def _stored(image: Image.Image) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Values of a mask, and the numbers of a palette's colours."""
    if image.mode in ("1", "L") and not image.has_transparency_data:
        return np.asarray(image.convert("L")), None
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        values = np.asarray(image)
        return (65535 - values if _white_is_zero(image) else values), None
    rgba = np.asarray(image.convert("RGBA"))
    colours = np.rint(_on_black(rgba)).astype(np.uint8)
    if not colours.any() and image.has_transparency_data:
        # drawn in black on nothing: only the opacity says where
        return rgba[..., 3], None
    if np.array_equal(colours[..., 0], colours[..., 1]) and np.array_equal(colours[..., 0], colours[..., 2]):
        return colours[..., 0], None
    return colours, np.asarray(image) if image.mode == "P" else None
