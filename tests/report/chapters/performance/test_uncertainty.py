"""Sets of classes and zones: each share in its column, each threshold on its side."""

from __future__ import annotations

import pandas as pd

import report_by_hand as by
from sonoher2.bundle.uncertainty import Uncertainty
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.chapters.performance.uncertainty import uncertainty_parts

LIMITS = Uncertainty(
    coverage=0.8,
    limits=(0.5, 0.6),
    sensitivity=0.95,
    specificity=0.85,
    rule_out={by.YES: 0.21},
    rule_in={by.YES: 0.52},
)
COVERAGE = pd.DataFrame(
    [
        ("Radiomics", TRAIN_OOF, by.NO, 1500, 0.8, 0.81, 0.71, 0.86, 0.5, 0.3, 0.2, 0.91),
        ("Radiomics", TRAIN_OOF, by.YES, 20, 0.8, 0.82, 0.72, 0.87, 0.51, 0.31, 0.18, 0.92),
        ("Radiomics", TEST, by.NO, 30, 0.8, 0.63, 0.53, 0.78, 0.62, 0.33, 0.05, 0.93),
        ("Radiomics", TEST, by.YES, 40, 0.8, 0.74, 0.64, 0.89, 0.73, 0.26, 0.01, 0.94),
    ],
    columns=[
        "signature", "set", "label", "n", "asked", "coverage", "low", "high", "single", "several", "empty", "right",
    ],
)  # fmt: skip
ZONES = pd.DataFrame(
    [("Radiomics", subset, by.YES, 0.21, 0.52, *values) for subset, values in (
        (TRAIN_OOF, (0.11, 0.12, 0.13, 0.14, 0.15, 0.16)), (TEST, (0.31, 0.32, 0.33, 0.34, 0.35, 0.36)))],
    columns=[
        "signature", "set", "outcome", "rule_out", "rule_in", "ruled_out", "sensitivity", "npv", "ruled_in",
        "specificity", "ppv",
    ],
)  # fmt: skip
ZONES = by.with_ends(ZONES, 0.01, "ruled_out", "sensitivity", "npv", "ruled_in", "specificity", "ppv")


def parts(result: object = None, **changes: object) -> list[object]:
    values = {"coverage": COVERAGE, "zones": ZONES, "learned": {"Radiomics": LIMITS}} | changes
    return list(uncertainty_parts(by.view(result, **values)))  # type: ignore[arg-type]


def test_cells_of_the_sets() -> None:
    table = by.tables(parts())["coverage"]
    assert table.shown.columns.tolist() == [
        "Signature", "Set", "Class", "n", "Coverage", "One class", "Several", "None", "Right, of one class",
    ]  # fmt: skip
    assert table.shown.iloc[0].tolist() == [
        "Radiomics", "Training", by.NO, "1,500", "0.81 (0.71–0.86)", "50%", "30%", "20%", "91%",
    ]  # fmt: skip
    assert table.shown.iloc[3].tolist() == [
        "Radiomics", "Test", by.YES, "40", "0.74 (0.64–0.89)", "73%", "26%", "1%", "94%",
    ]  # fmt: skip
    assert "Training rows are out of fold" in table.caption


def test_cells_of_the_zones() -> None:
    table = by.tables(parts())["zones"]
    assert table.shown.columns.tolist()[2:] == [
        "Thresholds", "Ruled out", "Sensitivity", "NPV", "Ruled in", "Specificity", "PPV",
    ]  # fmt: skip
    assert table.shown.iloc[1].tolist() == [
        "Radiomics", "Test", "0.210 and 0.520", "0.31 (0.30–0.33)", "0.32 (0.31–0.34)", "0.33 (0.32–0.35)",
        "0.34 (0.33–0.36)", "0.35 (0.34–0.37)", "0.36 (0.35–0.38)",
    ]  # fmt: skip
    assert "sensitivity 95% for ruling out, specificity 85% for ruling in" in table.caption


def test_figures_show_the_test_set_and_both_thresholds() -> None:
    figures = by.drawings(parts())
    assert figures["coverage"].title == "Sets of classes at 80% coverage: test"
    texts = [text.get_text() for text in figures["coverage"].figure.axes[0].texts]
    assert "62% decided, 93% right" in texts
    assert "50% decided, 91% right" not in texts
    assert "sparing at least 95% of the HER2-positive training patients" in figures["zones"].caption
    assert "sparing at least 85% of the others" in figures["zones"].caption
    panels = {axes.get_title("left") or axes.get_title(): axes for axes in figures["zones"].figure.axes}
    # Radiomics in training: 3 of 7 below 0.21, 2 of 7 from 0.52 on; in the test set 1 of 5 and 2 of 5
    assert [text.get_text() for text in panels["Training"].texts] == [
        "ruled out\n43%", "undecided\n29%", "ruled in\n29%",
    ]  # fmt: skip
    assert [text.get_text() for text in panels["Test"].texts] == ["ruled out\n20%", "undecided\n40%", "ruled in\n40%"]


def test_a_validation_shows_its_own_cohort() -> None:
    found = parts(by.validation(), coverage=COVERAGE[COVERAGE["set"] == TEST], zones=ZONES[ZONES["set"] == TEST])
    assert by.drawings(found)["coverage"].title == "Sets of classes at 80% coverage: external validation"
    assert "out of fold, on the very patients" not in by.tables(found)["coverage"].caption


def test_nothing_without_limits() -> None:
    assert list(uncertainty_parts(by.view())) == []
    assert parts(zones=ZONES.iloc[:0]) == []
    assert parts(coverage=COVERAGE.iloc[:0]) == []


def test_headings() -> None:
    assert by.headings(parts()) == [
        ("drawing", "coverage", "Sets of classes at 80% coverage: test"),
        ("table", "coverage", "Coverage and size of the sets"),
        ("drawing", "zones", "Ruled out, undecided, ruled in"),
        ("table", "zones", "Decisions at stated error rates"),
    ]


def test_levels_are_not_rounded_to_certainty() -> None:
    asked = LIMITS.model_copy(update={"sensitivity": 0.995, "specificity": 0.975})
    found = parts(learned={"Radiomics": asked}, coverage=COVERAGE.assign(asked=0.999))
    assert by.tables(found)["zones"].caption.startswith(
        "Asked of the training patients: sensitivity 99.5% for ruling out, specificity 97.5% for ruling in."
    )
    drawn = by.drawings(found)
    assert "sparing at least 99.5% of the HER2-positive training patients" in drawn["zones"].caption
    assert "sparing at least 97.5% of the others" in drawn["zones"].caption
    assert drawn["coverage"].title == "Sets of classes at 99.9% coverage: test"
    assert "holds the true class in 99.9% of patients" in drawn["coverage"].caption


def test_each_of_several_outcomes_has_its_zones() -> None:
    classes = ("zero", "low", "high")
    limits = Uncertainty(
        coverage=0.8, limits=(0.5, 0.6, 0.7), sensitivity=0.95, specificity=0.85,
        rule_out=dict.fromkeys(classes, 0.2), rule_in=dict.fromkeys(classes, 0.6),
    )  # fmt: skip
    zones = pd.concat([ZONES.assign(signature="Clinical", outcome=one) for one in classes], ignore_index=True)
    found = by.drawings(parts(by.three_classes(), zones=zones, learned={"Clinical": limits}))
    assert {name: part.title for name, part in found.items() if name.startswith("zones")} == {
        f"zones_{place}": f"Ruled out, undecided, ruled in: Clinical, {one}"
        for place, one in zip((1, 2, 3), classes, strict=True)
    }
