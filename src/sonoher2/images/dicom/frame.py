"""The values of one frame of a DICOM file, whatever its encoding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from sonoher2.core.errors import InputError
from sonoher2.images.dicom.file import DicomFile
from sonoher2.images.pixels.codestream import J2K_START, SOI, decode_stream, stream_header
from sonoher2.images.pixels.decoded import cut_short
from sonoher2.images.pixels.dicom_values import whole

# imagecodecs' functions carry no types
_CODECS: Any = imagecodecs

RLE_HEADER = 64
"""Bytes: how many segments, and where each of up to 15 starts (PS3.5, G.5)."""
PADDING = 128
"""Bytes that one run of a run-length encoding may give beyond the last pixel."""
LEAST_BITS = 8 * 1024
"""Of a picture in which a row or a column is more than padding."""
GREY, COLOUR = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"), ("RGB", "YBR_FULL", "YBR_FULL_422")
JPEG_2000_COLOUR = ("YBR_ICT", "YBR_RCT")
FIX = "Export the image again"


@dataclass(frozen=True)
class PixelFormat:
    """How a DICOM file says that its pixels are stored.

    Attributes
    ----------
    rows, columns, samples
        Size, and values per pixel: 1 or 3.
    photometric
        Photometric Interpretation.
    allocated, stored, shift
        Bits per value in the file, bits of them that count, and empty bits below those.
    by_plane
        Whether all reds come before all greens.
    subsampled
        Whether chroma was stored more coarsely than luma.
    ycbcr
        What the stream of a JPEG picture says of its colours, as in `StreamHeader`.
    """

    rows: int
    columns: int
    samples: int
    photometric: str
    allocated: int
    stored: int
    shift: int
    by_plane: bool
    subsampled: bool = False
    ycbcr: bool | None = None


def pixel_format(header: Dataset) -> PixelFormat:
    """Take the format from a header and refuse what contradicts itself or has no defined white.

    Raises
    ------
    InputError
        As said.
    """
    photometric = str(header.get("PhotometricInterpretation") or "").strip().upper()
    samples = whole(header, "SamplesPerPixel", 1)
    allocated, stored = (whole(header, name) for name in ("BitsAllocated", "BitsStored"))
    high = whole(header, "HighBit", stored - 1)
    shift = high + 1 - stored
    if whole(header, "PixelRepresentation"):
        raise InputError("signed pixels have no defined white", fix="Export the image with unsigned pixels")
    if photometric not in (GREY if samples == 1 else (*COLOUR, *JPEG_2000_COLOUR)) or samples not in (1, 3):
        raise InputError("the header does not say how grey or colours are stored", fix=FIX)
    if allocated not in (1, 8, 16) or not 1 <= stored <= allocated or not 0 <= shift <= allocated - stored:
        raise InputError(
            f"the header contradicts itself: {stored} bits of {allocated}, the highest of them {high}", fix=FIX
        )
    by_plane = whole(header, "PlanarConfiguration") == 1
    size = whole(header, "Rows"), whole(header, "Columns")
    return PixelFormat(*size, samples, photometric, allocated, stored, shift, by_plane)


def frame_values(file: DicomFile, form: PixelFormat, index: int) -> tuple[NDArray[Any], PixelFormat]:
    """Decode one frame, counted from 0.

    Returns
    -------
    Unsigned values, (rows, columns) or (rows, columns, 3), white is ``2**stored - 1``; and the format, in which the
    stream of a JPEG picture has the last word on subsampled chroma.

    Raises
    ------
    InputError
        The picture is not whole, or its own header contradicts the file's.
    """
    if not file.compressed:
        return _aligned(_native(file, form, index), form), form
    data = file.compressed_frame(index)
    if data.startswith(SOI) or J2K_START in data[:512]:
        header = stream_header(data)
        _require_agreement(form, (header.rows, header.columns, header.samples), header.bits, header.signed)
        values = decode_stream(data).astype(np.uint16 if form.allocated == 16 else np.uint8, copy=False)
        shift = form.shift if header.bits > form.stored else 0
        form = replace(form, subsampled=header.subsampled, shift=shift, ycbcr=header.ycbcr)
    else:
        values = _run_lengths(data, form)
    if values.shape != (form.rows, form.columns, form.samples)[: 2 if form.samples == 1 else 3]:
        raise InputError("the compressed picture has another size than its header says", fix=FIX)
    return _aligned(values, form), form


def _require_agreement(form: PixelFormat, size: tuple[int, int, int], bits: int, signed: bool) -> None:
    if size != (form.rows, form.columns, form.samples):
        raise InputError(
            f"the compressed picture has {size[0]} x {size[1]} pixels of {size[2]} values and the header says "
            f"{form.rows} x {form.columns} of {form.samples}",
            fix=FIX,
        )
    if signed or not form.stored <= bits <= form.allocated:
        raise InputError("the values of the compressed picture contradict the header", fix=FIX)


def _aligned(values: NDArray[Any], form: PixelFormat) -> NDArray[Any]:
    """Keep the bits that count; those above or below them may hold an overlay.

    Raises
    ------
    InputError
        The header says that values lie in the upper bits, and they lie in the lower ones.
    """
    kind = values.dtype.type
    lower = values & kind(2**form.shift - 1)
    if form.shift and lower.any() and not (values >> kind(form.stored)).any():
        raise InputError("the values do not lie in the bits that the header names (HighBit)", fix=FIX)
    return np.asarray((values >> kind(form.shift)) & kind(2**form.stored - 1))


def _native(file: DicomFile, form: PixelFormat, index: int) -> NDArray[Any]:
    pixels = form.rows * form.columns
    halved = form.photometric == "YBR_FULL_422" and form.allocated == 8
    full = pixels * form.samples * form.allocated
    # some writers name the subsampled format and store every chroma
    halved = halved and file.length < file.frames * full // 8
    bits = pixels * 16 if halved else full
    if file.length * 8 >= max((file.frames + 1) * bits, 32):
        raise InputError(f"the file holds more pictures than the {file.frames} that its header says", fix=FIX)
    if 8 * file.available < file.frames * bits:
        raise file.fewer(8 * file.available // bits)
    # a byte or some words at the end are padding; a row or a column more shows that the size is another one
    over = 8 * file.length - file.frames * bits
    if over >= bits // max(form.rows, form.columns) and file.frames * bits >= LEAST_BITS:
        raise InputError("the file holds more pixels than the size in its header says", fix=FIX)
    first, last = index * bits // 8, -(-(index + 1) * bits // 8)
    data = _bytes_in_order(file, form, first, last)
    if form.allocated == 1:
        return np.unpackbits(data, bitorder="little")[index * bits - 8 * first :][:bits].reshape(
            form.rows, form.columns
        )
    if halved:
        return _full_chroma(data, form)
    values = data if form.allocated == 8 else data.view(">u2" if file.big_endian else "<u2").astype(np.uint16)
    if form.samples == 1:
        return values.reshape(form.rows, form.columns)
    if form.by_plane:
        return np.moveaxis(values.reshape(3, form.rows, form.columns), 0, -1)
    return values.reshape(form.rows, form.columns, 3)


def _bytes_in_order(file: DicomFile, form: PixelFormat, first: int, last: int) -> NDArray[np.uint8]:
    """Bytes `first` to `last`; big-endian words hold the second of two bytes first."""
    if not (file.big_endian and file.words and form.allocated < 16):
        return np.frombuffer(file.stored(first, last - first), np.uint8)
    even, odd = first - first % 2, last + last % 2
    words = np.frombuffer(file.stored(even, odd - even), ">u2").astype("<u2")
    return words.view(np.uint8)[first - even :][: last - first]


def _full_chroma(data: NDArray[np.uint8], form: PixelFormat) -> NDArray[np.uint8]:
    """Give both pixels of a pair its chroma: Y Y Cb Cr (PS3.3, C.7.6.3.1.2)."""
    pairs = data.reshape(-1, 4)
    values = np.empty((len(pairs), 2, 3), np.uint8)
    values[..., 0] = pairs[:, :2]
    values[..., 1:] = pairs[:, None, 2:]
    return values.reshape(form.rows, form.columns, 3)


def _run_lengths(data: bytes, form: PixelFormat) -> NDArray[Any]:
    """Decode run lengths: one segment for each byte of each value, the upper byte first (PS3.5, annex G)."""
    if len(data) < RLE_HEADER:
        raise cut_short()
    starts = np.frombuffer(data[:RLE_HEADER], "<u4").tolist()
    depth = form.allocated // 8
    if starts[0] != form.samples * depth or starts[1] != RLE_HEADER:
        raise InputError(
            "the picture's compression is not one that is read", fix="Export it uncompressed, as JPEG or as RLE"
        )
    ends = [*starts[2 : starts[0] + 1], len(data)]
    planes = [_segment(data[start:end], form) for start, end in zip(starts[1:], ends, strict=False)]
    values = np.zeros((form.samples, form.rows * form.columns), f"u{depth}")
    for place, plane in enumerate(planes):
        values[place // depth] |= plane.astype(values.dtype) << (8 * (depth - 1 - place % depth))
    shaped = values.reshape(form.samples, form.rows, form.columns)
    return shaped[0] if form.samples == 1 else np.moveaxis(shaped, 0, -1)


def _segment(data: bytes, form: PixelFormat) -> NDArray[np.uint8]:
    length = form.rows * form.columns
    # a segment has an even length, so its last byte may be padding
    for end in (len(data), len(data) - 1):
        try:
            found = np.frombuffer(_CODECS.packbits_decode(data[:end], out=length + PADDING), np.uint8)
        except _CODECS.PackbitsError:
            continue
        if len(found) >= length:
            return found[:length]
    raise cut_short()
