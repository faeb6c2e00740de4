"""What a new site is told of its calibration."""

from __future__ import annotations

import numpy as np
import pandas as pd

import report_by_hand as by
from sonoher2.report.chapters.robustness.new_site import new_site_parts
from sonoher2.study.analyses.robustness.new_site import REPAIRS_SCHEMA
from sonoher2.study.analyses.robustness.prevalence import SCHEMA

NONE = np.nan
REPAIRS = pd.DataFrame(
    [
        ("frozen", 0, 252, NONE, 1.42, 1.21, 1.65, 0.64, 0.48, 0.79, 0.167, NONE, NONE, 0.166, NONE, NONE, NONE),
        ("prior shift", 0, 252, NONE, 1.81, 1.55, 2.12, 0.63, 0.47, 0.78, 0.261, NONE, NONE, 0.317, NONE, NONE, 1.0),
        ("intercept", 30, 222, 0.0, 1.02, 0.66, 1.35, 0.62, 0.59, 0.69, 0.145, 0.13, 0.17, 0.09, 0.07, 0.15, 0.06),
        ("intercept and slope", 30, 222, 0.25, 1.03, 0.67, 1.34, 0.93, 0.36, 9.0, 0.141, 0.131, 0.177, 0.087, 0.05,
         0.16, 0.07),
    ],
    columns=[name for name in REPAIRS_SCHEMA.names if name not in ("signature", "outcome")],
)  # fmt: skip
PREVALENCE = pd.DataFrame(
    [
        ("Clinical", by.YES, 252, 0.32, 0.45, 0.4, 0.5, 0.39, 0.0, 0.6, 0.66, ""),
        ("Radiomics", by.YES, 252, 0.32, 0.71, 0.63, 0.79, 0.39, 0.16, 0.99, 0.86, "more has changed than the shares"),
    ],
    columns=list(SCHEMA.names),
)


def both() -> pd.DataFrame:
    """The signature of the summary has the numbers above, the other one has others."""
    other = REPAIRS.assign(expected=REPAIRS["expected"] / 2, signature="Clinical")
    table = pd.concat([other, REPAIRS.assign(signature="Radiomics")], ignore_index=True).assign(outcome=by.YES)
    return table[list(REPAIRS_SCHEMA.names)]


def parts():
    return list(new_site_parts(by.view(by.validation(), repairs=both(), prevalence=PREVALENCE)))


def test_words_are_of_the_main_signature_and_change_nothing() -> None:
    first, second, third = parts()[0].paragraphs
    assert first.startswith("Nothing in this chapter changes the model")
    assert "the AUC stays as it is" in first
    assert second == (
        "Radiomics: the frozen model expects 1.42 events per event seen. From the scores alone, without a label, 71%"
        f" (63% to 79%) of the patients would be {by.YES}; seen were 39%, and 32% in training. Corrected for this share"
        " it would expect 1.81. Not to be trusted here: more has changed than the shares."
    )
    assert third.startswith("The updates were learned on 30 patients with known outcome and judged on the others.")


def test_with_three_classes_the_ranking_is_not_promised() -> None:
    outcomes = ("zero", "low", "high")
    cells = REPAIRS.assign(signature="Clinical")
    repairs = pd.concat([cells.assign(outcome=name) for name in outcomes], ignore_index=True)
    prevalence = pd.concat([PREVALENCE[:1].assign(outcome=name) for name in outcomes], ignore_index=True)
    result = by.three_classes(kind="validation", repairs=repairs, prevalence=prevalence)
    words = next(iter(new_site_parts(by.view(result)))).paragraphs[0]
    assert "Neither changes the ranking" not in words
    assert "Prior shift weighs all classes at once, and may change the ranking for each of them." in words


def test_no_sign_of_trouble_is_no_proof() -> None:
    calm = PREVALENCE.assign(caution="")
    words = next(iter(new_site_parts(by.view(by.validation(), repairs=both(), prevalence=calm)))).paragraphs
    assert words[1].endswith("it would expect 1.81. Nothing seen speaks against it, which proves nothing.")


def test_cells() -> None:
    found = by.tables(parts())
    assert list(found) == ["repairs", "prevalence"]
    assert found["repairs"].shown.columns.tolist() == [
        "Signature", "Probabilities", "n", "Expected/observed", "Calibration slope", "Brier score",
        "Calibration error", "Worse than frozen", "No update",
    ]  # fmt: skip
    assert found["repairs"].shown.to_numpy().tolist()[4:] == [
        ["Radiomics", "frozen", "252", "1.42 (1.21–1.65)", "0.64 (0.48–0.79)", "0.167", "0.166", "–", "–"],
        ["Radiomics", "prior shift", "252", "1.81 (1.55–2.12)", "0.63 (0.47–0.78)", "0.261", "0.317", "100%", "–"],
        ["Radiomics", "intercept, 30", "222", "1.02 (0.66–1.35)", "0.62 (0.59–0.69)", "0.145 (0.130–0.170)",
         "0.090 (0.070–0.150)", "6%", "0%"],
        ["Radiomics", "intercept and slope, 30", "222", "1.03 (0.67–1.34)", "0.93 (0.36–9.00)", "0.141 (0.131–0.177)",
         "0.087 (0.050–0.160)", "7%", "25%"],
    ]  # fmt: skip
    assert found["prevalence"].shown.to_numpy().tolist() == [
        ["Clinical", "252", "32", "45 (40–50)", "39", "0%", "0.60", "0.66", ""],
        ["Radiomics", "252", "32", "71 (63–79)", "39", "16%", "0.99", "0.86", "more has changed than the shares"],
    ]


def test_the_figure_draws_each_repair_of_the_main_signature() -> None:
    drawing = by.drawings(parts())["repairs"]
    assert drawing.title == "Calibration before and after repairs: Radiomics"
    expected, slope, brier, error = drawing.figure.axes
    names = [label.get_text() for label in expected.get_yticklabels()]
    assert names == ["frozen", "prior shift", "intercept, 30", "intercept and slope, 30"]
    dots = [line.get_xdata()[0] for line in expected.lines if line.get_marker() == "o"]
    assert dots == [1.42, 1.81, 1.02, 1.03]
    ranges = [list(line.get_xdata()) for line in slope.lines[1:] if line.get_marker() == "None"]
    assert ranges == [[0.48, 0.79], [0.47, 0.78], [0.59, 0.69], [0.36, 9.0]]
    assert [axes.lines[0].get_xdata()[0] for axes in (expected, slope, brier, error)] == [1, 1, 0.167, 0]
    assert slope.get_xlim() == (0, 4)
    # the frozen model stands at the top
    assert expected.get_ylim() == (3.5, -0.5)


def test_no_chapter_in_a_study_and_no_word_of_draws_without_any() -> None:
    assert list(new_site_parts(by.view())) == []
    small = both()[lambda table: table["labelled"] == 0]
    words = next(iter(new_site_parts(by.view(by.validation(), repairs=small, prevalence=PREVALENCE)))).paragraphs
    assert len(words) == 2
