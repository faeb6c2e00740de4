"""One patient under several identifiers: which spellings mean the same person, surely or perhaps.

What is sure only concerns how an identifier is written: case, width, invisible characters, separators, leading zeros,
``1.0`` for ``1``, and the side of the body at its end. Letters and digits that tell patients apart are never left out:
``A08L`` and ``A08R`` are two patients wherever other letters stand in that place.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from sonoher2.cohort.patients.groups import linked, members
from sonoher2.cohort.tables import columns as c
from sonoher2.core.errors import Finding

Key = tuple[str, ...]
Word = tuple[str, ...]
"""A piece of an identifier between separators, as its runs of digits and of letters."""

SIDE_WORDS = re.compile(r"left|right|lt|rt|[左右][侧乳边]?(乳房|乳腺)?")
SIDE_LETTERS = ("l", "r")
SEPARATORS = frozenset(" -_./\\:,;()[]{}|#·、。'’`")
LOOK_ALIKE = str.maketrans("авекмнорстухіјѕαβεικμνορτυχ", "abekmhopctyxijsabeikmvoptux")
"""Cyrillic and Greek small letters that look like Latin ones, at least as capitals."""
SURE_PAIRS = 3
"""Patients with both sides, from which on a letter that is glued to a number is a side."""
MOST_VIEWS, FEWEST_STEMS = 12, 5
"""Views of one patient at most, and patients with several views at least, to read a last number as that of a view."""
VIEW = re.compile(r"(?:v|view|img|image|visit|copy|us)?(\d{1,2})")
DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
TIMES = {
    "pre": 1, "before": 1, "baseline": 1, "initial": 1, "术前": 1, "治疗前": 1, "首诊": 1, "初诊": 1,
    "post": 2, "after": 2, "followup": 2, "fu": 2, "术后": 2, "治疗后": 2, "复查": 2, "复诊": 2,
}  # fmt: skip
"""Words for the earlier and the later of two visits."""
LETTERS = "abcdefghijk"
"""Letters of views; ``l`` and ``r`` are sides."""
MOST_AGREE, BY_CHANCE = 0.8, 0.01
"""Share of the patients whose views agree in their label, at least, and how seldom so many agree by chance."""


def words_of(patient: str) -> tuple[Word, ...]:
    """Cut an identifier into words, and each word into runs of digits and of letters.

    Width, case, invisible characters and leading zeros are gone; ``1.0`` is ``1``. ``BUS_0012-l`` is
    ``((bus,), (12,), (l,))`` and ``A08L`` is ``((a, 8, l),)``. One without any letter or digit stays as it is.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", patient).casefold())
    text = "".join(" " if unicodedata.category(c) in ("Pd", "Zs", "Cc") else c for c in text)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf").translate(LOOK_ALIKE).strip()
    text = re.sub(r"^(\d+)\.0+$", r"\1", text)
    pieces = "".join(" " if c in SEPARATORS else c for c in text).split()
    runs = (tuple(_plain_run(run) for run in re.findall(r"\d+|[^\W\d_]+|[^\w\s]", piece)) for piece in pieces)
    return tuple(word for word in runs if word) or ((patient,),)


def _plain_run(run: str) -> str:
    if not run.isdecimal():
        return run
    return "".join(str(unicodedata.decimal(digit)) for digit in run).lstrip("0") or "0"


def alias_keys(patients: Iterable[str]) -> list[Key]:
    """Key of each identifier; identifiers of one key surely mean one patient.

    A single letter at the end is a side (``12-l``, ``12-r``) where at least half of the letters in that place are
    ``l`` or ``r``; glued to its number (``12L``) only where no other letter stands there and three patients or more
    have both sides.

    Parameters
    ----------
    patients
        All identifiers of a cohort: whether a letter is a side shows in the others.
    """
    words = [words_of(patient) for patient in patients]
    apart, glued = _letters_are_sides(words)
    return [_without_side(one, apart, glued) for one in words]


def identity(patient: str) -> Key:
    """Key of an identifier by itself: as `alias_keys`, with ``12-l`` read as a side and ``12L`` not."""
    return _without_side(words_of(patient), apart=True, glued=False)


def _letters_are_sides(words: Sequence[tuple[Word, ...]]) -> tuple[bool, bool]:
    """Whether a last letter names a side: where it stands apart, and where it is glued to a number."""
    distinct = set(words)
    apart = Counter(one[-1][0] for one in distinct if _letter_apart(one))
    sides = sum(apart[letter] for letter in SIDE_LETTERS)
    return 2 * sides >= apart.total(), _glued_pairs(distinct) >= SURE_PAIRS


def _letter_apart(words: tuple[Word, ...]) -> bool:
    if len(words) < 2 or len(words[-1]) != 1 or len(words[-1][0]) != 1:
        return False
    return words[-1][0].isalpha() and any(run.isdecimal() for word in words[:-1] for run in word)


def _letter_glued(words: tuple[Word, ...]) -> bool:
    if not words or len(words[-1]) < 2:
        return False
    number, letter = words[-1][-2:]
    return number.isdecimal() and len(letter) == 1 and letter.isalpha()


def _glued_pairs(words: Iterable[tuple[Word, ...]]) -> int:
    """Count the patients with both ``12L`` and ``12R``; 0 where another letter stands in that place too."""
    glued = [one for one in words if _letter_glued(one)]
    if {one[-1][-1] for one in glued} != set(SIDE_LETTERS):
        return 0
    return sum(count > 1 for count in Counter(_flat(one)[:-1] for one in glued).values())


def _flat(words: tuple[Word, ...]) -> Key:
    return tuple(run for word in words for run in word)


def _without_side(words: tuple[Word, ...], apart: bool, glued: bool) -> Key:
    runs = _flat(words)
    if len(runs) < 2:
        return runs
    if SIDE_WORDS.fullmatch(runs[-1]) or runs[-2:] in (("left", "breast"), ("right", "breast")):
        return runs[: -2 if runs[-1] == "breast" else -1]
    if runs[-1] in SIDE_LETTERS and ((apart and _letter_apart(words)) or (glued and _letter_glued(words))):
        return runs[:-1]
    return runs[1:] if SIDE_WORDS.fullmatch(runs[0]) else runs


def alias_pairs(patients: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of identifiers that surely mean one patient."""
    return linked(patients, alias_keys(patients))


def alias_findings(patients: pd.DataFrame) -> list[Finding]:
    """Tell of patients that stand under several identifiers.

    Parameters
    ----------
    patients
        Index `patient_id`, column `label`.
    """
    names = [str(name) for name in patients.index]
    groups = [group for group in members(names, alias_keys(names)) if len(group) > 1]
    if not groups:
        return []
    shown = "; ".join(" and ".join(group) for group in groups[:5]) + ("; ..." if len(groups) > 5 else "")
    torn = sum(patients.loc[group, c.LABEL].nunique() > 1 for group in groups)
    several = "1 patient stands" if len(groups) == 1 else f"{len(groups)} patients stand"
    what = f"{several} under {sum(map(len, groups))} identifiers that differ only in how they are written ({shown})"
    if torn:
        what += f", and {torn} of them {'has' if torn == 1 else 'have'} different labels"
    fix = "They stay on one side of every split; give each patient one identifier, or rename those who are different"
    return [Finding("warning", what, c.PATIENT_ID, fix)]


def doubtful_pairs(patients: Sequence[str], labels: Mapping[Any, object]) -> list[tuple[str, str]]:
    """Pairs of identifiers that may mean one patient, though nothing proves it.

    ``P101`` beside ``101``; ``12L`` beside ``12R`` where too few patients have both; ``L12`` beside ``R12``; ``12_1``
    beside ``12_2`` where the last number looks like that of a view.

    Parameters
    ----------
    patients
        Identifiers.
    labels
        Label of each: those of one patient's views agree.
    """
    keys = dict(zip(patients, alias_keys(patients), strict=True))
    pairs = [
        *_bare_numbers(keys),
        *_linked_by(patients, _glued_sides(patients)),
        *_linked_by(patients, {name: key[1:] for name, key in keys.items() if _side_first(key)}),
        *_linked_by(patients, view_stems(patients, labels)),
    ]
    return [pair for pair in dict.fromkeys(pairs) if keys[pair[0]] != keys[pair[1]]]


def _linked_by(patients: Sequence[str], stems: Mapping[str, Key]) -> list[tuple[str, str]]:
    known = [name for name in patients if name in stems]
    return linked(known, [stems[name] for name in known])


def _bare_numbers(keys: Mapping[str, Key]) -> list[tuple[str, str]]:
    """Pairs of a number and of the same number after a word."""
    bare = {key[0]: name for name, key in keys.items() if len(key) == 1 and key[0].isdecimal()}
    return [(name, bare[key[1]]) for name, key in keys.items() if len(key) == 2 and key[1] in bare]


def _glued_sides(patients: Sequence[str]) -> dict[str, Key]:
    words = {name: words_of(name) for name in patients}
    glued = {name: one for name, one in words.items() if _letter_glued(one)}
    only_sides = {one[-1][-1] for one in glued.values()} == set(SIDE_LETTERS)
    return {name: _flat(one)[:-1] for name, one in glued.items()} if only_sides else {}


def _side_first(key: Key) -> bool:
    return len(key) == 2 and key[0] in SIDE_LETTERS and key[1].isdecimal()


def view_stems(patients: Iterable[str], labels: Mapping[Any, object]) -> dict[str, Key]:
    """Read identifiers as those of images, ``12_1`` and ``12_2`` being views of patient 12; none where that fails.

    Likewise ``12a`` and ``12b``, ``12_pre`` and ``12_post``, and ``12_20240115`` and ``12_20240720``. It takes five
    patients with several views, views that are counted from 0 or 1 up to 12 at most and without a gap in most patients,
    more patients than views, and labels of one patient that agree: all of them, or most and hardly by chance.

    Parameters
    ----------
    patients
        Identifiers.
    labels
        Label of each, where known.

    Returns
    -------
    Stem of each identifier that ends in a view.
    """
    found: dict[str, dict[Key, dict[int, str]]] = {}
    for name in dict.fromkeys(patients):
        for kind, stem, number in _views_of(words_of(name)):
            if any(run.isdecimal() for run in stem):
                found.setdefault(kind, {}).setdefault(stem, {})[number] = name
    stems: dict[str, Key] = {}
    for kind, of_stem in found.items():
        # dates have gaps: their order counts
        ranked = {
            stem: {rank: views[number] for rank, number in enumerate(sorted(views), start=1)}
            if kind == "date"
            else views
            for stem, views in of_stem.items()
        }
        if _are_views(ranked, labels):
            stems |= {name: stem for stem, views in ranked.items() for name in views.values() if name not in stems}
    return stems


def _views_of(words: tuple[Word, ...]) -> Iterator[tuple[str, Key, int]]:
    """Give the ways to read the end of an identifier as a view: the kind, what stands before it, and its number."""
    last, before = "".join(words[-1]), _flat(words[:-1])
    if len(words) > 1 and (number := VIEW.fullmatch(last)) is not None:
        yield "number", before, int(number[1])
    if len(words) > 1 and last in TIMES:
        yield "time", before, TIMES[last]
    if len(words) > 1 and DATE.fullmatch(last):
        yield "date", before, int(last)
    if len(words) > 3 and all(len(word) == 1 and word[0].isdecimal() for word in words[-3:]):
        year, month, day = (int(word[0]) for word in words[-3:])
        if 1900 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= 31:
            yield "date", _flat(words[:-3]), 10_000 * year + 100 * month + day
    if _letter_glued(words) and words[-1][-1] in LETTERS:
        yield "letter", (*before, *words[-1][:-1]), LETTERS.index(words[-1][-1]) + 1


def _are_views(found: Mapping[Key, Mapping[int, str]], labels: Mapping[Any, object]) -> bool:
    several = [views for views in found.values() if len(views) > 1]
    highest = max((max(views) for views in several), default=0)
    if len(several) < FEWEST_STEMS or highest > min(MOST_VIEWS, len(found)):
        return False
    gaps = sum(max(views) - min(views) >= len(views) or min(views) > 1 for views in several)
    return 2 * gaps <= len(several) and _labels_agree([list(views.values()) for views in several], labels)


def _labels_agree(groups: Sequence[Sequence[str]], labels: Mapping[Any, object]) -> bool:
    """Whether the labels within groups agree more often than chance: all of them, or most and hardly by chance."""
    # slow to import, and identifiers are read by commands that count nothing
    from scipy.stats import binom

    known = [[labels[name] for name in group if name in labels] for group in groups]
    known = [group for group in known if len(group) > 1]
    agreeing = sum(len(set(group)) < 2 for group in known)
    if agreeing == len(known):
        return True
    counts = Counter(label for group in known for label in group)
    shares = [count / counts.total() for count in counts.values()]
    chance = sum(sum(share ** len(group) for share in shares) for group in known) / len(known)
    return agreeing >= MOST_AGREE * len(known) and float(binom.sf(agreeing - 1, len(known), chance)) < BY_CHANCE
