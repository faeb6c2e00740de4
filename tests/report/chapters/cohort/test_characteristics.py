"""Table 1, worked out by hand from twelve patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import report_by_hand as by
from sonoher2.report.chapters.cohort.characteristics import characteristics, level_smd, number_smd


def row(table: pd.DataFrame, title: str) -> list[str]:
    return table.set_index("Characteristic").loc[title].tolist()


def test_columns_are_sets_and_their_classes() -> None:
    assert characteristics(by.view()).columns.tolist() == [
        "Characteristic", "Training, n = 7", "Training: HER2-negative, n = 5", "Training: HER2-positive, n = 2",
        "Test, n = 5", "Test: HER2-negative, n = 2", "Test: HER2-positive, n = 3", "SMD",
    ]  # fmt: skip


def test_numbers_have_quartiles() -> None:
    table = characteristics(by.view())
    assert row(table, "age, years") == [
        "52.5 [46.2, 58.8]", "55 [47.5, 62.5]", "50 [47.5, 52.5]", "62 [34, 66]", "32 [31, 33]", "66 [64, 68]", "0.06",
    ]  # fmt: skip
    assert row(table, "  missing") == ["1 (14%)", "1 (20%)", "0 (0%)", "0 (0%)", "0 (0%)", "0 (0%)", ""]
    assert row(table, "Images per patient") == [
        "1 [1, 1.5]", "1 [1, 1]", "2 [1.5, 2.5]", "1 [1, 1]", "1 [1, 1]", "1 [1, 2.5]", "0.16",
    ]  # fmt: skip


def test_levels_have_shares_of_the_known() -> None:
    table = characteristics(by.view())
    assert row(table, "menopausal: yes") == [
        "3 (43%)", "2 (40%)", "1 (50%)", "4 (80%)", "2 (100%)", "2 (67%)", "0.83",
    ]  # fmt: skip
    assert row(table, "  4A")[:1] + row(table, "  4A")[3:4] == ["2 (29%)", "1 (20%)"]
    assert row(table, "  5")[:1] + row(table, "  5")[3:4] == ["2 (29%)", "3 (60%)"]
    assert row(table, "  inner")[:1] + row(table, "  inner")[3:4] == ["4 (57%)", "1 (20%)"]
    assert row(table, "quadrant")[:6] == [""] * 6
    titles = table["Characteristic"].tolist()
    assert titles.index("  3") < titles.index("  4A") < titles.index("  5")


def test_named_levels_come_first_and_absent_ones_not_at_all() -> None:
    columns = by.COLUMNS | {"quadrant": by.COLUMNS["quadrant"].model_copy(update={"levels": ["outer", "central"]})}
    clinical = by.study_config().clinical.model_copy(update={"columns": columns})
    result = by.configured(by.study(), clinical=clinical)
    titles = characteristics(by.view(result))["Characteristic"].tolist()
    assert titles[titles.index("quadrant") :] == ["quadrant", "  outer", "  inner"]


def test_a_second_cohort_has_no_balance_and_one_image_each_no_row() -> None:
    one = by.PATIENTS[by.PATIENTS["set"] == "test"].assign(images=1)
    table = characteristics(by.view(by.validation(), patients=one))
    assert table.columns.tolist()[:2] == ["Characteristic", "Validation, n = 5"]
    assert "SMD" not in table
    assert "Images per patient" not in set(table["Characteristic"])


def test_smd_of_numbers_by_hand() -> None:
    assert number_smd(pd.Series([1.0, 2, 3]), pd.Series([3.0, 4, 5])) == pytest.approx(2.0)
    # variances 1 and 9: the mean of both counts
    assert number_smd(pd.Series([1.0, 2, 3]), pd.Series([2.0, 5, 8])) == pytest.approx(3 / np.sqrt(5))
    assert np.isnan(number_smd(pd.Series([1.0]), pd.Series([3.0, 4, 5])))
    assert number_smd(pd.Series([1.0, 1]), pd.Series([1.0, 1])) == 0
    assert np.isnan(number_smd(pd.Series([1.0, 1]), pd.Series([2.0, 2])))


def test_smd_of_two_levels_is_that_of_proportions() -> None:
    a, b = pd.Series(["x"] * 30 + ["y"] * 70), pd.Series(["x"] * 50 + ["y"] * 50)
    assert level_smd(a, b) == pytest.approx(0.2 / np.sqrt((0.3 * 0.7 + 0.5 * 0.5) / 2))
    assert level_smd(a, a) == 0
    assert np.isnan(level_smd(a, pd.Series([None, None])))


def test_smd_does_not_depend_on_which_level_is_left_out() -> None:
    a, b = pd.Series(list("aabbbccccc")), pd.Series(list("aaaabbccdc")).replace("d", "c")
    renamed = {"a": "z", "b": "y", "c": "x"}
    assert level_smd(a, b) == pytest.approx(level_smd(a.map(renamed), b.map(renamed)))


def test_large_and_negative_numbers() -> None:
    patients = by.PATIENTS.assign(age=[-1234.5] * 7 + [0.0123] * 5)
    assert row(characteristics(by.view(patients=patients)), "age, years")[::3][:2] == [
        "−1234 [−1234, −1234]", "0.0123 [0.0123, 0.0123]",
    ]  # fmt: skip


def test_a_level_that_one_set_lacks_still_counts() -> None:
    # shares of the second level 1 and 1 / 2: difference 0.5, mean variance 1 / 8
    assert level_smd(pd.Series(["x", "x"]), pd.Series(["x", "y"])) == pytest.approx(0.5 / np.sqrt(1 / 8))
