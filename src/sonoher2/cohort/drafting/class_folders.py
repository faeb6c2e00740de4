"""Images that are sorted into folders by class and have no table: the folders are the labels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sonoher2.cohort.drafting.guess_target import value_side
from sonoher2.cohort.drafting.image_patients import own_names
from sonoher2.cohort.images.find import IMAGE_WORD, MASK_WORD, SEPARATORS, FoundImage

MOST_FOLDERS = 6
LEAST_IMAGES = 3
OTHER_CLASSES = ("normal", "正常", "low", "zero")


@dataclass(frozen=True)
class ClassFolders:
    """Class and patient of each image, as its folders say.

    Attributes
    ----------
    classes, patients
        (images,).
    each_its_own
        Whether nothing says which images are of one patient, so that each is a patient of its own.
    """

    classes: list[str]
    patients: list[str]
    each_its_own: bool


def class_folders(found: list[FoundImage]) -> ClassFolders | None:
    """Read the class of each image from the names of folders; None when they name no classes."""
    paths = [one.image for one in found]
    depth = min((len(path.parts) for path in paths), default=1) - 1
    for level in range(depth):
        names = [_name(path.parts[level]) for path in paths]
        if _are_classes(names):
            return _with_patients(found, names, level)
    return None


def _name(part: str) -> str:
    bare = IMAGE_WORD.sub("", MASK_WORD.sub("", part))
    # the dash of HER2- is its meaning; only what joined another word goes
    return part if bare == part else bare.strip(SEPARATORS)


def _are_classes(names: list[str]) -> bool:
    counts = Counter(names)
    if "" in counts or not 2 <= len(counts) <= MOST_FOLDERS:
        return False
    if any(name.isdigit() for name in counts):
        # 0 and 1 are codes of classes; more numbers are patients or readers
        return set(counts) == {"0", "1"}
    known = [name for name in counts if value_side(name) is not None or name.casefold() in OTHER_CLASSES]
    return len(known) >= 2 or (bool(known) and min(counts.values()) >= LEAST_IMAGES)


def _with_patients(found: list[FoundImage], names: list[str], level: int) -> ClassFolders:
    paths = [one.image for one in found]
    if all(one.patient for one in found):
        return ClassFolders(names, _told_apart([str(one.patient) for one in found], names), each_its_own=False)
    if all(len(path.parts) > level + 2 for path in paths):
        return ClassFolders(names, _told_apart([path.parts[level + 1] for path in paths], names), each_its_own=False)
    return ClassFolders(names, own_names(paths), each_its_own=True)


def _told_apart(patients: list[str], names: list[str]) -> list[str]:
    """Write the class before a patient that stands in several classes: they may be two patients."""
    pairs = Counter(patient for patient, _ in sorted(set(zip(patients, names, strict=True))))
    return [
        patient if pairs[patient] == 1 else f"{name}_{patient}" for patient, name in zip(patients, names, strict=True)
    ]


def patient_rows(folders: ClassFolders) -> list[tuple[str, str]]:
    """Each patient once, with the class, in the order of the images."""
    return list(dict.fromkeys(zip(folders.patients, folders.classes, strict=True)))
