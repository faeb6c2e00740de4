"""Finding the images of a folder and the masks of each, by their names and by what the files hold."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from sonoher2.cohort.images.kind import Look, look_at, outlined
from sonoher2.core.progress import track

IMAGE_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".dcm", ".dicom", ".ima", ".nii", ".nii.gz", ".nrrd",
)  # fmt: skip
OTHER_SUFFIXES = {
    **dict.fromkeys((".zip", ".rar", ".7z", ".gz", ".tar", ".tgz"), "an archive, unpack it first"),
    **dict.fromkeys((".avi", ".mp4", ".mov", ".wmv", ".mkv", ".mpg"), "a video, export its frames as PNG first"),
    **dict.fromkeys(
        (".webp", ".gif", ".heic", ".svg", ".jp2", ".psd", ".mha", ".mhd"), "a picture of a kind that is not read, "
        "export it as PNG first"
    ),
}  # fmt: skip
OWN_SUFFIXES = (".yaml", ".yml", ".ini", ".db", ".lnk")
"""Study files, and what a computer keeps for itself."""
RUN_FILES = ("run.json", "split.json", "ledger.json", "segment.csv", "manifest.json")
"""A folder that holds one of these was written by a command; what is in it is no input."""

# digits may follow, as in tumor1; a letter may not, as in masked
_LATIN_MASK = (
    r"masks?|segs?|segmentations?|roi|rois|labels?|gt|annotations?|annotated|tumou?rs?|lesions?|contours?|outlines?"
)
_CHINESE_MASK = r"勾画|勾勒|标注|掩膜|掩码|掩模|蒙版|分割|金标准|轮廓|标签|描记"
MASK_WORD = re.compile(
    rf"(^|[ _.\-()]|(?<=\d))({_LATIN_MASK})\d*(?=$|[ _.\-()])|({_CHINESE_MASK})(图像?|结果|文件)?\d*", re.IGNORECASE
)
_LESION_WORD = re.compile(r"(^|[ _.\-()])(tumou?rs?|lesions?)\d*(?=$|[ _.\-()])|肿瘤|肿块|病灶", re.IGNORECASE)
IMAGE_WORD = re.compile(
    r"(^|[ _.\-()])(images?|imgs?|pictures?|pics?|photos?|originals?|raw|us|bus|bmode|b-mode|ultrasound)\d*"
    r"(?=$|[ _.\-()])|"
    r"原始图?像?|原图像?|图像|图片|影像|超声图?像?|灰阶",
    re.IGNORECASE,
)
SEPARATORS = " _.-()（）"
LEAST_OVERLAP = 0.3
"""Jaccard index of two masks from which on they are two outlines of one lesion."""


@dataclass(frozen=True)
class FoundImage:
    """An image and its masks, paths relative to the folder that was searched.

    Attributes
    ----------
    image, masks
        Their paths.
    second
        A second outline of the lesion, as of another reader.
    patient
        Patient ID of a DICOM file.
    """

    image: Path
    masks: tuple[Path, ...]
    second: Path | None = None
    patient: str | None = None


@dataclass(frozen=True)
class Found:
    """What a folder holds.

    Attributes
    ----------
    images
        In order of their paths.
    lost_masks
        Masks to which no image belongs.
    named_as_masks
        Images whose name or folder has a word for masks.
    overlays
        Files named as a mask of an image that hold a picture; they are neither.
    other_findings
        Masks left out because another mask of the image is named as the tumour.
    unopened
        Files named as pictures that cannot be opened.
    skipped
        Every other file and why it is left out; tables are not among them.
    """

    images: list[FoundImage]
    lost_masks: list[Path]
    named_as_masks: list[Path] = field(default_factory=list)
    overlays: list[Path] = field(default_factory=list)
    other_findings: list[Path] = field(default_factory=list)
    unopened: list[Path] = field(default_factory=list)
    skipped: list[tuple[Path, str]] = field(default_factory=list)


def find_images(folder: Path, tables: Iterable[str] = ()) -> Found:
    """Find all images of a folder and pair them with their masks.

    A mask has few values and belongs to the image whose name is in its own, or lies in a folder beside that of the
    image. A word such as ``mask``, ``roi`` or ``勾画`` in a name decides only where the content does not.

    Parameters
    ----------
    folder
        Searched with its subfolders; hidden ones and those that a run has written are not.
    tables
        Suffixes of tables, which are left to the caller.
    """
    tables, looks = tuple(tables), {}
    paths, skipped = input_files(folder)
    for path in track(paths, "Looking at files", total=len(paths)):
        suffix = path.suffix.lower()
        if suffix in (*tables, *OWN_SUFFIXES):
            continue
        named = has_image_name(path)
        reason = None if named else OTHER_SUFFIXES.get(suffix)
        look = look_at(folder / path, named=named) if reason is None else Look("none")
        if look.kind == "none":
            skipped.append((path, reason or "neither an image nor a table"))
        else:
            looks[path] = look
    return replace(_paired(folder, looks), skipped=skipped)


def input_files(folder: Path) -> tuple[list[Path], list[tuple[Path, str]]]:
    """All files below a folder in the order of their paths, and what is left out and why; paths relative to it.

    Hidden files, and those that office programs keep while a file is open, are not told of.
    """
    files: list[Path] = []
    skipped: list[tuple[Path, str]] = []
    waiting = [Path()]
    while waiting:
        place = waiting.pop(0)
        try:
            below = sorted((folder / place).iterdir())
        except OSError as error:
            skipped.append((place, f"a folder that cannot be opened ({error.strerror})"))
            continue
        for path in (place / found.name for found in below if not found.name.startswith((".", "~$", "__MACOSX"))):
            whole = folder / path
            # os.path answers no where the rights to look are missing, which a Path raises
            if not os.path.isdir(whole):
                files += [path] if os.path.isfile(whole) else []
            elif os.path.islink(whole):
                skipped.append((path, "a link to a folder, which is not followed"))
            elif any(os.path.isfile(whole / name) for name in RUN_FILES):
                skipped.append((path, "a folder of results"))
            else:
                waiting.append(path)
    return sorted(files), skipped


def has_image_name(path: Path) -> bool:
    """Whether the suffix is that of an image."""
    return path.name.lower().endswith(IMAGE_SUFFIXES)


def stem(path: Path) -> str:
    """Name of an image without the suffix of an image; the whole name of a file that has none."""
    for suffix in sorted(IMAGE_SUFFIXES, key=len, reverse=True):
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.name


def is_mask(path: Path) -> bool:
    """Whether a path names a mask."""
    return bool(MASK_WORD.search(stem(path))) or _in_mask_folder(path)


def _in_mask_folder(path: Path) -> bool:
    # a folder "images_and_masks" holds both, and only the names of its files tell them apart
    return any(MASK_WORD.search(part) and not IMAGE_WORD.search(part) for part in path.parts[:-1])


def _paired(folder: Path, looks: dict[Path, Look]) -> Found:
    named = [path for path in looks if is_mask(path)]
    masks = [p for p, look in looks.items() if look.kind == "mask" or (look.kind == "unknown" and is_mask(p))]
    unnamed = _folders_of_masks(looks, masks)
    sure = {path for path in looks if path not in set(masks) and path not in set(named)}
    index = _Index({path: looks[path] for path in looks if path in sure}, unnamed)
    # a picture under a mask's name is an overlay of the image that it belongs to, or else an image itself
    doubtful = [path for path in named if path not in set(masks)]
    overlays = [path for path in doubtful if index.owner(path, looks[path]) is not None]
    images = [path for path in looks if path in sure or (path in set(doubtful) and path not in set(overlays))]
    index = _Index({path: looks[path] for path in images}, unnamed)
    by_image: dict[Path, list[Path]] = {path: [] for path in images}
    lost = []
    for mask in masks:
        owner = index.owner(mask, looks[mask])
        if owner is None:
            lost.append(mask)
        else:
            by_image[owner].append(mask)
    others: list[Path] = []
    found = [_with_masks(folder, image, by_image[image], looks[image], others) for image in images]
    return Found(
        images=found,
        lost_masks=lost,
        named_as_masks=[path for path in images if path in set(named)],
        overlays=overlays,
        other_findings=others,
        unopened=[path for path, look in looks.items() if look.kind == "unknown"],
    )


def _with_masks(folder: Path, image: Path, masks: list[Path], look: Look, others: list[Path]) -> FoundImage:
    """Keep the masks of the tumour, and tell a second reader's outline from that of a second lesion."""
    lesions = [mask for mask in masks if _LESION_WORD.search(stem(mask))]
    if lesions and len(lesions) < len(masks):
        others += [mask for mask in masks if mask not in lesions]
        masks = lesions
    if len(masks) == 2 and _overlap(folder / masks[0], folder / masks[1]) >= LEAST_OVERLAP:
        return FoundImage(image, (masks[0],), masks[1], look.patient)
    return FoundImage(image, tuple(masks), None, look.patient)


def _overlap(one: Path, other: Path) -> float:
    a, b = outlined(one), outlined(other)
    if a is None or b is None or a.shape != b.shape or not (a | b).any():
        return 0.0
    return float((a & b).sum() / (a | b).sum())


class _Index:
    """Images by the names under which their masks may go.

    Parameters
    ----------
    looks
        What each image looks like.
    mask_folders
        Folders that hold nothing but masks and whose name does not say so.
    """

    def __init__(self, looks: dict[Path, Look], mask_folders: set[Path]) -> None:
        self._looks, self._mask_folders = looks, mask_folders
        self._by_name: dict[str, list[Path]] = {}
        self._by_tail: dict[str, list[Path]] = {}
        self._by_folder: dict[Path, list[Path]] = {}
        for image in looks:
            name = stem(image).casefold()
            self._by_name.setdefault(name, []).append(image)
            self._by_folder.setdefault(image.parent, []).append(image)
            for tail in _tails(name):
                self._by_tail.setdefault(tail, []).append(image)

    def owner(self, mask: Path, look: Look) -> Path | None:
        """Find the one image that a mask belongs to; None when there is none or more than one."""
        for candidates in self._candidates(mask):
            fitting = [path for path in candidates if path != mask and self._same_size(path, look)]
            nearest = _nearest(mask, fitting, self._mask_folders)
            if len(nearest) == 1:
                return nearest[0]
        return None

    def _same_size(self, image: Path, look: Look) -> bool:
        known = self._looks[image].size
        return known is None or look.size is None or known == look.size

    def _candidates(self, mask: Path) -> Iterable[list[Path]]:
        """Images that may be meant, the surest first."""
        name = stem(mask).casefold()
        without = MASK_WORD.sub("", name).strip(SEPARATORS)
        before = name[: match.start()].strip(SEPARATORS) if (match := MASK_WORD.search(name)) else ""
        for core in filter(None, (name, without, before)):
            yield self._by_name.get(core, [])
            yield self._by_tail.get(core, [])
        yield self._within(name)
        # mask.png beside the one image of a folder
        if not without:
            yield self._by_folder.get(mask.parent, [])

    def _within(self, name: str) -> list[Path]:
        """Images whose whole name begins or ends the mask's, the longest; P1 is not in P12."""
        for size in range(len(name) - 1, 0, -1):
            for part, rest, edge in (
                (name[:size], name[size], name[size - 1]),
                (name[-size:], name[-size - 1], name[-size]),
            ):
                if part in self._by_name and not (rest.isdigit() and edge.isdigit()) and not _both_letters(rest, edge):
                    return self._by_name[part]
        return []


def _both_letters(one: str, other: str) -> bool:
    return one.isascii() and other.isascii() and one.isalpha() and other.isalpha()


def _tails(name: str) -> list[str]:
    """Whole name, and what is left of it after each separator."""
    return [name, *(name[match.end() :] for match in re.finditer(r"[ _.\-]", name))]


def _folders_of_masks(looks: dict[Path, Look], masks: list[Path]) -> set[Path]:
    """Find the folders that hold nothing but masks; of one within another the outer one."""
    mixed = {parent for path in looks.keys() - set(masks) for parent in path.parents}
    tops = set()
    for path in masks:
        outer = [parent for parent in reversed(path.parents) if parent.name and parent not in mixed]
        tops |= set(outer[:1])
    return {top for top in tops if not MASK_WORD.search(top.name)}


def _nearest(mask: Path, images: list[Path], mask_folders: set[Path]) -> list[Path]:
    """Images whose folders fit the mask's best; masks/benign/1 does not belong to images/malignant/1."""
    own = _telling(mask, mask_folders)
    fitting = [path for path in images if own <= (other := _telling(path)) or other <= own]
    # the same names in several folders, as images/benign and masks/benign
    shared = {path: (len(own & _telling(path)), path.parent == mask.parent) for path in fitting}
    best = max(shared.values(), default=(0, False))
    return [path for path in fitting if shared[path] == best]


def _telling(path: Path, mask_folders: Iterable[Path] = ()) -> set[str]:
    """Folders of a path without the words for images and masks, and without folders of masks."""
    parents = [parent for parent in path.parents if parent.name and parent not in mask_folders]
    parts = (IMAGE_WORD.sub("", MASK_WORD.sub("", parent.name)).strip(SEPARATORS) for parent in parents)
    return {part.casefold() for part in parts if part}
