"""Names of uploaded files: shown as text, never used as a path."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 120
SUFFIXES = (
    ".nii.gz", ".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".dcm", ".dicom", ".nii", ".nrrd", ".nhdr",
)  # fmt: skip
"""Some formats are told by them alone."""


def shown_name(sent: str) -> str:
    """Keep the last part of a name as one line of text; ``image`` where nothing is left."""
    last = re.split(r"[/\\]", sent)[-1]
    text = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip()
    text = "" if text in (".", "..") else text
    if len(text) > LONGEST:
        suffix = known_suffix(text)
        text = text[: LONGEST - len(suffix)] + suffix
    return text or "image"


def known_suffix(name: str) -> str:
    """Suffix of a format that is read; empty for any other."""
    lower = name.lower()
    return next((suffix for suffix in SUFFIXES if lower.endswith(suffix)), "")
