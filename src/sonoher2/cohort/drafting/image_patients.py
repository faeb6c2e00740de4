"""Whose image it is: the patient of each image by the table, the DICOM file, or the path; never a guess in silence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from sonoher2.cohort.images.find import FoundImage, has_image_name, stem
from sonoher2.cohort.tables.table import plain

BARE_NUMBER_DIGITS = 4
"""A number of at most so many digits may be many things besides a patient: a view, a day, a class's own count."""
VIEW_WORDS = re.compile(
    r"long\w*|trans\w*|sag\w*|axial|coronal|radial|anti-?radial|left|right|[lrtsh]|views?\d*|us|bus|bmode|cdfi|swe|"
    r"doppler|elasto\w*|横切?面?|纵切?面?|[横纵]断面?|左乳?侧?|右乳?侧?",
    re.IGNORECASE,
)
"""Words that tell images of one patient apart."""
_IMAGE_COLUMN = re.compile(r"image|img|file|picture|scan|dicom|图|影像|文件", re.IGNORECASE)
_YEAR, _MONTH, _DAY = r"(19|20)\d\d", r"(0?[1-9]|1[0-2])", r"(0?[1-9]|[12]\d|3[01])"
_DATE = re.compile(
    rf"(?<!\d)(?:{_YEAR}([-_./ ]?){_MONTH}\2{_DAY}|{_DAY}([-_./]){_MONTH}\6{_YEAR}|"
    rf"\d\d([-.])(0\d|1[0-2])\9([0-2]\d|3[01])|"
    rf"{_YEAR}[-.]{_MONTH}|{_YEAR}年(\d\d?月)?(\d\d?日)?)(?!\d)"
)
_TIME = re.compile(r"(?<=#)[ _T\-]?([01]\d|2[0-3])[:\-.]?[0-5]\d[:\-.]?[0-5]\d(?!\d)")
LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Owners:
    """The patient of each image.

    Attributes
    ----------
    ids
        As in the clinical table; another name for an image of nobody there; empty where two patients may be meant.
    questions
        What the user must confirm or fill in.
    """

    ids: list[str]
    questions: tuple[str, ...]

    @property
    def open(self) -> int:
        """How many images have no patient yet."""
        return sum(not one for one in self.ids)


def image_owners(found: list[FoundImage], table: pd.DataFrame, patient: str) -> Owners:
    """Find the patient of each image.

    Parameters
    ----------
    found
        The images.
    table
        The clinical table, as from `read_table`.
    patient
        Its column of patients.
    """
    known = sorted({str(one) for one in table[patient].dropna()})
    paths = [one.image for one in found]
    named = _named_in_table(paths, table, patient)
    if named is not None:
        ids, questions = named
        return Owners(_or_own_name(ids, paths), questions)
    stated = [one.patient for one in found]
    from_paths, questions = _from_paths(paths, known)
    if from_paths is None:
        # a number alone says less than the file's own Patient ID
        told = {plain(one) for one in stated if one} & {plain(one) for one in known}
        nobody: list[str | None] = [None] * len(paths)
        from_paths, questions = (nobody, ()) if told else _by_number(paths, known)
    ids, more = _with_dicom(from_paths, stated, known)
    return Owners(_or_own_name(ids, paths), (*questions, *more))


def own_names(paths: list[Path]) -> list[str]:
    """Name each image by its file, with its folders where two files have one name."""
    several = Counter(stem(path).casefold() for path in paths)
    return [
        name if several[name.casefold()] == 1 else "_".join((*path.parts[:-1], name))
        for path, name in ((path, stem(path)) for path in paths)
    ]


def _or_own_name(ids: list[str | None], paths: list[Path]) -> list[str]:
    # "" stays: it says that two patients may be meant
    return [name if one is None else one for one, name in zip(ids, own_names(paths), strict=True)]


def _named_in_table(
    paths: list[Path], table: pd.DataFrame, patient: str
) -> tuple[list[str | None], tuple[str, ...]] | None:
    """Patients of the images where a column of the table names them."""
    for column in table.columns:
        texts = table[column].dropna()
        if not _may_name_images(str(column), texts, is_patient=column == patient):
            continue
        by_path = {_key(text): owner for text, owner in zip(texts, table.loc[texts.index, patient], strict=True)}
        whole = [by_path.get(_key(path.as_posix())) for path in paths]
        by_stem = {name.rpartition("/")[2]: owner for name, owner in by_path.items()}
        counts = Counter(name.rpartition("/")[2] for name in by_path)
        files = Counter(plain(stem(path)) for path in paths)
        ids: list[str | None] = []
        for path, exact in zip(paths, whole, strict=True):
            name = plain(stem(path))
            ids.append(exact or _only(by_stem.get(name), counts[name] * files[name]))
        hits = sum(one is not None for one in ids)
        if len(texts) and hits > LEAST_SHARE * min(len(by_path), len(paths)):
            doubtful = sum(one == "" for one in ids)
            ask = (f"{doubtful} images have a name that stands twice: fill in their patients",) if doubtful else ()
            return ids, ask
    return None


def _may_name_images(column: str, texts: pd.Series, *, is_patient: bool) -> bool:
    """Whether the values look like names of files; a column of ages may equal the names 38.png and 39.png, too."""
    if any(has_image_name(Path(text)) or "/" in text or "\\" in text for text in texts):
        return True
    if is_patient or texts.duplicated().any():
        return False
    return bool(_IMAGE_COLUMN.search(column)) or not all(text.isdigit() for text in texts)


def _only(owner: str | None, count: int) -> str | None:
    return owner if owner is None or count == 1 else ""


def _key(text: str) -> str:
    path = PurePosixPath(text.replace("\\", "/"))
    return plain((path.parent / stem(Path(path.name))).as_posix())


def _from_paths(paths: list[Path], known: list[str]) -> tuple[list[str | None] | None, tuple[str, ...]]:
    """Patients by ids in the paths: those that cannot be anything else first, then bare numbers; None for nobody."""
    bare = [one for one in known if one.isdigit() and len(one) <= BARE_NUMBER_DIGITS]
    ids = [_id_in(path, [one for one in known if one not in set(bare)]) for path in paths]
    if any(ids):
        doubtful = sum(one == "" for one in ids)
        ask = (f"{doubtful} images name two patients: fill in theirs",) if doubtful else ()
        return ids, ask
    exact = _by_place(paths, {one: one for one in bare}, _numbers)
    return (None, ()) if exact is None else _without_restarts(paths, exact)


def _id_in(path: Path, ids: Iterable[str]) -> str | None:
    """Patient whose id stands in a path between separators; of ids within each other the longest; "" for two."""
    text = (path.parent / stem(path)).as_posix()
    hits = [one for one in ids if re.search(rf"(?<![a-zA-Z0-9]){re.escape(one)}(?![a-zA-Z0-9])", text)]
    hits = [one for one in hits if not any(one != other and one in other for other in hits)]
    return None if not hits else hits[0] if len(hits) == 1 else ""


def _blanked(text: str) -> str:
    """Write dates and times of day as a mark, so that their numbers are no patients."""
    return _TIME.sub("", _DATE.sub("#", text))


def _numbers(path: Path) -> dict[tuple[int, int], str]:
    """Numbers between separators, as they are written, by where they stand."""
    return _tokens(path, r"(?<![a-zA-Z0-9])\d+(?![a-zA-Z0-9])")


def _letters_and_numbers(path: Path) -> dict[tuple[int, int], str]:
    """Numbers that letters may precede, without leading zeros: PAT001 is 1."""
    found = _tokens(path, r"(?<![a-zA-Z0-9])[a-zA-Z]*\d+(?![a-zA-Z0-9])")
    return {place: re.sub(r"^[a-zA-Z]*0*(?=\d)", "", text) for place, text in found.items()}


def _tokens(path: Path, pattern: str) -> dict[tuple[int, int], str]:
    parts = [_blanked(part) for part in (stem(path), *reversed(path.parts[:-1]))]
    return {
        (level, place): text for level, part in enumerate(parts) for place, text in enumerate(re.findall(pattern, part))
    }


def _by_place(
    paths: list[Path], known: dict[str, str], tokens: Callable[[Path], dict[tuple[int, int], str]]
) -> list[str | None] | None:
    """Patients by the one place of a path that names the most of them; None when no place or several may do."""
    found = [tokens(path) for path in paths]
    hits: dict[tuple[int, int], list[str | None]] = {
        place: [known.get(one.get(place, "")) for one in found] for place in sorted({p for one in found for p in one})
    }
    ranked = sorted(
        ((len({one for one in ids if one}), sum(one is not None for one in ids), place) for place, ids in hits.items()),
        reverse=True,
    )
    ranked = [entry for entry in ranked if entry[1] > LEAST_SHARE * len(paths)]
    # a number of the view is one of few; of two places that name as many patients neither is the patient's
    if not ranked or (len(ranked) > 1 and ranked[1][0] * 2 > ranked[0][0] and hits[ranked[0][2]] != hits[ranked[1][2]]):
        return None
    return hits[ranked[0][2]]


def _without_restarts(paths: list[Path], ids: list[str | None]) -> tuple[list[str | None], tuple[str, ...]]:
    """Take the patient from images whose numbers may begin anew in each folder or class."""
    groups: dict[str, set[str]] = {}
    for path, one in zip(paths, ids, strict=True):
        if one is not None:
            groups.setdefault(one, set()).add(_series(path, one))
    twice = sorted(one for one, series in groups.items() if len(series) > 1)
    if not twice:
        return ids, ()
    names = sorted({name for one in twice for name in groups[one]})[:4]
    ask = (
        f"the numbers in the names of the images begin anew in {' and '.join(map(repr, names))}: an image with the "
        "number 1 in each may be of two patients. Fill in the column patient_id"
    )
    return [None if one is None else "" for one in ids], (ask,)


def _series(path: Path, number: str) -> str:
    """Name of the series that a number counts: the folders and words beside it that are no views."""
    parts = [part for part in path.parts[:-1] if not VIEW_WORDS.fullmatch(part) and part != number]
    before = _blanked(stem(path)).partition(number)[0]
    words = [word for word in re.findall(r"[^\W\d_]+", before) if not VIEW_WORDS.fullmatch(word)]
    return "/".join([*parts, *words])


def _by_number(paths: list[Path], known: list[str]) -> tuple[list[str | None], tuple[str, ...]]:
    """Patients by the number of their id alone, where letters or zeros differ between table and paths."""
    numbers: dict[str, list[str]] = {}
    for one in known:
        match = re.fullmatch(r"[^\d]*0*(\d+)", one)
        if match:
            numbers.setdefault(match[1], []).append(one)
    single = {number: ids[0] for number, ids in numbers.items() if len(ids) == 1}
    ids = _by_place(paths, single, _letters_and_numbers)
    if ids is None:
        return [None] * len(paths), ()
    ids, questions = _without_restarts(paths, ids)
    if questions:
        return ids, questions
    first = next(i for i, one in enumerate(ids) if one is not None)
    ask = f"patients were matched by number alone, as {paths[first].as_posix()} is of {ids[first]}: is that right?"
    return ids, (ask,)


def _with_dicom(
    ids: list[str | None], stated: list[str | None], known: list[str]
) -> tuple[list[str | None], tuple[str, ...]]:
    """Let the Patient ID of a DICOM file say the patient where the clinical table has it; ask where paths differ."""
    if not any(stated):
        return ids, ()
    by_plain = {plain(one): one for one in known}
    told = [by_plain.get(plain(one)) if one else None for one in stated]
    if not any(told):
        if any(ids):
            return ids, ()
        # nobody of the table: the file's own id at least keeps the images of one patient together
        return list(stated), ("patient_id is the Patient ID of the DICOM files, which is not in the clinical table",)
    against = sum(bool(one and said and one != said) for one, said in zip(ids, told, strict=True))
    merged = [said or one if not (one and said and one != said) else "" for one, said in zip(ids, told, strict=True)]
    questions = ["patient_id is the Patient ID of the DICOM files: is that the study's?"]
    if against:
        questions.append(f"{against} DICOM files state another patient than their path: fill in theirs")
    return merged, tuple(questions)
