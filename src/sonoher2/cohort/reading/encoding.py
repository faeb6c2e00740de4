"""Which characters the bytes of a text file stand for: told, marked in the file, or plain from the bytes."""

from __future__ import annotations

import codecs
import re

from sonoher2.cohort.reading.sheet import DoubtError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SAVE = (
    "Save the file as 'CSV UTF-8' in Excel, or name its encoding in the study file, such as `encoding: gb18030` or "
    "`big5` for Chinese, `cp1252` for Western European"
)
_HIGH = re.compile(rb"[\x80-\xff]+")
# two bytes that GB 2312 assigns to a Chinese character, or to full-width punctuation and letters
_GB2312 = re.compile(rb"(?:[\xb0-\xf7][\xa1-\xfe]|[\xa1\xa3][\xa1-\xfe])+")
# two accented letters within a word are more likely than one Chinese character there
_TWO_ACCENTS = re.compile(rb"[A-Za-z][\x80-\xff]{2}[a-z]")
_TWO_BYTES = re.compile(rb"(?:[\xc2-\xdf][\x80-\xbf])+")
_BESIDE_LETTER = re.compile(rb"[A-Za-z][\x80-\xff]|[\x80-\xff][A-Za-z]")
_CHARACTER = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
# Hangul (EUC-KR) and the common characters of Big5 end at this lead byte; common Chinese in GBK goes on
_BEYOND_OTHERS = 0xC9
_SHARE = 0.9
"""Share of the characters that must be of GB 2312 before the rest may be rarer ones."""
# a letter with an accent alone within a word, as Western European languages have it
_IN_WORD = re.compile(rb"(?:[A-Za-z][\xc0-\xd6\xd8-\xf6\xf8-\xff](?:[a-z]|(?![A-Za-z\x80-\xff])))"
                      rb"|(?<![A-Za-z\x80-\xff])[\xc0-\xd6\xd8-\xf6\xf8-\xff][a-z]")  # fmt: skip


def decoded(data: bytes, told: str | None, where: str) -> tuple[str, str]:
    """Text of a file's bytes, and the encoding that was guessed ("" where it was told or is certain).

    Parameters
    ----------
    data
        The file's bytes.
    told
        `encoding` of the study file.
    where
        Name of the file, for the error.

    Raises
    ------
    DoubtError
        The bytes are not of the encoding that was told, or none was told and none is plain.
    """
    encoding = told or next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, UnicodeError):
        if told or encoding != "utf-8":
            what = f"the file is not {encoding.upper().removesuffix('-SIG')} text"
            raise DoubtError(what, where=where, fix=f"Mend `encoding`. {_SAVE}") from None
        guess = _guess(data)
        if guess is None:
            what = "the file is not UTF-8 text, and which other encoding it has cannot be told"
            raise DoubtError(what, where=where, fix=_SAVE) from None
        return data.decode(guess), guess
    if encoding == "utf-8" and not told and _may_be_chinese(data):
        what = "the few characters that are not English may be UTF-8 or GBK text"
        fix = f"{_SAVE}; `encoding: utf-8` if it is UTF-8 already"
        raise DoubtError(what, where=where, fix=fix, reading={"encoding": "gb18030"})
    if "\x00" in text[:1000] and not told and _is_wide(data):
        what = "the file looks like UTF-16 text without its mark"
        wide = "utf-16-be" if data[0] == 0 else "utf-16-le"
        raise DoubtError(what, where=where, fix=_SAVE, reading={"encoding": wide})
    # a byte-order mark is no part of the first name
    return text.removeprefix("\ufeff"), ""


def _guess(data: bytes) -> str | None:
    """GB 18030 or Windows-1252 where the bytes can hardly be anything else."""
    if _is_chinese(data):
        return "gb18030"
    accents = _HIGH.findall(data)
    if all(len(run) == 1 for run in accents) and len(_IN_WORD.findall(data)) == len(accents):
        return "cp1252"
    return None


def _is_chinese(data: bytes) -> bool:
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    characters = _CHARACTER.findall(data)
    common = [pair for pair in characters if _GB2312.fullmatch(pair)]
    beyond = any(pair[0] >= _BEYOND_OTHERS for pair in common)
    return beyond and not _TWO_ACCENTS.search(data) and len(common) >= _SHARE * len(characters)


def _may_be_chinese(data: bytes) -> bool:
    """Whether valid UTF-8 may as well be GBK: pairs of bytes that are a character of both, apart from letters."""
    runs = _HIGH.findall(data)
    both = bool(runs) and all(_TWO_BYTES.fullmatch(run) and _GB2312.fullmatch(run) for run in runs)
    # signs such as the degree and the plus-minus sign, which tables have, begin with C2
    signs = all(byte == 0xC2 for run in runs for byte in run[::2])
    return both and not signs and _BESIDE_LETTER.search(data) is None


def _is_wide(data: bytes) -> bool:
    """Whether every other byte of the beginning is zero."""
    head = data[:200]
    return min(head[::2].count(0), head[1::2].count(0)) == 0 and head.count(0) > len(head) / 3
