"""What the names of clinical variables say: forty that are known too late, forty honest ones, and look-alikes."""

from __future__ import annotations

import pytest

from sonoher2.cohort.drafting.variable_names import known_from, spaced

LATE = (
    "ER",
    "PR_percent",
    "ERStatus",
    "ER状态",
    "Ki-67",
    "Ki67指数",
    "histologic_grade",
    "组织学分级",
    "病理类型",
    "穿刺病理",
    "FISH_ratio",
    "C-erbB-2",
    "CEP17",
    "HER2拷贝数",
    "PAM50",
    "molecular_subtype",
    "分子分型",
    "三阴性",
    "IHC",
    "免疫组化",
    "pT",
    "ypN",
    "pTNM",
    "margin_status",
    "脉管癌栓",
    "阳性淋巴结数",
    "SLNB",
    "手术方式",
    "mastectomy",
    "住院天数",
    "NAC",
    "neoadjuvant_chemo",
    "化疗方案",
    "trastuzumab",
    "赫赛汀",
    "radiotherapy",
    "DFS_months",
    "复发",
    "随访时间",
    "pCR",
)
HONEST = (
    "age",
    "BMI",
    "menopausal_status",
    "family_history",
    "BI-RADS_category",
    "BI-RADS分级",
    "margin_spiculated",
    "shape",
    "size_mm",
    "nipple_discharge",
    "breast_density_grade",
    "elastography_score",
    "Adler_grade",
    "cN",
    "clinical_stage",
    "axillary_node_us",
    "CA15-3",
    "eGFR",
    "neutrophils",
    "hormone_replacement_therapy",
    "prior_biopsies",
    "previous_surgery",
    "aspect_ratio",
    "symptom_weeks",
    "other_2",
    "年龄",
    "月经状态",
    "乳腺癌家族史",
    "肿块最大径",
    "纵横比",
    "后方回声",
    "血流分级",
    "弹性评分",
    "超声淋巴结转移",
    "既往手术史",
    "术前CA153",
    "临床分期",
    "象限",
    "哺乳史",
    "激素替代治疗",
)


def test_there_are_forty_of_each() -> None:
    assert len(set(LATE)) == len(set(HONEST)) == 40


@pytest.mark.parametrize("name", LATE)
def test_names_of_what_is_known_after_the_label(name: str) -> None:
    assert known_from(name) is not None


@pytest.mark.parametrize("name", HONEST)
def test_names_of_what_is_known_before(name: str) -> None:
    assert known_from(name) is None


@pytest.mark.parametrize(
    ("name", "basis"),
    [
        ("ERBB2", "her2"),
        ("HER-2/neu", "her2"),
        ("DISH", "her2"),
        ("OncotypeScore", "her2"),
        ("anti_HER2_therapy", "her2"),
        ("TCbHP", "her2"),
        ("ER_IHC", "biopsy"),
        ("EGFR_IHC", "biopsy"),
        ("PR interval", None),
        ("fish_oil", None),
        ("NEU%", None),
        ("carcinoma antigen", None),
        ("insulin_therapy", None),
        ("menstrual_cycles", None),
        ("術後病理", "surgery"),
        ("復發", "outcome"),
        ("age_at_death", "outcome"),
        ("age_at_surgery", None),
        ("MRI_grade", None),
        ("solid_or_cystic", None),
        ("rt_breast", None),
        ("内分泌疾病", None),
        ("三维重建", None),
    ],
)
def test_look_alikes(name: str, basis: str | None) -> None:
    assert known_from(name) == basis


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("HER2Status", "her2 status"),
        ("ER状态", "er 状态"),
        ("手術方式", "手术方式"),
        ("TILs", "tils"),
        ("Ｋｉ－６７", "ki 67"),
    ],
)
def test_words_of_a_name(name: str, text: str) -> None:
    assert spaced(name) == text
