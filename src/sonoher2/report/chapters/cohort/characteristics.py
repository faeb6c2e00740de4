"""Table 1: the patients' characteristics by set and label, and how far the sets differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sonoher2.config.clinical import ClinicalColumn
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.core.natural import natural_key
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import DASH, number, share
from sonoher2.study.results import columns as c

Groups = dict[str, pd.DataFrame]


def characteristics(view: View) -> pd.DataFrame:
    """One row per characteristic or level, one column per group of patients, as text.

    Returns
    -------
    ``Characteristic``, one column per set and per label in it, and, where there are a training and a test set,
    ``SMD``.
    """
    patients = view.result.cohort.patients
    groups = _groups(view, patients)
    both = {TRAIN_OOF, TEST} <= set(patients[c.SET])
    rows: list[list[str]] = []
    if patients[c.IMAGES].max() > 1:
        rows += _number_rows("Images per patient", "images", groups)
    for name, column in view.result.about.config.clinical.columns.items():
        if name in patients:
            rows += _rows(name, column, groups, patients[name])
    table = pd.DataFrame(rows, columns=["Characteristic", *groups])
    if both:
        table["SMD"] = _differences(table["Characteristic"], view)
    return table


def _groups(view: View, patients: pd.DataFrame) -> Groups:
    groups = {}
    for subset in [name for name in (TRAIN_OOF, TEST) if name in set(patients[c.SET])]:
        members = patients[patients[c.SET] == subset]
        title = view.short_sets[subset]
        groups[f"{title}, n = {len(members):,}"] = members
        for label in view.result.about.classes:
            part = members[members[c.LABEL] == label]
            groups[f"{title}: {label}, n = {len(part):,}"] = part
    return groups


def _title(name: str, column: ClinicalColumn) -> str:
    return f"{name}, {column.unit}" if column.unit else name


def _rows(name: str, column: ClinicalColumn, groups: Groups, values: pd.Series) -> list[list[str]]:
    title = _title(name, column)
    if column.kind == "number":
        rows = _number_rows(title, name, groups)
    elif column.kind == "yes/no":
        rows = [[f"{title}: {_level(column, 1.0)}", *(_share(part[name], 1.0) for part in groups.values())]]
    else:
        levels = _levels(column, values)
        rows = [[title, *([""] * len(groups))]]
        rows += [[f"  {_level(column, v)}", *(_share(part[name], v) for part in groups.values())] for v in levels]
    if values.isna().any():
        rows.append(["  missing", *(share(int(part[name].isna().sum()), len(part)) for part in groups.values())])
    return rows


def _number_rows(title: str, name: str, groups: Groups) -> list[list[str]]:
    return [[title, *(_quartiles(part[name]) for part in groups.values())]]


def _quartiles(values: pd.Series) -> str:
    known = values.dropna().to_numpy(np.float64)
    if not len(known):
        return DASH
    low, middle, high = np.percentile(known, [25, 50, 75])
    return f"{_plain(middle)} [{_plain(low)}, {_plain(high)}]"


def _plain(value: float) -> str:
    """Three figures, without a tail of zeros."""
    return number(value, 0) if abs(value) >= 100 else f"{value:.3g}".replace("-", "−")


def _share(values: pd.Series, level: object) -> str:
    known = values.dropna()
    return share(int((known == level).sum()), len(known))


def _levels(column: ClinicalColumn, values: pd.Series) -> Sequence[object]:
    if column.kind == "ordered":
        return [float(code) for code in range(len(column.levels))]
    found = sorted({str(value) for value in values.dropna()}, key=natural_key)
    return [name for name in column.levels if name in found] + [name for name in found if name not in column.levels]


def _level(column: ClinicalColumn, value: object) -> str:
    if isinstance(value, float):
        return column.levels[int(value)] if column.levels else "yes"
    return str(value)


def _differences(titles: pd.Series, view: View) -> list[str]:
    """SMD on the first row of each characteristic, nothing on the others."""
    patients = view.result.cohort.patients
    train, test = (patients[patients[c.SET] == name] for name in (TRAIN_OOF, TEST))
    found: dict[str, float] = {"Images per patient": number_smd(train[c.IMAGES], test[c.IMAGES])}
    for name, column in view.result.about.config.clinical.columns.items():
        if name in patients:
            smd = number_smd if column.kind == "number" else level_smd
            title = _title(name, column)
            found[f"{title}: {_level(column, 1.0)}" if column.kind == "yes/no" else title] = smd(
                train[name], test[name]
            )
    return [number(found[title]) if title in found else "" for title in titles]


def number_smd(a: pd.Series, b: pd.Series) -> float:
    """Standardised difference of two means, absolute (Austin, Stat Med 2009, doi 10.1002/sim.3697).

    Returns
    -------
    Difference of the means over the root of the mean variance; NaN when a group has fewer than two values.
    """
    if min(a.count(), b.count()) < 2:
        return float("nan")
    spread = float(np.sqrt((a.var() + b.var()) / 2))
    difference = abs(float(a.mean()) - float(b.mean()))
    return difference / spread if spread > 0 else (0.0 if difference == 0 else float("nan"))


def level_smd(a: pd.Series, b: pd.Series) -> float:
    """Standardised difference of two distributions over levels (Yang & Dalton, SAS Global Forum 2012, paper 335).

    Returns
    -------
    Mahalanobis distance of the shares of all levels but one; for two levels the difference of proportions over the
    root of their mean variance. NaN when a group has no value.
    """
    levels = sorted(set(a.dropna()) | set(b.dropna()))[1:]
    if not a.count() or not b.count():
        return float("nan")
    p, q = (np.array([(part.dropna() == level).mean() for level in levels]) for part in (a, b))
    covariance = sum(np.diag(share) - np.outer(share, share) for share in (p, q)) / 2
    return float(np.sqrt(max((p - q) @ np.linalg.pinv(covariance) @ (p - q), 0.0))) if levels else 0.0
