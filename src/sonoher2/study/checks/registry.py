"""All coded checks, in the order of the report: one line each, and nothing else has to know of it."""

from __future__ import annotations

from sonoher2.study.checks import codes, columns, folds, leakage, networks, performance, shortcuts, sites, size
from sonoher2.study.checks.outcome import Check

CHECKS: tuple[Check, ...] = (
    leakage.LEAK001,
    leakage.LEAK002,
    folds.LEAK003,
    performance.LEAK004,
    performance.LEAK005,
    performance.LEAK006,
    networks.LEAK007,
    columns.TIME001,
    columns.TIME002,
    size.SIZE001,
    size.SIZE002,
    shortcuts.SITE001,
    sites.SITE002,
    shortcuts.MARK001,
    shortcuts.MARK002,
    shortcuts.MISS001,
    codes.MISS002,
    performance.BASE001,
    performance.BASE002,
    performance.CAL001,
    performance.FAIR001,
)
