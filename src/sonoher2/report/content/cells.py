"""Cells of tables as text, and headings of columns."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from sonoher2.report.content.wording import DASH, interval, number, p_value, percent
from sonoher2.study.results import columns as c

_NAMES = {
    c.AUC: "AUC",
    c.AUC_BOOT: "AUC (bootstrap)",
    c.AUPRC: "AUPRC",
    c.BRIER: "Brier score",
    c.SLOPE: "Calibration slope",
    c.INTERCEPT: "Calibration intercept",
    c.CALIBRATION_SLOPE: "Calibration slope",
    c.CALIBRATION_INTERCEPT: "Calibration intercept",
    c.PPV: "PPV",
    c.NPV: "NPV",
    c.F1: "F1",
    c.MCC: "MCC",
    c.ECE: "ECE",
    c.N: "n",
    c.CV_AUC: "AUC, inner cross-validation",
    c.P: "p",
    c.P_HOLM: "p (Holm)",
}


def title_of(column: str) -> str:
    """Heading of a column: ``features_in`` -> ``Features in``."""
    return _NAMES.get(column, column.replace("_", " ").capitalize())


def numbers(values: Iterable[float], digits: int = 2) -> list[str]:
    """One number a cell, with fixed decimals."""
    return [number(value, digits) for value in values]


def counts(values: Iterable[float]) -> list[str]:
    """Whole numbers with thousands separators; a dash where there is none."""
    return [DASH if pd.isna(value) else f"{value:,.0f}" for value in values]


def percents(values: Iterable[float]) -> list[str]:
    """Shares in whole percent."""
    return [percent(value) for value in values]


def p_values(values: Iterable[float]) -> list[str]:
    """P values."""
    return [p_value(value) for value in values]


def intervals(data: pd.DataFrame, value: str, low: str = "", high: str = "", digits: int = 2) -> list[str]:
    """Estimates with their intervals; the estimate alone where the table has no bounds.

    Parameters
    ----------
    data
        One row per estimate.
    value
        Column of the estimate.
    low, high
        Columns of the bounds; ``<value>_low`` and ``<value>_high`` unless told.
    digits
        Decimals.
    """
    low, high = low or c.low(value), high or c.high(value)
    if low not in data:
        return numbers(data[value], digits)
    rows = zip(data[value], data[low], data[high], strict=True)
    return [interval(*row, digits=digits) for row in rows]


def row_numbers(rows: pd.DataFrame) -> dict[str, float]:
    """Numbers of the first row by column; NaN where there is none."""
    first = rows.select_dtypes("number").iloc[0]
    return {str(name): float("nan") if pd.isna(value) else float(value) for name, value in first.items()}


def plain_table(data: pd.DataFrame) -> pd.DataFrame:
    """Take a table as it is, headings in words, whole numbers with thousands separators."""
    return data.astype(object).map(_plain_text).rename(columns=title_of)


def _plain_text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
