"""JPEG, JPEG-LS and JPEG 2000 streams: what their own headers say, decoding, and whether the picture is whole.

Nothing is decoded before the stream's own header has been compared with what the file promises: a decoder reserves
memory by the stream's header, which may say anything.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from sonoher2.core.errors import InputError

# imagecodecs' functions carry no types
_CODECS: Any = imagecodecs

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
SOF_MARKERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC} | {0xF7}
"""Start of frame (ITU-T T.81, table B.1); 0xF7 is JPEG-LS (ITU-T T.87)."""
SOF_LS, SOS = 0xF7, 0xDA
JFIF, ADOBE = 0xE0, 0xEE
"""Application segments that may say which colours the values are."""
PROGRESSIVE = (0xC2, 0xCA)
RESTART, SCAN = re.compile(rb"\xff[\xd0-\xd7]"), re.compile(rb"\xff\xda")
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
J2K_START = b"\xff\x4f\xff\x51"
"""SOC and SIZ (ITU-T T.800, A.4.1 and A.5.1)."""
MOST_TILES, MOST_SCANS = 4096, 1000
FILLER = hashlib.shake_256(b"").digest(4096).replace(b"\xff", b"\x00")
"""Bytes without meaning and without a marker; noise, so that no picture looks like them."""
NEXT_PICTURE = re.compile(rb"\xff\xd9\x00*\xff(\xd8\xff|\x4f\xff\x51)")
FIX = "Copy or export the file again"


@dataclass(frozen=True)
class StreamHeader:
    """What a stream says of itself.

    Attributes
    ----------
    rows, columns, samples
        Size, and values per pixel.
    bits
        Of each value.
    subsampled
        Whether the second and third values of a pixel are stored more coarsely than the first: luma and chroma.
    signed
        Whether values may be below 0.
    ycbcr
        Whether the stream itself says that its three values are luma and two chromas; None where it says nothing.
    """

    rows: int
    columns: int
    samples: int
    bits: int
    subsampled: bool = False
    signed: bool = False
    ycbcr: bool | None = None


def stream_header(data: bytes) -> StreamHeader:
    """Read the header of a JPEG, JPEG-LS or JPEG 2000 stream.

    Raises
    ------
    InputError
        It is none of them, or its header is damaged.
    """
    try:
        return _jpeg_header(data) if data.startswith(SOI) else _jpeg_2000_header(data)
    except IndexError:
        raise InputError("the header of the compressed picture is damaged or cut short", fix=FIX) from None


def decode_stream(data: bytes) -> NDArray[Any]:
    """Decode a stream whose header was compared with the file's; colours of JPEG stay as they are stored.

    Returns
    -------
    (rows, columns) or (rows, columns, samples); JPEG 2000 as red, green and blue.

    Raises
    ------
    InputError
        The picture is not whole, or there are several.
    """
    if NEXT_PICTURE.search(data):
        raise InputError("one frame holds several compressed pictures", fix="Export each frame as a file of its own")
    try:
        if not data.startswith(SOI):
            return np.asarray(_CODECS.jpeg2k_decode(data[data.index(J2K_START) :], numthreads=1))
        if _jpeg_frame(data)[0] == SOF_LS:
            return _decode_jpeg_ls(data)
        values = _decode_jpeg(data)
        # a decoder fills in what is missing; other bytes before the end change the picture only if they are needed
        whole = np.array_equal(values, _decode_jpeg(with_filler(data)))
    except (_CODECS.Jpeg8Error, _CODECS.JpeglsError, _CODECS.Jpeg2kError) as error:
        raise InputError("the compressed picture is damaged or cut short", fix=FIX) from error
    if not whole:
        raise InputError("the picture is not whole: its data were cut short", fix=FIX)
    return values


def with_filler(data: bytes) -> bytes:
    """Put bytes without meaning before the end of a JPEG stream.

    A decoder that has the whole picture skips them. One that lacks a part decodes them: the picture differs.

    Raises
    ------
    InputError
        The stream has no end, or lacks a scan.
    """
    try:
        start = _jpeg_segments(data)[-1][1]
        end = data.index(EOI, start)
        if not _every_scan_is_there(data[:end]):
            raise InputError("the picture is not whole: its last scans were cut off", fix=FIX)
    except (ValueError, IndexError):
        raise InputError("the picture is not whole: it was cut short", fix=FIX) from None
    # where the next restart interval is missing, a decoder skips everything up to that interval's marker
    restarts = RESTART.findall(data, start, end)
    following = (restarts[-1][1] + 1 if restarts else 0) % 8
    intervals = [bytes((0xFF, 0xD0 + (following + number) % 8)) + FILLER for number in range(8)]
    return data[:end] + b"".join([FILLER, *intervals]) + data[end:]


def _decode_jpeg_ls(data: bytes) -> NDArray[Any]:
    # the decoder needs seconds to find that an end is missing
    if EOI not in data:
        raise InputError("the picture is not whole: it was cut short", fix=FIX)
    values = np.asarray(_CODECS.jpegls_decode(data))
    return np.moveaxis(values, 0, -1) if values.ndim == 3 and values.shape[-1] != 3 else values


def _decode_jpeg(data: bytes) -> NDArray[Any]:
    samples = _jpeg_header(data).samples
    colours = {} if samples == 1 else {"colorspace": "YCBCR", "outcolorspace": "YCBCR"}
    return np.asarray(_CODECS.jpeg8_decode(data, **colours))


def _jpeg_segments(data: bytes) -> list[tuple[int, int]]:
    """Marker and place of its length, up to the first scan."""
    found: list[tuple[int, int]] = []
    at = 2
    while not found or found[-1][0] != SOS:
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        if data[at] != 0xFF:
            raise IndexError("no marker")
        marker, at = data[at + 1], at + 2
        if marker not in WITHOUT_LENGTH:
            found.append((marker, at))
            at += max(int.from_bytes(data[at : at + 2], "big"), 2)
    return found


def _every_scan_is_there(data: bytes) -> bool:
    """Whether the scans of a progressive JPEG stream hold all bits of all coefficients (ITU-T T.81, G.1.1.1)."""
    marker, at = _jpeg_frame(data)
    if marker not in PROGRESSIVE:
        return True
    components = {data[at + 8 + 3 * i] for i in range(data[at + 7])}
    lowest = dict.fromkeys(itertools.product(components, range(64)), 1)
    for scan in itertools.islice(SCAN.finditer(data, at), MOST_SCANS):
        place = scan.end() + 2
        count = data[place]
        first, last, bits = data[place + 1 + 2 * count : place + 4 + 2 * count]
        for component in data[place + 1 : place + 1 + 2 * count : 2]:
            lowest |= {(component, coefficient): bits % 16 for coefficient in range(first, last + 1)}
    return not any(lowest.values())


def _jpeg_frame(data: bytes) -> tuple[int, int]:
    frames = [segment for segment in _jpeg_segments(data) if segment[0] in SOF_MARKERS]
    if len(frames) != 1:
        raise IndexError("no frame header")
    return frames[0]


def _jpeg_header(data: bytes) -> StreamHeader:
    _, at = _jpeg_frame(data)
    samples = data[at + 7]
    factors = [data[at + 9 + 3 * i] for i in range(samples)]
    rows, columns = (int.from_bytes(data[place : place + 2], "big") for place in (at + 3, at + 5))
    return StreamHeader(rows, columns, samples, data[at + 2], len(set(factors)) > 1, ycbcr=_says_ycbcr(data))


def _says_ycbcr(data: bytes) -> bool | None:
    """Read what the application segments say of three values: Adobe goes before JFIF, which is YCbCr (T.871)."""
    said = None
    for marker, at in _jpeg_segments(data):
        if marker == ADOBE and data[at + 2 : at + 7] == b"Adobe":
            return data[at + 13] == 1
        if marker == JFIF and data[at + 2 : at + 7] == b"JFIF\0":
            said = True
    return said


def _jpeg_2000_header(data: bytes) -> StreamHeader:
    start = data.find(J2K_START)
    if start < 0:
        raise InputError("the compressed picture is neither JPEG nor JPEG 2000", fix=FIX)
    numbers = [int.from_bytes(data[at : at + 4], "big") for at in range(start + 8, start + 40, 4)]
    right, bottom, left, top, tile_width, tile_height, tile_left, tile_top = numbers
    samples = int.from_bytes(data[start + 40 : start + 42], "big")
    parts = [data[start + 42 + 3 * i : start + 45 + 3 * i] for i in range(min(samples, 5))]
    depths = [part[0] for part in parts]
    if not (tile_width and tile_height and depths):
        raise IndexError("no tiles")
    tiles = -(-(right - tile_left) // tile_width) * -(-(bottom - tile_top) // tile_height)
    if tiles > MOST_TILES:
        raise InputError(f"the compressed picture is cut into {tiles} tiles", fix="Export it again")
    return StreamHeader(
        bottom - top,
        right - left,
        samples,
        max(depth % 128 + 1 for depth in depths),
        subsampled=any(part[1] != 1 or part[2] != 1 for part in parts),
        signed=any(depth > 127 for depth in depths),
    )
