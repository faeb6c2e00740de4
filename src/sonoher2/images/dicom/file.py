"""Opening a DICOM file: its header without its pixels, and the stored bytes of one frame."""

from __future__ import annotations

import io
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import get_frame, parse_basic_offsets
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from sonoher2.core.errors import InputError
from sonoher2.images.dicom.start import START, has_preamble, starts_as_dicom
from sonoher2.images.pixels.decoded import COPY, cut_short
from sonoher2.images.pixels.dicom_values import whole
from sonoher2.images.pixels.source import Content

PIXEL_DATA = 0x7FE00010
ITEM = b"\xfe\xff\x00\xe0"
UNDEFINED_LENGTH = 0xFFFFFFFF
MOST_INFLATED = 512 * 2**20
"""Bytes that a deflated file may unfold to."""
LONG_FORM = (b"OB", b"OW", b"SQ", b"UN", b"UT")
"""Value representations of group 2 whose length has four bytes (PS3.5, 7.1.2)."""
TAGS = [
    Tag(name) for name in (
        "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns",
        "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelSpacing", "SequenceOfUltrasoundRegions",
        "RedPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableDescriptor",
        "BluePaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData", "GreenPaletteColorLookupTableData",
        "BluePaletteColorLookupTableData", "SegmentedRedPaletteColorLookupTableData",
        "SegmentedGreenPaletteColorLookupTableData", "SegmentedBluePaletteColorLookupTableData", "SegmentSequence",
        "SegmentationType", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
        "ExtendedOffsetTable", "ExtendedOffsetTableLengths", "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID",
        "StudyInstanceUID",
    )
]  # fmt: skip
"""All that is read of a header: the picture, its scale, what a segmentation says of its frames, and identifiers."""


@dataclass(frozen=True)
class DicomFile:
    """An open DICOM file.

    Attributes
    ----------
    header
        The elements of `TAGS` that the file has.
    stream
        The bytes of the file, unfolded where it is deflated.
    start, length
        Where the value of the pixel data starts and how many bytes it has; `UNDEFINED_LENGTH` where it is compressed.
    big_endian, words
        How numbers are written, and whether the pixel data are declared as words of 16 bits.
    """

    header: Dataset
    stream: BinaryIO
    start: int
    length: int
    big_endian: bool
    words: bool

    @property
    def frames(self) -> int:
        """How many frames the header promises; blank or missing is one."""
        return max(whole(self.header, "NumberOfFrames", 1), 1)

    @property
    def compressed(self) -> bool:
        """Whether each frame is a compressed stream."""
        return self.length == UNDEFINED_LENGTH

    @property
    def available(self) -> int:
        """Bytes of uncompressed pixel data that are there; a file that was cut short has fewer than it says."""
        end = self.stream.seek(0, io.SEEK_END)
        return max(min(self.length, end - self.start), 0)

    def fewer(self, whole_ones: int) -> InputError:
        """Give the error of a file that holds fewer pictures than its header says."""
        if self.frames == 1:
            return cut_short()
        return InputError(
            f"the file holds {whole_ones} of the {self.frames} pictures that its header says: its data were cut short",
            fix=COPY,
        )

    def stored(self, offset: int, length: int) -> bytes:
        """Bytes of pixel data that are not compressed.

        Raises
        ------
        InputError
            The file or its pixel data end earlier.
        """
        self.stream.seek(self.start + offset)
        data = self.stream.read(max(min(length, self.length - offset), 0))
        if len(data) < length:
            raise cut_short()
        return data

    def compressed_frame(self, index: int) -> bytes:
        """Stream of one frame, counted from 0."""
        self.stream.seek(self.start)
        if len(parse_basic_offsets(self.stream)) > self.frames:
            raise InputError(
                f"the file holds more pictures than the {self.frames} that its header says",
                fix="Export the image again",
            )
        if self.frames > 1 and (streams := self._streams()) < self.frames:
            raise self.fewer(streams)
        self.stream.seek(self.start)
        tables = (self.header.get("ExtendedOffsetTable"), self.header.get("ExtendedOffsetTableLengths"))
        offsets: Any = tables if all(tables) else None
        return get_frame(self.stream, index, number_of_frames=self.frames, extended_offsets=offsets)

    def _streams(self) -> int:
        """Count the items of compressed pixel data that are there whole; a frame has one or more (PS3.5, A.4)."""
        end, found = self.stream.seek(0, io.SEEK_END), -1  # the first item is the table of offsets
        place = self.start
        while True:
            self.stream.seek(place)
            head = self.stream.read(8)
            place += 8 + int.from_bytes(head[4:], "little")
            if head[:4] != ITEM or place > end:
                return max(found, 0)
            found += 1


@contextmanager
def open_dicom(content: Content, more: Sequence[str] = ()) -> Iterator[DicomFile]:
    """Open a file and read its header, not its pixels; pydicom's warnings are silent until it is closed again.

    Vendors break the rules on values that are not used here, and pydicom warns of each.

    Parameters
    ----------
    content
        Of the file.
    more
        Keywords of elements to read besides `TAGS`.

    Raises
    ------
    InputError
        The file is no DICOM, holds no image, or unfolds to more than `MOST_INFLATED`.
    """
    with content.open() as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        head = file.read(START)
        if not starts_as_dicom(head):
            raise InputError(
                "the file starts neither with a DICOM preamble (128 bytes, then DICM) nor with a DICOM element",
                fix="It is damaged or no DICOM; export the image again",
            )
        file.seek(132 if has_preamble(head) else 0)
        syntax = _transfer_syntax(file)
        stream = _unfolded(file) if syntax == DeflatedExplicitVRLittleEndian else file
        yield _opened(stream, syntax, [*TAGS, *map(Tag, more)])


def _transfer_syntax(file: BinaryIO) -> str:
    """Read group 2, which is always little-endian, up to the data set; empty where no transfer syntax is named."""
    syntax = b""
    while True:
        start, head = file.tell(), file.read(8)
        if head[:2] != b"\x02\x00":
            file.seek(start)
            return syntax.rstrip(b"\x00 ").decode("ascii", "replace")
        if head[4:6] in LONG_FORM:
            length = int.from_bytes(file.read(4), "little")
        else:
            length = int.from_bytes(head[6:8] if head[4:6].isalpha() else head[4:8], "little")
        if head[2:4] == b"\x10\x00":
            syntax = file.read(min(length, 64))
        file.seek(start + (12 if head[4:6] in LONG_FORM else 8) + length)


def _unfolded(file: BinaryIO) -> BinaryIO:
    unfold = zlib.decompressobj(-zlib.MAX_WBITS)
    data = unfold.decompress(file.read(), MOST_INFLATED)
    if unfold.unconsumed_tail:
        raise InputError(
            f"the deflated file unfolds to more than {MOST_INFLATED // 2**20} MB", fix="Export it without deflation"
        )
    return io.BytesIO(data)


def _opened(stream: BinaryIO, syntax: str, tags: list[BaseTag]) -> DicomFile:
    start = stream.tell()
    head = stream.read(8)
    stream.seek(start)
    big_endian = syntax == ExplicitVRBigEndian or (not syntax and head[:1] == b"\x00" and head[4:6].isalpha())
    implicit = syntax == ImplicitVRLittleEndian or (not syntax and not head[4:6].isalpha())
    pixels: list[tuple[str | None, int]] = []

    def at_pixels(tag: int, kind: str | None, length: int) -> bool:
        if tag == PIXEL_DATA:
            pixels.append((kind, length))
        return tag == PIXEL_DATA

    header = read_dataset(stream, implicit, not big_endian, stop_when=at_pixels, specific_tags=list(tags))
    if not pixels or not all(name in header for name in ("Rows", "Columns")):
        raise InputError(
            "the DICOM file holds no image, or was cut short", fix="Give the file of an image, and copy it again"
        )
    (kind, length), size = pixels[0], 8 if pixels[0][0] is None else 12
    return DicomFile(header, stream, stream.tell() + size, length, big_endian, kind != "OB")


def written(dataset: Dataset) -> bytes:
    """Write the elements of a dataset that an image needs as a file, so that it is read as any file is.

    Parameters
    ----------
    dataset
        As pydicom reads or receives it; without file meta information it is taken to be uncompressed.
    """
    stream, meta = io.BytesIO(), getattr(dataset, "file_meta", None)
    # vendors break the rules on values that are not used here; pydicom warns of each
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        needed = Dataset({tag: dataset[tag] for tag in (*TAGS, Tag(PIXEL_DATA)) if tag in dataset})
        if meta is not None and "TransferSyntaxUID" in meta:
            needed.file_meta = FileMetaDataset()
            needed.file_meta.TransferSyntaxUID = meta.TransferSyntaxUID
            dcmwrite(stream, needed)
        else:
            dcmwrite(stream, needed, implicit_vr=False, little_endian=True)
    return stream.getvalue()
