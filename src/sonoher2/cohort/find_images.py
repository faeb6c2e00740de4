"""Finding images and their masks in a folder by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".dcm", ".nii", ".nii.gz", ".nrrd")

# digits may follow, as in tumor1; a letter may not, as in masked
_MASK_WORD = re.compile(
    r"(^|[ _.\-])(masks?|seg|segmentation|roi|label|labels|gt|tumou?r|lesion|contour)\d*(?=$|[ _.\-])", re.IGNORECASE
)


@dataclass(frozen=True)
class FoundImage:
    """An image and its masks, paths relative to the folder that was searched."""

    image: Path
    masks: tuple[Path, ...]


def find_images(folder: Path) -> tuple[list[FoundImage], list[Path]]:
    """Find all images of a folder and pair them with their masks by name.

    A mask has a word such as ``mask``, ``roi`` or ``tumor`` in its name, or lies in a folder with such a name.

    Parameters
    ----------
    folder
        Searched with its subfolders; hidden ones are not.

    Returns
    -------
    The images in order of their paths, and the masks to which no image belongs.
    """
    files = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    pictures = [path for path in files if stem(path) is not None and not any(p.startswith(".") for p in path.parts)]
    images = [path for path in pictures if not is_mask(path)]
    masks: dict[Path, list[Path]] = {path: [] for path in images}
    by_tail: dict[str, list[Path]] = {}
    for image in images:
        for tail in _tails((stem(image) or "").casefold()):
            by_tail.setdefault(tail, []).append(image)
    lost = []
    for mask in (path for path in pictures if is_mask(path)):
        owner = _owner(mask, by_tail)
        if owner is None:
            lost.append(mask)
        else:
            masks[owner].append(mask)
    return [FoundImage(image, tuple(found)) for image, found in masks.items()], lost


def stem(path: Path) -> str | None:
    """Name of an image without its suffix; None when it is not an image."""
    for suffix in sorted(IMAGE_SUFFIXES, key=len, reverse=True):
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return None


def is_mask(path: Path) -> bool:
    """Whether a path names a mask."""
    return bool(_MASK_WORD.search(stem(path) or "")) or _in_mask_folder(path)


def _in_mask_folder(path: Path) -> bool:
    # a folder "images_and_masks" holds both, and only the names of its files tell them apart
    return any(_MASK_WORD.search(part) and not re.search("image", part, re.IGNORECASE) for part in path.parts[:-1])


def _tails(name: str) -> list[str]:
    """Whole name, and what is left of it after each separator."""
    return [name, *(name[match.end() :] for match in re.finditer(r"[ _.\-]", name))]


def _owner(mask: Path, by_tail: dict[str, list[Path]]) -> Path | None:
    """Find the one image whose name is the mask's without the word, or ends with it."""
    name = (stem(mask) or "").casefold()
    without = _MASK_WORD.sub("", name).strip(" _.-")
    before = name[: match.start()].strip(" _.-") if (match := _MASK_WORD.search(name)) else ""
    for core in filter(None, (without, before)):
        candidates = by_tail.get(core, [])
        whole = [path for path in candidates if (stem(path) or "").casefold() == core]
        # the same names in several folders, as images/benign and masks/benign
        near = [path for path in whole or candidates if path.parent.name == mask.parent.name]
        for found in (whole, candidates, near):
            if len(found) == 1:
                return found[0]
    return None
