"""Values of an outcome that are no clear result: neither positive nor negative."""

from __future__ import annotations

import re

from sonoher2.cohort.her2.tokens import normalised

_WORDS = (
    r"equivocal|indeterminate|undetermined|borderline|inconclusive|uncertain|unclear|doubtful|ambiguous|possible|possibly"
    r"|probable|probably|suspicious|suspected|pending|awaited|awaiting|unknown|unk|missing|unavailable|untested|failed"
    r"|failure|insufficient|inadequate|unsatisfactory|undefined|undef|non-?diagnostic|uninformative|discrepancy|refused"
    r"|declined|not (?:been )?(?:performed|done|tested|assessed|examined|evaluated|evaluable|known|reported|available"
    r"|applicable|determined|recorded|ordered|made|given|stated|provided|interpretable|clear|sure|certain)"
    r"|no (?:result|data|information|report)|to follow|to be (?:determined|confirmed)|tb[dc]|n/?d|n/?a|n\.a\.?|n\.d\.?"
)
_CHINESE = (
    r"未做|未检|未测|未行|未查|未知|未明|未送|未评|未报|未出|未提供|未定|不详|不明|不清|不确定|不能|无法|难以|待|可疑|疑似|可能|临界|交界"
    r"|缺失|无结果|无数据|失败|不足|拒绝|没做|没有做"
)
_NO_RESULT = re.compile(rf"(?<![a-z])(?:{_WORDS})(?![a-z])|{_CHINESE}|\?|\+/-|±|(?<![\d+])2\s*\+|(?<!\+)\+\+(?!\+)")
_ALONE = re.compile(r"-?9{1,3}|-1|[-/\\.x*]+|none|null|")


def is_no_result(text: str) -> bool:
    """Whether a value says that there is no clear result: equivocal, not performed, unknown, ``2+``, ``未做``, ``9``.

    Parameters
    ----------
    text
        As it stands in the table.
    """
    folded = normalised(text)
    return bool(_ALONE.fullmatch(folded) or _NO_RESULT.search(folded))
