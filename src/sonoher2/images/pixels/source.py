"""Where an image comes from: a file, bytes in memory, a DICOM dataset or an array; and what is remembered of it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

ImageSource: TypeAlias = "str | Path | bytes | Dataset | NDArray[Any]"
"""Path or content of a file, a DICOM dataset, or an array (rows, columns) or (rows, columns, 3)."""


@dataclass(frozen=True)
class DicomReference:
    """The identifiers by which another DICOM object refers to an image; nothing that names the patient.

    Attributes
    ----------
    sop_class, sop_instance
        Kind of the object, and the object.
    series, study
        Series and study that it belongs to; empty where the file does not say.
    """

    sop_class: str
    sop_instance: str
    series: str = ""
    study: str = ""


@dataclass(frozen=True)
class Provenance:
    """What an image keeps of where it came from.

    Attributes
    ----------
    where
        Path of the file, or what the caller calls the image.
    frame, frames
        Which frame or page it is, counted from 1, and of how many.
    dicom
        How DICOM refers to it; None for other images.
    """

    where: str = ""
    frame: int = 1
    frames: int = 1
    dicom: DicomReference | None = None

    @property
    def name(self) -> str:
        """Name of the file without its folder."""
        return Path(self.where).name


NOWHERE = Provenance()
"""Of an image that was made here."""


@dataclass(frozen=True)
class Content:
    """The bytes of a file, on disk or in memory.

    Attributes
    ----------
    where
        What messages call it.
    data
        Its bytes; None for a file on disk, which `where` is the path of.
    """

    where: str
    data: bytes | None = None

    def size(self) -> int:
        """Count the bytes."""
        return Path(self.where).stat().st_size if self.data is None else len(self.data)

    def is_special(self) -> bool:
        """Tell whether it is a pipe, a device or the like."""
        path = Path(self.where)
        return self.data is None and path.exists() and not path.is_file() and not path.is_dir()

    def open(self) -> BinaryIO:
        """Open for reading; the caller closes it."""
        return Path(self.where).open("rb") if self.data is None else io.BytesIO(self.data)
