"""Cells of HER2 columns that no list of spellings holds: read by the same words, or refused."""

from __future__ import annotations

import pytest

from sonoher2.cohort.her2.cell import read_cell


def said(text: str, role: str) -> dict[str, object] | None:
    cell = read_cell(text, role)  # type: ignore[arg-type]
    if cell is None:
        return None
    values = {name: getattr(cell, name) for name in ("ihc", "ish", "ratio", "copies")}
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("(2＋)", "2+"), ("【2+】", "2+"), ("2⁺", "2+"), ("Ⅲ", "3+"), ("II", "2+"), ("HER-2: 2+", "2+"),
        ("IHC-2+", "2+"),
        ("HER2 IHC: 3+", "3+"), ("HER2(neu) 3+", "3+"), ("Her2 neu 2+", "2+"), ("c-erbB2: +++", "3+"),
        ("3+ (+++)", "3+"),
        ("3 (+++)", "3+"), ("1+(+)", "1+"), ("IHC 0 (null)", "0"),
        ("Score 1+: faint, incomplete membrane staining", "1+"),
        ("score: 3", "3+"), ("2分", "2+"), ("2 (equivocal)", "2+"), ("Positive (2+)", "2+"), ("强阳性(+++)", "3+"),
        ("弱阳性(+)", "1+"), ("阴性（1+）", "1+"), ("neg (0)", "0"), ("阴性(0)", "0"), ("0（超低）", "0 (ultralow)"),
        ("超低表达", "0 (ultralow)"), (">0, <1+", "0 (ultralow)"), ("1+ (HER2-low)", "1+"), ("strongly positive", "3+"),
        ("Weakly positive (1+)", "1+"), ("2+ in 20% of tumor cells", "2+"), ("2+ (5-10%)", "2+"), ("3+ (>90%)", "3+"),
        ("１＋", "1+"), ("\ufeff3+\u200d", "3+"), ("3\u2060+", "3+"), ("3+\x00", "3+"), ("2+，建议行FISH检测", "2+"),
        ("2+（待FISH）", "2+"), ("2+ (FISH recommended)", "2+"), ("2+ FISH not done", "2+"), ("2+ 未做FISH", "2+"),
        ("2+, FISH pending", "2+"), ("P53(+), HER2(1+)", "1+"), ("HER2:2+,Ki67:30%", "2+"),
        ("ER(90%+), PR(80%), HER2(3+), Ki-67 30%", "3+"), ("雌激素受体(+)，HER2(0)，Ki-67(5%)", "0"),
    ],
)  # fmt: skip
def test_one_clear_score_is_read(text: str, score: str) -> None:
    assert said(text, "ihc") == {"ihc": score}


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("90%+++", "3+"), ("约90%+++", "3+"), (">30%+++", "3+"), ("HER2(80%+++)", "3+"), ("+++90%", "3+"),
        ("++30%", "2+"),        ("(+++90%)", "3+"), ("90%++", "2+"), ("+++ 90%", "3+"), ("ER(90%+), HER2(3+)", "3+"),
        ("Ki-67(20%+)HER2(2+)", "2+"),
    ],
)  # fmt: skip
def test_a_percentage_beside_pluses_takes_none_of_them(text: str, score: str) -> None:
    assert said(text, "ihc") == {"ihc": score}


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("3+ (5%)", True), ("3+<10%", True), ("3+ (≤10%)", True), ("1+ (5%)", True), ("1+ 5-10%", True),
        ("0 (30%)", True), ("0 (>10%)", True), ("3+ (>10%)", False), ("3+ (11%)", False), ("3+ (≥10%)", False),
        ("3+ (5-20%)", False), ("2+ (5%)", False), ("2+ (90%)", False), ("0 (10%)", False), ("0 (<10%)", False),
        ("1+ (60%)", False),
    ],
)  # fmt: skip
def test_a_share_of_cells_that_the_guideline_does_not_give_to_a_score_is_a_doubt(text: str, odd: bool) -> None:
    cell = read_cell(text, "ihc")
    assert cell is not None
    assert (cell.ihc, cell.doubt == "share") == ("0" if text[0] == "0" else text[:2], odd)


@pytest.mark.parametrize(
    "text",
    [
        "HER2基因扩增(  )", "HER2基因扩增：", "HER2基因扩增检测", "扩增检查", "HER2扩增状态", "amplification:",
        "HER2 amplification test", "amplification status =", "扩增结果",
    ],
)  # fmt: skip
def test_a_form_that_nobody_filled_in_is_no_amplification(text: str) -> None:
    assert said(text, "ish") is None


@pytest.mark.parametrize(
    "text", ["扩增", "有扩增", "检测到扩增", "HER2基因扩增", "amplified", "(amplified)", "gene amplification detected"]
)
def test_amplification_alone_is_a_result(text: str) -> None:
    assert said(text, "ish") == {"ish": "ISH positive"}


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("[4,6)", "copies"), ("[2,4)", "copies"), ("(4,6]", "copies"), ("[4,6]", "copies"), ("2.4%", "ratio"),
        ("<>2", "ratio"), ("><2", "ratio"), ("+/+", "ihc"), ("+，+", "ihc"), ("(+)(+)", "ihc"), ("-/-", "ihc"),
    ],
)  # fmt: skip
def test_intervals_two_comparisons_and_repeated_signs_are_refused(text: str, role: str) -> None:
    assert said(text, role) is None


def test_a_decimal_comma_in_brackets_and_a_ratio_of_a_percent_format_are_read() -> None:
    assert said("(4,6)", "copies") == {"copies": 4.6}
    assert said("240%", "ratio") == {"ratio": 2.4}


@pytest.mark.parametrize(
    "text",
    [
        "±", "+/-", "2+/-", "2-", "4+", "++++", "3++", "2+ negative", "Negative (2+)", "neg 3+", "Positive (1+)",
        "阳性(+)",
        "阳性", "HER-2+", "HER 2-3+", "HER3+", "HER2 3+, HER2 2+", "3+3", "0 - 1+", "+ ~ ++", "(+)~(++)", "2/3", "3/3",
        "2.5", "02", "2+?", "?2+", "suspicious 2+", "No", "Y", "无", "低表达", "90%", "2+ (1)", "Grade 3", "G3",
        "1级", "IHC +",
        "1+ 60%, 2+ 40%", "1月2日", "ER(-), PR(-), HER2(-), Ki-67(60%)", "ER+ PR- 3+", "2+ FISH 1.8", "2+ FISH",
        "2+, FISH not done, amplified", "2+/FISH+/FISH-", "HER2(2+), Ki-67 30%, 扩增", "2+ F+", "n", "true", "3:1",
        "moderate", "intense", "HER2阴性", "HER2：阴性", "<1+", ">2+", "2+ polysomy", "not 3+",
    ],
)  # fmt: skip
def test_what_could_be_two_things_is_refused(text: str) -> None:
    assert said(text, "ihc") is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("HER2(2+), FISH 扩增", {"ihc": "2+", "ish": "ISH positive"}),
        ("ER（-），PR（-），C-erbB-2（2+），Ki-67（约30%），FISH检测：无扩增", {"ihc": "2+", "ish": "ISH negative"}),
        ("2＋／FISH－", {"ihc": "2+", "ish": "ISH negative"}),
        ("FISH-,IHC 2+", {"ihc": "2+", "ish": "ISH negative"}),
        ("IHC2+FISH+", {"ihc": "2+", "ish": "ISH positive"}),
        ("2+ CISH: neg", {"ihc": "2+", "ish": "ISH negative"}),
        ("阴性/FISH阴性", {"ihc": "0", "ish": "ISH negative"}),
        ("2+ dual ISH negative", {"ihc": "2+", "ish": "ISH negative"}),
        ("2+, not amplified", {"ihc": "2+", "ish": "ISH negative"}),
        ("2+ FISH group 4", {"ihc": "2+", "ish": "ISH group 4"}),
        ("2+ FISH: HER2/CEP17 = 1.2, copies 3.1 per cell", {"ihc": "2+", "ratio": 1.2, "copies": 3.1}),
        ("HER2 IHC 2+, FISH amplified (ratio 3.2)", {"ihc": "2+", "ish": "ISH positive", "ratio": 3.2}),
        ("1+ FISH positive", {"ihc": "1+", "ish": "ISH positive"}),
    ],
)
def test_a_cell_fills_every_assay_that_it_names(text: str, parts: dict[str, object]) -> None:
    assert said(text, "ihc") == parts


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("无HER2基因扩增", "ISH negative"), ("未见HER2基因扩增", "ISH negative"), ("未检测到扩增", "ISH negative"),
        ("HER2 gene is not amplified", "ISH negative"), ("amplification: no", "ISH negative"),
        ("扩增：否", "ISH negative"),
        ("Amplification not detected", "ISH negative"), ("gene amplification not detected", "ISH negative"),
        ("扩增(-)", "ISH negative"), ("amp-", "ISH negative"),
        ("no evidence of HER2 amplification", "ISH negative"), ("não amplificado", "ISH negative"),
        ("FISH -", "ISH negative"),
        ("FISH - negative", "ISH negative"), ("阴性（无扩增）", "ISH negative"), ("陰性", "ISH negative"),
        ("Neg.", "ISH negative"),
        ("高扩增", "ISH positive"), ("簇状扩增", "ISH positive"), ("扩增(+)", "ISH positive"),
        ("阳性（扩增）", "ISH positive"),
        ("擴增", "ISH positive"), ("Positive/Amplified", "ISH positive"), ("第2组", "ISH group 2"),
        ("Group 2 (negative)", "ISH group 2"), ("group 3 positive", "ISH group 3"),
        ("equivocal (group 4)", "ISH group 4"),
        ("不确定", "ISH equivocal"),
        # a dash between two words is no answer
        ("HER2 amplification - detected", "ISH positive"), ("扩增-检测到", "ISH positive"),
        ("Amplification - yes", "ISH positive"), ("amplification -", "ISH negative"),
        ("amplification: no.", "ISH negative"),
    ],
)  # fmt: skip
def test_words_of_the_ish_are_read(text: str, result: str) -> None:
    assert said(text, "ish") == {"ish": result}


@pytest.mark.parametrize(
    "text",
    [
        "possible amplification", "可疑扩增", "低扩增", "低水平扩增", "weakly positive", "not positive", "未检出",
        "无", "+-", "2+", "3+",
        "++", "阳性（无扩增）", "amplified/not amplified", "group 1 negative", "group 6", "NOT AMPLIFIED?", "FISH",
        "FISH NA", "N.A.",
        "2.4", "1", "Pos (2.3)", "polysomy 17", "ratio", "copies 3 ratio", "ratio copies 2.5",
        "amplification: no result", "扩增：无结果", "FISH扩增 无结果", "amplification no. of copies 8",
        "HER2 amplification - ratio 1.2", "扩增：比值1.2",
    ],
)  # fmt: skip
def test_words_of_the_ish_that_leave_it_open_are_refused(text: str) -> None:
    assert said(text, "ish") is None


@pytest.mark.parametrize(
    ("text", "role", "parts"),
    [
        ("1.8 :1", "ratio", {"ratio": 1.8}), (".9", "ratio", {"ratio": 0.9}), ("1.8倍", "ratio", {"ratio": 1.8}),
        ("<=1.8", "ratio", {"ratio": 1.8}), ("1.8 (not amplified)", "ratio", {"ratio": 1.8, "ish": "ISH negative"}),
        ("2.1, copies 5.0", "ratio", {"ratio": 2.1, "copies": 5.0}), ("4.2 copies/cell", "copies", {"copies": 4.2}),
        ("4.2 per cell", "copies", {"copies": 4.2}), ("4~6", "copies", {"copies": 4.0}),
        ("2-3", "copies", {"copies": 2.0}),
        ("成簇", "copies", {"copies": 6.0}), ("5,125", "copies", {"copies": 5.125}),
        ("比值2.4，拷贝数6.1", "ish", {"ratio": 2.4, "copies": 6.1}),
        ("Amplified - ratio 2.5", "ish", {"ish": "ISH positive", "ratio": 2.5}),
        ("about 2.1", "ratio", {"ratio": 2.1}),
        ("Not Amplified (HER2/CEP17 ratio = 1.2, HER2 copy number = 2.5)", "ish",
         {"ish": "ISH negative", "ratio": 1.2, "copies": 2.5}),
    ],
)  # fmt: skip
def test_numbers_with_their_names_and_units(text: str, role: str, parts: dict[str, object]) -> None:
    assert said(text, role) == parts


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("1.234,5", "ratio"), ("2.1 / 1.3", "ratio"), ("≤2", "ratio"), ("2.0±0.1", "ratio"), ("1e1", "ratio"),
        ("2.1 5.0", "ratio"), ("3+", "ratio"), ("1.2-1.4", "ratio"), ("x", "ratio"), ("3-5", "copies"),
        (">=4, <6", "copies"), ("1.2.3", "ratio"), ("50 %", "copies"),
        ("约2", "ratio"), ("~2", "ratio"), ("approx. 6", "copies"), ("0", "ratio"), ("0.0", "copies"),
        ("about 2.0", "ratio"), ("about 4", "copies"),
    ],
)  # fmt: skip
def test_numbers_that_could_be_two_are_refused(text: str, role: str) -> None:
    assert said(text, role) is None


@pytest.mark.parametrize("role", ["ihc", "ish", "ratio", "copies"])
@pytest.mark.parametrize(
    "text",
    ["", " ", "missing", "Not performed", "not tested", "N/A", "未做", "未检测", "不详", "/", "[Not Available]",
    "[Discrepancy]",
     "pending", "insufficient tissue", "\u200b"],
)  # fmt: skip
def test_a_missing_value_is_missing_in_every_column(text: str, role: str) -> None:
    assert said(text, role) == {}


def test_a_cell_may_be_so_long_and_no_longer() -> None:
    assert said("2+" + " (2+)" * 399 + ", .", "ihc") is not None
    assert len("2+" + " (2+)" * 399 + ", .") == 2000
    assert said("2+" + " (2+)" * 399 + ", ..", "ihc") is None
