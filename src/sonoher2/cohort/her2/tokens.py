"""The words of HER2 results: one spelling of a text whatever keyboard wrote it, cut into tokens of known meaning."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−﹣─━", "-"),
        **dict.fromkeys("✚➕", "+"),
        **dict.fromkeys("～〜∼", "~"),
        **dict.fromkeys("×✕", "x"),
        "≥": ">=", "≧": ">=", "⩾": ">=", "≤": "<=", "≦": "<=", "⩽": "<=", "⁄": "/", "∕": "/", "∶": ":", "〇": "0",
    }
)  # fmt: skip
# letters that only fill a line, in Unicode no format characters
_FILLERS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"

_NOT = (
    r"(?:not(?: been)?|non?|un|without|negative for|no evidence of|nicht|keine?|nao|absence (?:of|d'?)|pas d'?|"
    r"未检测到|未检测出|未检出|未查见|未见到?|未发现|未发生|未|没有|無|无|沒有|不|非)"
)
_AMP_WORD = (
    r"(?:amplified|amplification|amplifie|amplifiziert|amplifikation|amplificad[oa]|amplificat[oa]"
    r"|amplificacion|amplificacao|amplificazione|ampl?|扩增|擴增)"
)
_GENE = r"(?:(?:c[- ]?)?erb[- ]?b[- ]?2|her-?2(?!\d)|her 2(?![\d.]|\s*[-~]\s*\d)|人表皮生长因子受体-?2)"
_GENE_NEU = rf"(?:{_GENE}(?:[ /(-]*neu\)?)?)"
_IN_BETWEEN = r"(?:her-?2|erbb2|gene|基因|明显|信号|的|any|\s|-)*"
_TUMOUR_CELLS = r"(?:tumou?r|cancer|invasive|neoplastic|癌|肿瘤)?\s*(?:cells?|细胞)"
# what follows a bare no or a dash may turn it round: "no result", "no. of copies", "- detected"
_ENDS = r"(?=\s*(?:$|[),;。]|\.$))"
_ANSWER_NO = (
    r"(?:not (?:detected|seen|present|identified|found|observed)|absent|negative|neg|阴性|未检出|未见"
    rf"|(?:no|-+|无|否){_ENDS})"
)

_LATIN: dict[str, str] = {
    "gene": _GENE_NEU,
    "ihc": r"ihc|immunohistochemistry|immunohistochemical|immunostain(?:ing)?",
    "ish": r"(?:d-?|dual[- ])?(?:fish|cish|sish|dish|ish)|in[- ]situ hybridi[sz]ation",
    "label": r"score|grade score|ihc score",
    "positive": r"positiv(?:e|ity|o|a)?|pos",
    "negative": r"negativ(?:e|ity|o|a|f)?|neg",
    "equivocal": r"equivocal",
    "unsure": r"indeterminate|borderline|inconclusive|uncertain",
    "strong": r"strong(?:ly)?|intense",
    "weak": r"weak(?:ly)?|faint(?:ly)?",
    "moderate": r"moderate(?:ly)?",
    "unstained": r"(?:no|without|absence of) (?:membrane |membranous )?(?:staining|stain|expression)|unstained|absent"
    r"|not expressed",
    "none": r"none",
    "ultralow": r"ultra[- ]?low",
    "low": r"low",
    "zero": r"zero|null score",
    "roman": r"iii|ii",
    "yes": r"yes|y|true|present",
    "no": r"no|n|false",
    "not amplified": rf"{_NOT}{_IN_BETWEEN}{_AMP_WORD}|diploid|disom(?:y|ic)"
    rf"|(?:gene )?{_AMP_WORD}\s*[:=(]?\s*{_ANSWER_NO}(?![\w-])\)?",
    "amplified": rf"(?:(?:highly|high|high[- ]level|clearly) )?(?:gene )?{_AMP_WORD}(?:\s*[:=]\s*(?:yes|present))?",
    "group": r"(?:group|grp|gruppe)[ -]?[1-5]",
    "ratio": rf"(?:{_GENE_NEU}\s*[/:]\s*(?:cep|cen|chr|chromosome|ch)[- ]?17(?:\s*ratio)?)|ratio|r(?=\s*[=:])"
    r"|(?:cep|cen)17\s*ratio",
    "copies": rf"(?:mean |average |avg\.? |avg )?(?:{_GENE_NEU} )?(?:gene )?"
    r"(?:copy numbers?|copies|cn|signals)(?:\s*(?:/|per)\s*(?:cell|nucleus))?|(?:/|per)\s*(?:cell|nucleus)",
    "clusters": r"(?:in )?clusters?(?: of signals)?|innumerable|uncountable",
    "times": r"x|fold",
    "missing": r"not? (?:been )?(?:performed|done|tested|assessed|examined|evaluated|known|reported|available"
    r"|applicable|determined|recorded|evaluable|ordered|requested|made|given|stated|provided|interpretable)"
    r"|not (?:required|needed|indicated)|untested|pending|awaited|awaiting|to follow|unknown|unk|missing|insufficient"
    r"(?: (?:tissue|tumou?r|cells?|material|sample))?|failed|failure|test failed|na|n\.a\.?|n/a|nd|n\.d\.?|nc|nr|nk"
    r"|uninformative|unavailable|no (?:result|data|test|tissue|tumou?r|information|sample)|null",
    "advised": r"recommend(?:ed|s)?|suggest(?:ed|s)?|advised?|reflex to",
    "other marker": r"er|pr|pgr|esr1|ar|ki[- ]?67|mib-?1|p\s?(?:16|40|53|63|120)|egfr|ck\s?\d+(?:/\d+)*"
    r"|e-?cad(?:herin)?|gata-?3|sox-?10|top(?:o|oisomerase)?[- ]?(?:2a|ii ?a?)|top2a|pd-?l1|cd\d+|gcdfp-?15"
    r"|trps1|calponin|sma|syn|cga",
    "filler": r"gene|status|results?|test(?:ing|ed)?|express(?:ion|ed|ing)|over-?expression|in|of|the|is|was|are|by|for"
    r"|membran(?:e|ous)|staining|stain|(?:in)?complete|uniform|circumferential|intensity|detected|seen|identified|observed|found|about"
    rf"|approx\.?|{_TUMOUR_CELLS}|and|with|interpretation",
}  # fmt: skip

_OTHER: dict[str, str] = {
    "ihc": r"免疫组织化学|免疫组化",
    "ish": r"荧光原位杂交|原位杂交",
    "label": r"评分|得分|积分|分值|分",
    "positive": r"阳性|陽性|阳",
    "negative word": r"阴性|陰性|阴",
    "equivocal": r"临界(?:值|性|阳性)?|可疑阳性|可疑",
    "unsure": r"不确定|不能确定|无法判断|无法确定|难以判断|不能判断",
    "strong": r"强",
    "weak": r"弱",
    "moderate": r"中等强度|中等程度|中等|中度",
    "unstained": r"无着色|未着色|不着色|无染色|未染色|无表达|未表达|不表达",
    "ultralow": r"超低(?:表达)?|0\s*\+|>\s*0\s*(?:,|and|&|且|并|、)?\s*<\s*1\s*\+",
    "low": r"低(?:表达|水平|度)?",
    "yes": r"是",
    "no": r"否",
    "not amplified": rf"{_NOT}{_IN_BETWEEN}{_AMP_WORD}|二倍体|(?:扩增|擴增)\s*[:(]?\s*{_ANSWER_NO}\)?",
    "amplified": r"(?:高度|高水平|高|明显|有|存在|可见|检出|检测到|见|簇状|成簇|her-?2基因|基因)*(?:扩增|擴增)"
    r"(?:\s*[:]\s*(?:是|有))?",
    "low amplified": rf"低(?:水平|度|拷贝)?(?:扩增|擴增)|low[- ](?:level )?(?:gene )?{_AMP_WORD}"
    r"|(?:可疑|临界|疑似)扩增",
    "group": r"第?\s*[1-5一二三四五]\s*组",
    "ratio": r"(?:her-?2\s*[/:]\s*(?:cep|cen)[- ]?17)?\s*(?:信号)?(?:比值|比率|比例)",
    "copies": r"(?:平均)?(?:her-?2)?\s*(?:基因)?(?:平均)?(?:拷贝数?|信号数)(?:\s*/?\s*细胞)?|/\s*细胞",
    "clusters": r"成簇|簇状(?!扩增)|无法计数|不可计数",
    "times": r"倍",
    "missing": r"未做|未检测?|未测|未行|未查|未进行|未送检|未评估|未知|未提供|未报告?|未出|不详|不明|待查|待定|待报告?"
    r"|待检测?|待测|待回报|无结果|无需|无数据|缺失|缺如?|没做|没有做|失败|无法评估|不可评估|组织不足|标本不足|尚未检测|拒绝|#n/a|/|\\|\.|\?",
    "advised": r"(?:建议|推荐|需要?|必要时)(?:进一步)?(?:行|做|加做|完善)?|待(?:行|做)?",
    "other marker": r"雌激素受体|孕激素受体|雄激素受体",
    "plus score": r"[0-3](?:\.0)?\s*\+(?![\d+]|\s+\+)",
    "score plus": r"\+\s*[123](?![\d.+])",
    # a percentage may follow without a space: +++90%
    "pluses": r"\+(?:\s*\+){1,2}(?!\+|\s+\+|\d+(?![\d.]*\s*[-~%]))",
    "plus": r"\+",
    "minus": r"-{1,3}",
    "percent": r"(?:(?:[<>]=?|~|约)\s*)?\d+(?:\.\d+)?\s*%?(?:\s*[-~]\s*\d+(?:\.\d+)?)?\s*%(?:\+(?!\s*\+))?",
    "range": r"\d+(?:[.,]\d+)?\s*(?:-|~|to|至|到)\s*\d+(?:[.,]\d+)?",
    "to one": r"\d+(?:[.,]\d+)?\s*:\s*1(?:\.0+)?(?![\d.,])",
    "number": r"\d+(?:[.,]\d+)?|(?<![\d.,])[.,]\d+",
    "compare": r"[<>]=?",
    "filler": r"基因|检测到?|检查|结果|提示|显示|表达|状态|为|示|呈|法|(?:癌|肿瘤)?细胞|的|约",
    "space": r"\s+",
    "mark": r"[,;:=/()\[\]{}【】〔〕「」|、。·\"'.]",
}  # fmt: skip

_PATTERNS = [
    *((kind, re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])")) for kind, pattern in _LATIN.items()),
    *((kind, re.compile(pattern)) for kind, pattern in _OTHER.items()),
]
# whole cells that are a missing value; within a longer text these are marks or unknown
_ALONE = frozenset({"/", "\\", ".", "?"})


@dataclass(frozen=True)
class Token:
    """A piece of a text: its kind, its own letters, and whether a space stands before and after it."""

    kind: str
    text: str
    after_space: bool = False
    before_space: bool = False


def normalised(text: str) -> str:
    """Write a text as one keyboard would: without invisible characters, full-width forms, accents and case.

    ``2＋`` is ``2+``, ``（－）`` is ``(-)``, ``3.0`` is ``3``; runs of spaces are one space.
    """
    plain = unicodedata.normalize("NFKD", text.translate(_SIGNS)).translate(_SIGNS)
    shown = (
        " " if letter.isspace() else letter
        for letter in plain
        if letter not in _FILLERS and (letter.isspace() or unicodedata.category(letter) not in ("Cf", "Mn", "Me", "Cc"))
    )
    folded = " ".join("".join(shown).casefold().split())
    return re.sub(r"^(-?\d+)\.0+$", r"\1", folded)


LONGEST = 2000
"""Characters of a cell; no result needs as many."""


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[Token, ...] | None:
    """Cut a normalised text into known tokens, spaces left out; None when a piece is not known, or it is too long.

    At each place the longest known piece counts, so that ``not amplified`` is one word and not two.
    """
    if len(text) > LONGEST:
        return None
    found: list[Token] = []
    place, spaced = 0, False
    while place < len(text):
        kind, end = _longest(text, place)
        if end == place or (kind == "missing" and text[place:end] in _ALONE and len(text) > 1):
            mark = re.compile(r"[/.]").match(text, place)
            if not mark:
                return None
            kind, end = "mark", mark.end()
        if kind != "space":
            found.append(Token(kind, text[place:end], spaced, text[end : end + 1] == " "))
        spaced = kind == "space"
        place = end
    return tuple(found)


def _longest(text: str, place: int) -> tuple[str, int]:
    best, end = "", place
    for kind, pattern in _PATTERNS:
        match = pattern.match(text, place)
        if match and match.end() > end:
            best, end = kind, match.end()
    return best, end
