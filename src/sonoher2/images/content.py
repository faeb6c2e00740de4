"""The bytes of a source that is no array."""

from __future__ import annotations

from pathlib import Path

from sonoher2.core.errors import InputError
from sonoher2.images.pixels.source import Content, ImageSource


def content_of(source: ImageSource, name: str = "") -> Content:
    """Find the bytes of a source that is no array.

    Parameters
    ----------
    source
        A path, bytes, or a DICOM dataset, of which only what an image needs is taken.
    name
        What messages call it, where it is no path.

    Raises
    ------
    InputError
        The source is of another kind.
    """
    if isinstance(source, str | Path):
        return Content(str(source))
    if isinstance(source, bytes | bytearray | memoryview):
        return Content(name or "image in memory", bytes(source))
    # pydicom takes longer to import than most images to read
    from pydicom import Dataset

    if isinstance(source, Dataset):
        from sonoher2.images.dicom.file import written

        return Content(name or "DICOM dataset", written(source))
    kind = type(source).__name__
    raise InputError(
        f"a value of type {kind} is no image", where=name, fix="Give a path, bytes, a DICOM dataset or an array"
    )
