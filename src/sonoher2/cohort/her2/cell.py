"""What one cell of a HER2 column says: an IHC score, an ISH result, a ratio, copies; refused where it says two things.

`docs/her2-spellings.md` lists spellings and what each is read as.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from sonoher2.cohort.her2.tokens import Token, normalised, tokens
from sonoher2.cohort.tables.table import is_missing

Ish = Literal[
    "no ISH", "ISH positive", "ISH negative", "ISH group 2", "ISH group 3", "ISH group 4", "ISH equivocal",
    "ISH ratio >= 2.0 without copies", "ISH ratio < 2.0 without copies", "ISH contradicts itself",
]  # fmt: skip
Role = Literal["ihc", "ish", "ratio", "copies"]
Part = Literal["ihc", "ish", "ratio", "copies", "other"]
Doubt = Literal["", "sign", "dash", "word", "bare", "share"]

GROUPS: tuple[Ish, ...] = ("ISH positive", "ISH group 2", "ISH group 3", "ISH group 4", "ISH negative")
"""Result of ISH groups 1 to 5."""

HIGHEST = {"ratio": 50.0, "copies": 100.0}
"""Beyond this a number is no ratio and no mean of copies."""
_AMPLIFICATION = re.compile(r"(?:gene )?amplifi[ck]a(?:tion|cion|cao|zione)|扩增|擴增")
_WAITS = frozenset([":", "=", "(", "[", "检测", "检查", "结果", "状态", "status", "test", "testing", "result"])
"""What a heading ends with where its result is still to be written."""
_ABOUT = ("约", "~", "approx", "approx.", "about")
LEAST_RATIO = 0.1
"""Below this a number is a share or a slip, and no ratio."""
LIMITS = {"ratio": (2.0,), "copies": (4.0, 6.0)}
"""Where the guideline cuts."""
FEW_CELLS = 10.0
"""Per cent of tumour cells: 1+ and 3+ are scores of more than that, 0 of at most that (ASCO/CAP 2018)."""


@dataclass(frozen=True)
class Cell:
    """What a cell says; all None is a missing value.

    Attributes
    ----------
    ihc
        ``0``, ``0 (ultralow)``, ``1+``, ``2+`` or ``3+``.
    ish
        Result of the ISH as a word or a group.
    ratio, copies
        HER2/CEP17 ratio and mean HER2 copies per cell.
    doubt
        What a user should know of the reading: ``sign``, a plus or minus stands for a score; ``dash``, a dash stands
        for a test that was not done; ``word``, a word stands for a score; ``bare``, a score without its plus;
        ``share``, the share of cells is not one that the guideline allows beside the score.
    """

    ihc: str | None = None
    ish: Ish | None = None
    ratio: float | None = None
    copies: float | None = None
    doubt: Doubt = ""

    @property
    def missing(self) -> bool:
        """Whether the cell says nothing."""
        return (self.ihc, self.ish, self.ratio, self.copies) == (None, None, None, None)


@lru_cache(maxsize=4096)
def read_cell(text: str, role: Role) -> Cell | None:
    """Read a cell.

    Parameters
    ----------
    text
        As it stands in the table.
    role
        Of its column; other results are read only where the cell names them, as in ``2+/FISH-``.

    Returns
    -------
    What it says; None when it is not understood or could say two things.
    """
    folded = normalised(text)
    if not folded or folded == "missing":
        return Cell()
    found = tokens(folded)
    if found is None:
        # brackets of cBioPortal: [Discrepancy]
        return Cell() if folded.startswith("[") and is_missing(folded) else None
    whole = _whole_cell(found, role)
    return whole[0] if whole is not None else _Reader(role, found).cell()


def read_ihc(text: str) -> str | None:
    """IHC score ``0``, ``0 (ultralow)``, ``1+``, ``2+`` or ``3+`` of a text; None when it is not one score.

    Staining in at most 10 % of the cells, called ultralow, is a score of 0 in the guideline.
    """
    cell = read_cell(text, "ihc")
    return cell.ihc if cell else None


def read_ish(text: str) -> Ish | None:
    """ISH result of a word (``positive``, ``not amplified``) or of a group (``group 3``); None when it is neither."""
    cell = read_cell(text, "ish")
    return cell.ish if cell else None


def read_ish_number(text: str, kind: Literal["ratio", "copies"]) -> float | None:
    """Value of a HER2/CEP17 ratio or of the mean HER2 copies per cell; None when it is neither.

    ``>6`` copies or a ratio of ``<2`` decide as a value just beyond the limit would; ``>4`` copies decide nothing and
    are refused.

    Parameters
    ----------
    text
        Such as ``2.4``, ``2,4``, ``>6.0``.
    kind
        Which of the two.
    """
    cell = read_cell(text, kind)
    return getattr(cell, kind) if cell else None


def _whole_cell(found: tuple[Token, ...], role: Role) -> tuple[Cell | None] | None:
    """Cells of a single word that mean something else than within a longer text; None for all others."""
    if len(found) == 1:
        kind, text = found[0].kind, found[0].text
        if role == "ihc":
            return (None,) if text == "null" else None
        if kind in ("minus", "none") or text == "null":
            return (Cell(doubt="dash"),)
        if role == "ish" and text in AMPLIFIED_OR_AVAILABLE:
            return (None,)
        if role == "ish" and kind == "number":
            # 1 may be a code or a ratio, and so may 2; no ratio is 0
            return (Cell(ish="ISH negative", doubt="bare") if re.fullmatch(r"0([.,]0)?", text) else None,)
    return None


class _UnreadError(Exception):
    """The cell is not understood."""


def _refuse(_: _Reader, token: Token) -> None:
    raise _UnreadError(token.kind)


@dataclass
class _Reader:
    """Collects what the tokens of a cell say, part by part: a part ends where another assay or marker is named."""

    role: Role
    found: tuple[Token, ...]
    here: Part = "ihc"
    named: bool = False
    scores: set[str] = field(default_factory=set)
    bare: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    signs: set[str] = field(default_factory=set)
    share: tuple[float, float] | None = None
    ish: set[str] = field(default_factory=set)
    numbers: dict[str, list[float]] = field(default_factory=lambda: {"ratio": [], "copies": []})
    absent: set[str] = field(default_factory=set)
    asked: str = ""
    compare: str = ""
    place: int = 0

    def cell(self) -> Cell | None:
        self.here = self.role
        try:
            for place, token in enumerate(self.found):
                self.place = place
                if not self._separates(token):
                    self._steps().get(token.kind, _refuse)(self, token)
            return self._summed_up()
        except _UnreadError:
            return None

    # ---- parts

    def _steps(self) -> dict[str, Step]:
        return _OTHER_MARKER if self.here == "other" else _STEPS

    def _separates(self, token: Token) -> bool:
        """Whether a dash only joins two words, as in ``HER2-1`` and ``FISH - negative``."""
        if token.kind != "minus" or token.after_space != token.before_space or not 0 < self.place < len(self.found) - 1:
            return False
        before, after = self.found[self.place - 1].kind, self.found[self.place + 1].kind
        return before != "mark" and after != "mark" and not {before, after} <= _VALUES

    def name(self, token: Token) -> None:
        self.here = _PARTS.get(token.kind, self.here)
        if token.kind == "gene" and self.here == "other":
            self.here = "ihc" if self.role == "ihc" else "ish"
        if token.kind == "ish":
            self.ish.add("named")
        self.named = self.named or token.kind in ("gene", "ihc", "label")

    # ---- IHC

    def score(self, token: Token) -> None:
        digit = re.search(r"\d", token.text)
        value = digit[0] if digit else str(token.text.count("+"))
        self._score("0" if value == "0" else f"{value}+")

    def _score(self, score: str) -> None:
        if self.compare or self.asked or (self.here != "ihc" and not self._gene_stands_before()):
            raise _UnreadError(score)
        self.scores.add(score)

    def _gene_stands_before(self) -> bool:
        names = [token.kind for token in self.found[: self.place] if token.kind not in ("mark", "filler", "minus")]
        return bool(names) and names[-1] == "gene"

    def ultralow(self, _: Token) -> None:
        self._score("0 (ultralow)")

    def roman(self, token: Token) -> None:
        self._score(f"{len(token.text)}+")

    def zero(self, _: Token) -> None:
        self._score("0")

    def word(self, token: Token) -> None:
        if self.here == "ihc":
            self.words.add(token.kind)
        else:
            self.ish.add(_ISH_WORDS.get(token.kind, "unknown"))

    def sign(self, token: Token) -> None:
        if self.here == "ihc":
            if {token.kind, f"named {token.kind}"} & self.signs:
                raise _UnreadError("the same sign twice")
            self.signs.add("named " + token.kind if self.named else token.kind)
        elif self.here == "ish":
            self.ish.add("ISH positive" if token.kind == "plus" else "ISH negative")
        else:
            raise _UnreadError(token.kind)

    # ---- ISH

    def amplified(self, token: Token) -> None:
        if self._heads_numbers(token) or self._waits_for_result(token):
            raise _UnreadError("a heading, and no result")
        self.ish.add("ISH positive" if token.kind == "amplified" else "ISH negative")

    def _heads_numbers(self, token: Token) -> bool:
        """Whether amplification is what is looked for and not what was found, as in ``amplification - ratio 1.2``."""
        after = self.found[self.place + 1 : self.place + 3]
        if len(after) < 2 or not _AMPLIFICATION.fullmatch(token.text):
            return False
        return (after[0].kind == "minus" or after[0].text == ":") and after[1].kind in ("ratio", "copies")

    def _waits_for_result(self, token: Token) -> bool:
        """Whether amplification is the heading of a form that nobody filled in, as in ``扩增检测：``."""
        after = self.found[self.place + 1 :]
        said = any(later.kind not in ("mark", "filler") for later in after)
        return token.kind == "amplified" and not said and any(later.text in _WAITS for later in after)

    def answer(self, token: Token) -> None:
        if self.here != "ish":
            raise _UnreadError(token.kind)
        self.ish.add("ISH positive" if token.kind == "yes" else "ISH negative")

    def group(self, token: Token) -> None:
        digit = re.search(r"[1-5一二三四五]", token.text)
        number = "12345一二三四五".index(digit[0]) % 5 if digit else 0
        self.ish.add("group " + GROUPS[number])

    def clusters(self, _: Token) -> None:
        self.numbers["copies"].append(LIMITS["copies"][-1])
        self.asked = ""

    # ---- numbers

    def label(self, token: Token) -> None:
        if self.asked and self.asked != token.kind:
            raise _UnreadError(token.kind)
        last = self.found[self.place - 1] if self.place else None
        if last is not None and last.kind in ("number", "range") and self.numbers[token.kind]:
            return  # 5.2 copies per cell
        self.asked = token.kind

    def comparison(self, token: Token) -> None:
        if self.compare:
            raise _UnreadError("two comparisons")
        self.compare = token.text

    def number(self, token: Token) -> None:
        kind = self.asked or (self.role if self.here == self.role else "")
        if self._is_interval(token):
            raise _UnreadError("an interval")
        if kind in ("ratio", "copies"):
            self._number(kind, _value(token.text))
        elif self._names_copies_next():
            self._number("copies", _value(token.text))
        elif self.here == "ihc" and not self.compare and re.fullmatch(r"[0-3]([.,]0)?", token.text):
            self.bare.append("0" if token.text[0] == "0" else f"{token.text[0]}+")
        else:
            raise _UnreadError(token.kind)

    def _is_interval(self, token: Token) -> bool:
        """Whether ``4,6`` in ``[4,6)`` is two limits and no number with a decimal comma."""
        if "," not in token.text or not 0 < self.place < len(self.found) - 1:
            return False
        around = self.found[self.place - 1].text, self.found[self.place + 1].text
        return around in (("[", ")"), ("(", "]"), ("[", "]"))

    def _names_copies_next(self) -> bool:
        return self.place + 1 < len(self.found) and self.found[self.place + 1].kind == "copies"

    def _number(self, kind: str, value: float) -> None:
        low, high = LIMITS[kind][0], LIMITS[kind][-1]
        undecided = {
            "": False, ">": value < high, ">=": value < high, "<": value > low, "<=": value >= low,
        }[self.compare]  # fmt: skip
        # no living cell lacks the gene: 0 is a code for something else
        about = self.place and self.found[self.place - 1].text in _ABOUT and value in LIMITS[kind]
        if undecided or about or not 0 < value <= HIGHEST[kind]:
            raise _UnreadError(kind)
        self.numbers[kind].append(math.nextafter(value, 0.0) if self.compare == "<" else value)
        self.asked = self.compare = ""

    def range(self, token: Token) -> None:
        """Read copies from one number to another where all between them decide alike: ``4-6`` is 4 to below 6."""
        low, high = (_value(text) for text in re.findall(r"\d+(?:[.,]\d+)?", token.text))
        of_copies = self.asked == "copies" or (self.role == self.here == "copies") or self._names_copies_next()
        if not of_copies or self.compare or not low < high <= HIGHEST["copies"]:
            raise _UnreadError(token.kind)
        if any(low < limit < high for limit in LIMITS["copies"]):
            raise _UnreadError(token.kind)
        self.numbers["copies"].append(low)
        self.asked = ""

    def to_one(self, token: Token) -> None:
        if self.asked != "ratio" and (self.role, self.here) != ("ratio", "ratio"):
            raise _UnreadError(token.kind)
        self._number("ratio", _value(token.text.split(":")[0].strip()))

    def percent(self, token: Token) -> None:
        if self.here == "ratio" or self.asked:
            exact = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", token.text)
            if not exact or self.asked == "copies" or float(exact[1]) < 100 * LEAST_RATIO:
                raise _UnreadError(token.kind)
            self._number("ratio", float(exact[1]) / 100)
        elif self.here == "ihc":
            self.words.add("percent")
            self.share = _share(token.text)
        else:
            raise _UnreadError(token.kind)

    def times(self, token: Token) -> None:
        if not self.place or self.found[self.place - 1].kind != "number" or not self.numbers["ratio"]:
            raise _UnreadError(token.kind)

    # ---- what is left

    def not_done(self, token: Token) -> None:
        if token.text == "null" and self.here == "ihc":
            self.words.add("unstained")
            return
        after = {later.kind for later in self.found[self.place + 1 :]}
        before = {earlier.kind for earlier in self.found[: self.place]}
        of_ish = self.here != "ihc" or ("ish" in after and "ish" not in before)
        self.absent.add("ish" if of_ish else "ihc")
        if (token.kind == "advised" and not of_ish) or (of_ish and token.text in AMPLIFIED_OR_AVAILABLE):
            raise _UnreadError(token.kind)

    def skip(self, token: Token) -> None:
        """Punctuation and words that say nothing; they end neither a name nor a part."""

    def _summed_up(self) -> Cell:
        if self.asked or self.compare:
            raise _UnreadError("a label without a number")
        ihc, doubt = self._ihc()
        cell = Cell(ihc, self._ish(), _one(self.numbers["ratio"]), _one(self.numbers["copies"]), doubt)
        if cell.missing and not self.absent:
            raise _UnreadError("nothing is said")
        return cell

    def _ihc(self) -> tuple[str | None, Doubt]:
        said = self.words - {"percent"}
        if "ihc" in self.absent:
            if said or self.scores or self.bare or self.signs:
                raise _UnreadError("not done, and a result")
            return None, ""
        if self.scores or self.bare:
            return self._explicit(said)
        if not said and not self.signs:
            if "percent" in self.words:
                raise _UnreadError("a percentage alone")
            return None, ""
        if self.named and said == {"negative word"}:
            # HER2 negative is a status, and may be 1+
            raise _UnreadError("a status")
        return _by_word(frozenset(said), frozenset(self.signs))

    def _differs_from_bare(self) -> bool:
        # 3 (+++) says one score twice; 3+3 may be a sum
        bracketed = any(token.text in ("(", "[") for token in self.found)
        return bool(self.scores and self.bare and not (bracketed and self.scores >= set(self.bare)))

    def _explicit(self, said: set[str]) -> tuple[str, Doubt]:
        if self.scores == {"0 (ultralow)"} and self.bare == ["0"]:
            self.bare.clear()
        if len(self.scores) > 1 or len(self.bare) > 1 or self._differs_from_bare():
            raise _UnreadError("several scores")
        score = next(iter(self.scores)) if self.scores else self.bare[0]
        for word in said | self.signs:
            if score not in _AGREEING.get(word, ()):
                raise _UnreadError("a word that contradicts the score")
        if said >= {"weak", "strong"} or ("positive" in said and score == "1+" and "weak" not in said):
            raise _UnreadError("a word that contradicts the score")
        if self.share and not _fits(score, *self.share):
            return score, "share"
        alone = self.bare and not self.scores and not said and not self.named
        return score, "bare" if alone else ""

    def _ish(self) -> Ish | None:
        results = self.ish - {"named"}
        if "ish" in self.absent:
            if results:
                raise _UnreadError("not done, and a result")
            return None
        groups = {result.removeprefix("group ") for result in results if result.startswith("group ")}
        if groups:
            # a group is what was counted, and goes before a word, which may follow another guideline
            results = (
                groups
                if groups & {"ISH group 2", "ISH group 3", "ISH group 4"}
                else groups | {result for result in results if not result.startswith("group ")}
            )
        if len(results) > 1 or "unknown" in results:
            raise _UnreadError("several results")
        if not results:
            if "named" in self.ish and self.numbers == {"ratio": [], "copies": []}:
                raise _UnreadError("an assay without a result")
            return None
        (only,) = results
        return only  # type: ignore[return-value]


def _by_word(said: frozenset[str], signs: frozenset[str]) -> tuple[str, Doubt]:
    for words, sign, score, doubt in _WORD_SCORES:
        if said == words and signs == sign:
            return score, doubt
    raise _UnreadError("no score")


def _one(values: list[float]) -> float | None:
    if len(set(values)) > 1:
        raise _UnreadError("several numbers")
    return values[0] if values else None


def _share(text: str) -> tuple[float, float]:
    """Least and largest per cent of cells that a text such as ``<10%`` or ``5-10%`` speaks of."""
    values = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]
    if text.startswith("<"):
        return 0.0, values[0] if text.startswith("<=") else math.nextafter(values[0], 0.0)
    if text.startswith(">"):
        return values[0] if text.startswith(">=") else math.nextafter(values[0], math.inf), 100.0
    return min(values), max(values)


def _fits(score: str, low: float, high: float) -> bool:
    """Whether the guideline may give this score to this share of cells; 2+ goes with any."""
    if score in ("1+", "3+"):
        return high > FEW_CELLS
    return score == "2+" or low <= FEW_CELLS


def _value(text: str) -> float:
    return float(text.replace(",", "."))


AMPLIFIED_OR_AVAILABLE = ("na", "n.a", "n.a.")
"""Not amplified, or not available?"""

_PARTS: dict[str, Part] = {"ihc": "ihc", "ish": "ish", "other marker": "other"}
_VALUES = {"number", "range", "plus score", "score plus", "pluses", "plus", "minus", "percent"}

_AGREEING: dict[str, tuple[str, ...]] = {
    "positive": ("1+", "2+", "3+"),
    "negative": ("0", "0 (ultralow)", "1+"), "negative word": ("0", "0 (ultralow)", "1+"),
    "equivocal": ("2+",), "strong": ("3+",), "moderate": ("2+",), "weak": ("1+", "2+"), "unstained": ("0",),
    "minus": ("0",), "named minus": ("0",), "low": ("1+", "2+"), "plus": ("1+",), "none": ("0",),
}  # fmt: skip
"""Scores that a word may stand beside."""

_WORD_SCORES: tuple[tuple[frozenset[str], frozenset[str], str, Doubt], ...] = (
    (frozenset({"strong", "positive"}), frozenset(), "3+", "word"),
    (frozenset({"moderate", "positive"}), frozenset(), "2+", "word"),
    (frozenset({"weak", "positive"}), frozenset(), "1+", "word"),
    (frozenset({"weak", "positive"}), frozenset({"plus"}), "1+", ""),
    (frozenset({"equivocal"}), frozenset(), "2+", "word"),
    (frozenset({"negative word"}), frozenset(), "0", "word"),
    (frozenset({"unstained"}), frozenset(), "0", "word"),
    (frozenset({"none"}), frozenset(), "0", "word"),
    (frozenset({"negative word"}), frozenset({"minus"}), "0", ""),
    (frozenset({"negative"}), frozenset({"minus"}), "0", ""),
    (frozenset(), frozenset({"minus"}), "0", "sign"),
    (frozenset(), frozenset({"plus"}), "1+", "sign"),
)
"""Words and signs that stand for a score when no score is written; every other combination is refused."""

_ISH_WORDS = {
    "positive": "ISH positive", "negative": "ISH negative", "negative word": "ISH negative",
    "equivocal": "ISH equivocal", "unsure": "ISH equivocal",
}  # fmt: skip

Step = Callable[[_Reader, Token], None]

_STEPS: dict[str, Step] = {
    **dict.fromkeys(("gene", "ihc", "ish", "other marker", "label"), _Reader.name),
    **dict.fromkeys(("plus score", "score plus", "pluses"), _Reader.score),
    **dict.fromkeys(
        ("positive", "negative", "negative word", "equivocal", "unsure", "strong", "weak", "moderate", "unstained",
         "none", "low"),
        _Reader.word,
    ),
    **dict.fromkeys(("plus", "minus"), _Reader.sign),
    **dict.fromkeys(("amplified", "not amplified"), _Reader.amplified),
    **dict.fromkeys(("yes", "no"), _Reader.answer),
    **dict.fromkeys(("missing", "advised"), _Reader.not_done),
    **dict.fromkeys(("ratio", "copies"), _Reader.label),
    **dict.fromkeys(("mark", "filler"), _Reader.skip),
    "ultralow": _Reader.ultralow, "zero": _Reader.zero, "roman": _Reader.roman, "group": _Reader.group,
    "clusters": _Reader.clusters, "compare": _Reader.comparison, "number": _Reader.number, "range": _Reader.range,
    "to one": _Reader.to_one, "percent": _Reader.percent, "times": _Reader.times,
}  # fmt: skip
_OTHER_MARKER: dict[str, Step] = {
    **dict.fromkeys(("gene", "ihc", "ish", "other marker"), _Reader.name),
    **dict.fromkeys(
        ("plus score", "score plus", "pluses", "plus", "minus", "percent", "number", "range", "compare", "ultralow",
         "positive", "negative", "negative word", "strong", "weak", "moderate", "low", "mark", "filler", "label",
         "missing"),
        _Reader.skip,
    ),
}  # fmt: skip
"""What is passed over in the part of another marker, such as ER; anything else there is refused."""
