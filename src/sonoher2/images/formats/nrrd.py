"""NRRD files of one slice, all in one file; the header is checked line by line before a pixel is read.

The fields are those of the format's definition (teem, "Definition of NRRD File Format").
"""

from __future__ import annotations

import bz2
import gzip
import io
import re
from contextlib import AbstractContextManager, nullcontext
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from sonoher2.core.errors import InputError
from sonoher2.images.formats.slices import MOST_AXES, MOST_SKIPPED, Slice, completed, plane, read_exactly, read_values
from sonoher2.images.pixels.geometry import Affine, Geometry
from sonoher2.images.pixels.source import Content
from sonoher2.images.pixels.spacing import usable_spacing

MOST_LINES, LONGEST_LINE = 10_000, 65_536
TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
SPACES = {
    "right-anterior-superior": (1, 1, 1), "ras": (1, 1, 1), "left-anterior-superior": (-1, 1, 1), "las": (-1, 1, 1),
    "left-posterior-superior": (-1, -1, 1), "lps": (-1, -1, 1),
}  # fmt: skip
"""Signs that turn each patient space into right, anterior, superior."""
MOST_SHEAR = 0.01
"""Cosine of the angle between rows and columns."""
COLOUR_KINDS = ("rgb-color", "3-color", "vector", "3-vector", "list", "xyz-color", "hsv-color")
DOMAIN_KINDS = ("domain", "space", "???", "none", "")
DETACHED = ("data file", "datafile")


def read_nrrd(content: Content) -> Slice:
    """Read one slice; nothing after its last pixel is read, and no other file.

    Raises
    ------
    InputError
        A line of the header cannot be, the pixels lie in another file, or the file is cut short or a true volume.
    """
    with content.open() as stream:
        fields = _fields(stream)
        size, colour_axis = _axes(fields)
        lengths = [length for axis, length in enumerate(size) if axis != colour_axis]
        axes = plane([*lengths, *[1] * (2 - len(lengths))])
        dtype = _dtype(fields)
        count = int(np.prod(size, dtype=object))
        values = _values(stream, fields, dtype, count)
    shape = (lengths[axes[1]] if axes[1] < len(lengths) else 1, lengths[axes[0]])
    if colour_axis is not None:
        values = np.moveaxis(values.reshape(size[::-1]), len(size) - 1 - colour_axis, -1).reshape(*shape, -1)
    geometry, spacing = _geometry(fields, colour_axis, len(size), axes, shape)
    return Slice(values if colour_axis is not None else values.reshape(shape), geometry, spacing)


def _fields(stream: IO[bytes]) -> dict[str, str]:
    """Fields of the header by name in lower case; comments and key/value pairs are passed over."""
    if not re.fullmatch(rb"NRRD000[1-6]\r?\n", stream.readline(16)):
        raise ValueError("the file does not begin with the mark of an NRRD file")
    fields: dict[str, str] = {}
    for _ in range(MOST_LINES):
        line = stream.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            what = "a line of the header is too long" if len(line) == LONGEST_LINE else "the header has no end"
            raise ValueError(what)
        text = line.decode("latin-1").strip()
        if not text:
            return _known(fields)
        name, colon, value = text.partition(":")
        if text.startswith("#") or value.startswith("="):
            continue
        name = " ".join(name.lower().split())
        if not colon or name in fields:
            raise ValueError("a line of the header is no `field: value`, or stands there twice")
        fields[name] = value.strip()
    raise ValueError(f"the header has more than {MOST_LINES} lines")


def _known(fields: dict[str, str]) -> dict[str, str]:
    if any(name in fields for name in DETACHED):
        raise InputError(
            "the file is a header only, and its pixels lie in another file", fix="Save it as one .nrrd file"
        )
    missing = [name for name in ("type", "dimension", "sizes", "encoding") if name not in fields]
    if missing:
        raise ValueError(f"the header has no field `{missing[0]}`")
    return fields


def _axes(fields: dict[str, str]) -> tuple[list[int], int | None]:
    """Length of each axis, and which of them holds red, green and blue."""
    words = fields["sizes"].split()
    whole = all(word.isascii() and word.isdecimal() and len(word) < 12 for word in [*words, fields["dimension"]])
    if not whole or not 1 <= len(words) <= MOST_AXES or len(words) != int(fields["dimension"]) or "0" in words:
        raise ValueError("`dimension` and `sizes` of the header do not fit together")
    size = [int(word) for word in words]
    kinds = fields.get("kinds", " ".join(["domain"] * len(size))).lower().split()
    if len(kinds) != len(size):
        raise ValueError("`kinds` of the header does not name each axis")
    others = [axis for axis, kind in enumerate(kinds) if kind not in DOMAIN_KINDS]
    if not others:
        return size, None
    if len(others) > 1 or kinds[others[0]] not in COLOUR_KINDS or size[others[0]] != 3:
        raise InputError("the pixels are neither grey nor red, green and blue", fix="Give a grey or an RGB image")
    return size, others[0]


def _dtype(fields: dict[str, str]) -> np.dtype[Any]:
    name = " ".join(fields["type"].lower().split())
    code = next((code for code, names in TYPES.items() if name in names), None)
    if code is None:
        raise InputError("the header's `type` is none of the known ones", fix="Store grey values of 8 or 16 bits")
    dtype = np.dtype(code)
    if dtype.itemsize == 1 or _encoding(fields) == "text":
        return dtype
    endian = fields.get("endian", "").lower()
    if endian not in ("little", "big"):
        raise ValueError("the header does not say the order of bytes (`endian`)")
    return dtype.newbyteorder("<" if endian == "little" else ">")


def _encoding(fields: dict[str, str]) -> str:
    known = {
        "raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2", "text": "text", "txt": "text",
        "ascii": "text",
    }  # fmt: skip
    encoding = known.get(fields["encoding"].lower())
    if encoding is None:
        raise InputError("the header's `encoding` is not read", fix="Save the file with the encoding raw or gzip")
    return encoding


def _values(stream: IO[bytes], fields: dict[str, str], dtype: np.dtype[Any], count: int) -> NDArray[Any]:
    encoding = _encoding(fields)
    lines, skipped = (_skip(fields, name) for name in ("line", "byte"))
    for _ in range(lines):
        if not stream.readline(LONGEST_LINE).endswith(b"\n"):
            raise ValueError("`line skip` of the header reaches beyond the file")
    if encoding == "text":
        return _numbers(stream, dtype, count)
    if skipped == -1:
        if encoding != "raw":
            raise ValueError("`byte skip: -1` is for the encoding raw")
        begin = stream.tell()
        end = stream.seek(0, io.SEEK_END)
        if end - count * dtype.itemsize < begin:
            raise ValueError("the file ends before its last pixel")
        stream.seek(end - count * dtype.itemsize)
        return read_values(stream, dtype, count)
    with _unpacked(stream, encoding) as data:
        read_exactly(data, skipped)
        return read_values(data, dtype, count)


def _unpacked(stream: IO[bytes], encoding: str) -> AbstractContextManager[IO[bytes]]:
    if encoding == "raw":
        return nullcontext(stream)
    return cast("IO[bytes]", gzip.open(stream) if encoding == "gzip" else bz2.open(stream))


def _skip(fields: dict[str, str], unit: str) -> int:
    text = fields.get(f"{unit} skip", fields.get(f"{unit}skip", "0"))
    smallest, largest = (0, MOST_LINES) if unit == "line" else (-1, MOST_SKIPPED)
    if not re.fullmatch(r"-?\d{1,9}", text, re.ASCII) or not smallest <= int(text) <= largest:
        raise ValueError(f"`{unit} skip` of the header cannot be")
    return int(text)


def _numbers(stream: IO[bytes], dtype: np.dtype[Any], count: int) -> NDArray[Any]:
    # a number and a space take at most some 26 letters
    words = stream.read(26 * count).split()[:count]
    if len(words) < count:
        raise ValueError("the file ends before its last pixel")
    values = np.array(words, dtype=np.float64)
    if dtype.kind != "f" and not np.array_equal(values, values.astype(dtype)):
        raise ValueError("a pixel's value is none of the header's `type`")
    return values.astype(dtype)


def _geometry(
    fields: dict[str, str], colour_axis: int | None, number: int, axes: tuple[int, int], shape: tuple[int, int]
) -> tuple[Geometry, tuple[float, float] | None]:
    """Where the pixels lie, by `space directions`; and mm per pixel, the unit that NRRD takes when it states none."""
    texts = re.findall(r"\([^()]*\)|none|\?\?\?", fields.get("space directions", ""), re.IGNORECASE)
    if not texts:
        return Geometry({}, axes, shape), None
    if len(texts) != number:
        raise ValueError("`space directions` of the header does not give each axis")
    vectors = [_vector(text) for axis, text in enumerate(texts) if axis != colour_axis]
    if any(vectors[axis] is None for axis in axes if axis < len(vectors)):
        return Geometry({}, axes, shape), None
    # without a name a space is the one in which files of DICOM images come; an unknown one has no place in the patient
    space = fields.get("space", "lps").lower()
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    for axis, vector in enumerate(vectors[:3]):
        affine[: len(vector or ()), axis] = vector or ()
    origin = _vector(fields.get("space origin", "")) or ()
    affine[: len(origin), 3] = origin
    affine[:3] *= np.array(SPACES.get(space, (1, 1, 1)), dtype=np.float64)[:, None]
    form = completed(affine, axes) if space in SPACES else None
    known: dict[str, Affine] = {} if form is None else {"space": form}
    units = set(re.findall(r'"(.*?)"', fields.get("space units", '""').lower()))
    sides = [float(np.linalg.norm(affine[:3, axis])) for axis in axes[::-1]]
    down, across = (affine[:3, axis] for axis in axes[::-1])
    # pixels that are no rectangles have no height and width
    sheared = abs(float(down @ across)) > MOST_SHEAR * sides[0] * sides[1]
    stated = units <= {"mm", ""} and not sheared
    return Geometry(known, axes, shape), usable_spacing(sides[0], sides[1], shape) if stated else None


def _vector(text: str) -> tuple[float, ...] | None:
    numbers = text.strip("() ").split(",")
    if not text.startswith("("):
        return None
    try:
        vector = tuple(float(number) for number in numbers)
    except ValueError:
        raise ValueError("a vector of the header is not made of numbers") from None
    if not 1 <= len(vector) <= 3:
        raise ValueError("a vector of the header has more than three numbers")
    return vector
