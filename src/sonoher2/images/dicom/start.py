"""How a DICOM file starts, with or without its preamble."""

from __future__ import annotations

from pathlib import Path

START = 140
"""Bytes of a file that tell whether it is DICOM."""
KINDS = (b"UL", b"OB", b"UI", b"CS", b"DA", b"TM", b"DT", b"SH", b"LO", b"SQ")
"""Types of value that a data set may start with."""
FIRST = (0x0000, 0x0001, 0x0005, 0x0008, 0x0010, 0x0012, 0x0013, 0x0016, 0x0018)
"""Elements of group 2 or 8 that a data set may start with where types are not written."""
LONGEST_FIRST = 64
"""Bytes of such an element's value: a unique identifier, the longest of them."""


def is_dicom(path: Path) -> bool:
    """Whether a file's content is DICOM, whatever its name; False where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return starts_as_dicom(stream.read(START))
    except OSError:
        return False


def has_preamble(head: bytes) -> bool:
    """Whether a file that starts with `head` has 128 bytes and the letters DICM before its first element."""
    return head[128:132] == b"DICM"


def starts_as_dicom(head: bytes) -> bool:
    """Whether a file whose first `START` bytes are `head` is DICOM.

    A file without the preamble starts with an element of group 2 or 8 that has a known type, or none and a short value.
    """
    if has_preamble(head):
        return True
    group, element, kind = int.from_bytes(head[:2], "little"), int.from_bytes(head[2:4], "little"), head[4:6]
    if len(head) < START or group not in (2, 8):
        return False
    written = kind in KINDS and element < 0x2000
    return written or (element in FIRST and int.from_bytes(head[4:8], "little") <= LONGEST_FIRST)
