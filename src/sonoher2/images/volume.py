"""Reading NIfTI and NRRD files that hold one two-dimensional image."""

from __future__ import annotations

import gzip
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from sonoher2.errors import InputError
from sonoher2.images.picture import FrameChoice, Picture, chosen_frame, errors_name, grey_and_colour, require_size
from sonoher2.images.spacing import usable_spacing

# SimpleITK's functions carry no types
_ITK: Any = SimpleITK

NIFTI_SPATIAL_UNITS = 7
"""Bits of ``xyzt_units`` that hold the unit of length; 0 is unknown, and ITK turns the others into mm."""


def read_volume(path: Path, kind: str, frame: FrameChoice) -> Picture:
    """Read a two-dimensional image, or a volume of one slice, as grey values of 0 to 255.

    8-bit values are taken as they are and unsigned 16-bit values are scaled linearly, 65535 to 255. Signed and
    real-valued pixels have no defined white: they are taken as they are if they lie in 0 to 255.

    Raises
    ------
    InputError
        The file is damaged or cut short, is a true volume, or its values lie outside 0 to 255.
    """
    with errors_name(path, kind):
        chosen_frame(frame, 1)
        values, spacing = read_slice(path, kind)
        grey, colour = grey_and_colour(_unsigned(values), 65535 if values.dtype == np.uint16 else 255)
        return Picture(grey, colour, kind, spacing)


def read_slice(path: Path, kind: str) -> tuple[NDArray[Any], tuple[float, float] | None]:
    """Read the stored values of one slice, (rows, columns) or (rows, columns, 3), and mm per pixel where stated.

    The file's first axis is the image's columns, as in ITK.

    Raises
    ------
    InputError
        The file is cut short, is a true volume, or has neither one nor three values per pixel.
    """
    reader = _ITK.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    axes = _plane(reader.GetSize())
    columns, rows = (reader.GetSize()[axis] for axis in axes)
    require_size(rows, columns)
    components = reader.GetNumberOfComponents()
    if components not in (1, 3):
        raise InputError(f"each pixel has {components} values", fix="Give a grey or an RGB image")
    states_mm = _nifti_states_mm(path, reader) if kind == "NIfTI" else _nrrd_states_mm(path)
    values = _ITK.GetArrayFromImage(reader.Execute())
    shape = (rows, columns) if components == 1 else (rows, columns, 3)
    across, down = (float(reader.GetSpacing()[axis]) for axis in axes)
    return values.reshape(shape), usable_spacing(down, across, (rows, columns)) if states_mm else None


def _plane(size: tuple[int, ...]) -> tuple[int, int]:
    """Find the two axes that the image spans: the first two, unless one of them is the single slice."""
    long_axes = [axis for axis, length in enumerate(size) if length != 1]
    if len(long_axes) > 2:
        raise InputError(
            f"the file is a volume of {' x '.join(map(str, size))} voxels, and SonoHER2 reads single images",
            fix="Export the slice that shows the lesion as an image of its own",
        )
    spare = [axis for axis, length in enumerate(size) if length == 1]
    first, second = sorted([*long_axes, *spare[: 2 - len(long_axes)]])
    return first, second


def _unsigned(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype not in (np.uint8, np.uint16) and not (values.min() >= 0 and values.max() <= 255):
        raise InputError(
            f"{values.dtype} values of {values.min():g} to {values.max():g} have no defined white",
            fix="Store grey values of 0 to 255",
        )
    return values


def _nifti_states_mm(path: Path, reader: Any) -> bool:
    """Whether the header states the unit of length; on the way, refuse a file that ends before its pixels do.

    ITK pads such a file with whatever is in memory.
    """
    header = {key: reader.GetMetaData(key) for key in ("vox_offset", "bitpix", "xyzt_units")}
    length = math.prod(reader.GetSize()) * int(header["bitpix"]) // 8
    stored = path.read_bytes()
    data = gzip.decompress(stored) if stored.startswith(b"\x1f\x8b") else stored
    if len(data) < float(header["vox_offset"]) + length:
        raise InputError("the file ends before its last pixel", fix="Copy or export it again")
    return bool(int(header["xyzt_units"]) & NIFTI_SPATIAL_UNITS)


def _nrrd_states_mm(path: Path) -> bool:
    """Whether the header has space directions in mm, the unit that NRRD takes when it states none."""
    header = path.read_bytes()[:65536].partition(b"\n\n")[0].decode("latin-1").lower()
    units = re.search(r"^space units:(.*)$", header, flags=re.MULTILINE)
    in_mm = units is None or set(re.findall(r'"(.*?)"', units.group(1))) <= {"mm", ""}
    return "\nspace directions:" in header and in_mm
