"""NIfTI files of one slice: the header checked field by field before a pixel is read; and masks written as NIfTI.

The layouts are those of the standard's headers nifti1.h and nifti2.h.
"""

from __future__ import annotations

import gzip
from contextlib import ExitStack
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from sonoher2.core.errors import InputError
from sonoher2.images.formats.slices import MOST_SKIPPED, Slice, completed, plane, read_exactly, read_values
from sonoher2.images.pixels.geometry import Affine, Geometry
from sonoher2.images.pixels.source import Content
from sonoher2.images.pixels.spacing import usable_spacing

NIFTI_1 = np.dtype(
    [
        ("sizeof_hdr", "<i4"), ("unused", "V36"), ("dim", "<i2", 8), ("intent", "V14"), ("datatype", "<i2"),
        ("bitpix", "<i2"), ("slice_start", "<i2"), ("pixdim", "<f4", 8), ("vox_offset", "<f4"), ("scl_slope", "<f4"),
        ("scl_inter", "<f4"), ("slices", "V3"), ("xyzt_units", "u1"), ("texts", "V128"), ("qform_code", "<i2"),
        ("sform_code", "<i2"), ("quatern", "<f4", 3), ("qoffset", "<f4", 3), ("srow", "<f4", (3, 4)), ("name", "V16"),
        ("magic", "V4"),
    ]
)  # fmt: skip
NIFTI_2 = np.dtype(
    [
        ("sizeof_hdr", "<i4"), ("magic", "V8"), ("datatype", "<i2"), ("bitpix", "<i2"), ("dim", "<i8", 8),
        ("intent", "V24"), ("pixdim", "<f8", 8), ("vox_offset", "<i8"), ("scl_slope", "<f8"), ("scl_inter", "<f8"),
        ("slices", "V48"), ("texts", "V104"), ("qform_code", "<i4"), ("sform_code", "<i4"), ("quatern", "<f8", 3),
        ("qoffset", "<f8", 3), ("srow", "<f8", (3, 4)), ("slice_code", "<i4"), ("xyzt_units", "<i4"), ("name", "V36"),
    ]
)  # fmt: skip
MAGIC = {b"n+1\0": NIFTI_1, b"n+2\0\r\n\x1a\n": NIFTI_2}
RGB = 128
TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", RGB: "u1", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
UNIT_MM = {1: 1000.0, 2: 1.0, 3: 0.001}
"""Metre, millimetre and micrometre in mm, by the lowest three bits of `xyzt_units`."""
UNIT_BITS = 7
MM = 2
VECTOR_AXIS = 4
SAME_SIZE = 0.01
"""Share by which the sizes of a pixel in `pixdim` and in sform or qform may differ."""
PLACING = ("dim", "pixdim", "xyzt_units", "qform_code", "sform_code", "quatern", "qoffset", "srow")

Header = Any
"""A record of `NIFTI_1` or `NIFTI_2`, in the byte order of this machine."""


def read_nifti(content: Content) -> Slice:
    """Read one slice; nothing after its last pixel is read.

    Raises
    ------
    InputError
        A field of the header cannot be, the file is cut short, a true volume, or of complex values.
    """
    with ExitStack() as opened:
        stored = opened.enter_context(content.open())
        compressed = stored.read(2) == b"\x1f\x8b"
        stored.seek(0)
        stream = cast("IO[bytes]", opened.enter_context(gzip.GzipFile(fileobj=stored)) if compressed else stored)
        header, order, offset = _header(stream)
        size, colours = _size(header)
        axes = plane(size)
        read_exactly(stream, offset)
        rows, columns = size[axes[1]], size[axes[0]]
        dtype = np.dtype(TYPES[int(header["datatype"])]).newbyteorder(order)
        values = read_values(stream, dtype, rows * columns * colours)
    geometry = Geometry(_forms(header, axes), axes, (rows, columns), {name: header[name].copy() for name in PLACING})
    return Slice(
        _scaled(_shaped(values, header, geometry.shape, colours), header), geometry, _spacing(header, geometry)
    )


def _header(stream: IO[bytes]) -> tuple[Header, Any, int]:
    """Fields, byte order (``<`` or ``>``), and the bytes that lie between the header and the pixels."""
    first = read_exactly(stream, 4)
    sizes = {dtype.itemsize: (magic, dtype) for magic, dtype in MAGIC.items()}
    little, big = int.from_bytes(first, "little"), int.from_bytes(first, "big")
    if little not in sizes and big not in sizes:
        raise InputError("the file does not begin with a NIfTI header", fix="Give the file of an image")
    order: Any = "<" if little in sizes else ">"
    length = little if little in sizes else big
    magic, dtype = sizes[length]
    data = first + read_exactly(stream, length - 4)
    header = np.frombuffer(data, dtype=dtype.newbyteorder(order))[0].astype(dtype.newbyteorder("="))
    if header["magic"].tobytes() != magic:
        raise InputError(
            "this is one half of a pair of files (.hdr and .img), or an Analyze file", fix="Save it as one .nii file"
        )
    kind, bits = int(header["datatype"]), int(header["bitpix"])
    if kind not in TYPES:
        raise InputError(f"NIfTI data type {kind} is not read", fix="Store grey values of 8 or 16 bits")
    if bits != np.dtype(TYPES[kind]).itemsize * (24 if kind == RGB else 8):
        raise ValueError(f"the header contradicts itself: data type {kind} with {bits} bits a voxel")
    offset = float(header["vox_offset"]) - length
    if not (offset >= 0 and offset == int(offset) and offset <= MOST_SKIPPED):
        raise ValueError(f"the header says that pixels begin at byte {header['vox_offset']:g}")
    return header, order, int(offset)


def _size(header: Header) -> tuple[tuple[int, ...], int]:
    """Length of each axis, and values per pixel."""
    number = int(header["dim"][0])
    if not 1 <= number <= 7:
        raise ValueError(f"the header says that the file has {number} axes")
    size = [int(length) for length in header["dim"][1 : number + 1]]
    if min(size) < 1:
        raise ValueError(f"the header says that the file has {' x '.join(map(str, size))} voxels")
    size += [1] * (2 - number)
    if int(header["datatype"]) == RGB:
        return tuple(size), 3
    # the fifth axis holds the parts of a vector
    if number > VECTOR_AXIS and size[VECTOR_AXIS] == 3:
        size[VECTOR_AXIS] = 1
        return tuple(size), 3
    return tuple(size), 1


def _shaped(values: NDArray[Any], header: Header, shape: tuple[int, int], colours: int) -> NDArray[Any]:
    if colours == 1:
        return values.reshape(shape)
    if int(header["datatype"]) == RGB:
        return values.reshape(*shape, 3)
    return np.moveaxis(values.reshape(3, *shape), 0, 2)


def _scaled(values: NDArray[Any], header: Header) -> NDArray[Any]:
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or not np.isfinite(slope) or (slope, intercept) == (1.0, 0.0) or int(header["datatype"]) == RGB:
        return values
    return values * slope + intercept


def _forms(header: Header, axes: tuple[int, int]) -> dict[str, Affine]:
    """Take the sform and the qform where the header gives them a code, in mm."""
    forms = {}
    if int(header["sform_code"]) > 0:
        forms["sform"] = np.vstack([header["srow"].astype(np.float64), [0, 0, 0, 1]])
    if int(header["qform_code"]) > 0:
        forms["qform"] = _from_quaternion(header)
    scale = np.diag([UNIT_MM.get(int(header["xyzt_units"]) & UNIT_BITS, 1.0)] * 3 + [1.0])
    usable = {name: completed(scale @ form, axes) for name, form in forms.items()}
    return {name: form for name, form in usable.items() if form is not None}


def _from_quaternion(header: Header) -> Affine:
    """Rotation by the unit quaternion (a, b, c, d) of which the header holds the last three (nifti1.h, method 2)."""
    vector = header["quatern"].astype(np.float64)
    a = np.sqrt(max(0.0, 1.0 - float(vector @ vector)))
    b, c, d = vector / max(1.0, float(np.sqrt(vector @ vector)))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    sides = header["pixdim"][1:4].astype(np.float64)
    sides[2] *= -1 if header["pixdim"][0] < 0 else 1
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = rotation * sides, header["qoffset"]
    return affine


def _spacing(header: Header, geometry: Geometry) -> tuple[float, float] | None:
    unit = UNIT_MM.get(int(header["xyzt_units"]) & UNIT_BITS)
    if unit is None:
        return None
    stated = [float(header["pixdim"][1 + axis]) * unit for axis in geometry.axes[::-1]]
    for name, form in geometry.forms.items():
        placed = [float(np.linalg.norm(form[:3, axis])) for axis in geometry.axes[::-1]]
        if not np.allclose(stated, placed, rtol=SAME_SIZE, atol=0):
            raise InputError(
                f"the header says two sizes of a pixel: {stated[0]:g} x {stated[1]:g} mm in pixdim and "
                f"{placed[0]:g} x {placed[1]:g} mm in the {name}",
                fix="Correct the header",
            )
    return usable_spacing(stated[0], stated[1], geometry.shape)


def nifti_mask(mask: NDArray[np.bool_], geometry: Geometry | None, mm_per_pixel: tuple[float, float] | None) -> bytes:
    """Make a compressed NIfTI-1 file of a mask, 1 in the lesion, that lies where its image lies.

    Parameters
    ----------
    mask
        (rows, columns).
    geometry
        Of the image; None or without a statement: columns run to the left, rows to the back, from the origin.
    mm_per_pixel
        Rows and columns; pixels of 1 mm, and no unit, where it is not known.
    """
    header = np.zeros((), dtype=NIFTI_1)
    header["sizeof_hdr"], header["magic"] = NIFTI_1.itemsize, b"n+1\0"
    header["datatype"], header["bitpix"], header["vox_offset"], header["scl_slope"] = 2, 8, 352, 1
    if geometry is not None and geometry.nifti:
        for name, value in geometry.nifti.items():
            header[name] = value
        # colours of the image on a fifth axis are no part of its mask
        header["dim"][1:][header["dim"][1:] < 1] = 1
        header["dim"][1 + VECTOR_AXIS :] = 1
    else:
        _place(header, mask.shape, geometry, mm_per_pixel)
    return gzip.compress(header.tobytes() + bytes(4) + mask.astype(np.uint8).tobytes(), mtime=0)


def _place(
    header: Header, shape: tuple[int, ...], geometry: Geometry | None, mm_per_pixel: tuple[float, float] | None
) -> None:
    rows, columns = mm_per_pixel or (1.0, 1.0)
    affine, axes = np.diag([-columns, -rows, 1.0, 1.0]), (0, 1)
    if geometry is not None and geometry.affine is not None:
        affine, axes = geometry.affine, geometry.axes
    header["dim"] = [3 if geometry is not None and geometry.forms else 2, *[1] * 7]
    header["dim"][1 + axes[0]], header["dim"][1 + axes[1]] = shape[1], shape[0]
    header["pixdim"] = [1, *np.linalg.norm(affine[:3, :3], axis=0), *[1] * 4]
    header["sform_code"], header["srow"] = 1, affine[:3]
    header["xyzt_units"] = MM if mm_per_pixel or (geometry is not None and geometry.forms) else 0
