"""The audits: real labels beside permuted ones, the share of a signal that is found."""

from __future__ import annotations

import numpy as np
import pandas as pd

import report_by_hand as by
from sonoher2.config.deep import DeepConfig
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.chapters.robustness.audits import audit_parts
from sonoher2.study.results.audits import Audits, NullAudit, PlantedAudit

SUMMARY = pd.DataFrame(
    [
        ("Radiomics", TRAIN_OOF, by.YES, 0.7123, 19, 0.48, 0.011, 0.4, 0.57, 0.05),
        ("Radiomics", TEST, by.YES, 0.6543, 19, 0.51, 0.022, 0.43, 0.62, 0.1),
    ],
    columns=["signature", "set", "outcome", "real", "runs", "mean", "se", "mean_low", "mean_high", "p"],
)
RUNS = pd.DataFrame(
    [
        (run, "Radiomics", subset, by.YES, base + run / 100)
        for subset, base in ((TRAIN_OOF, 0.4), (TEST, 0.45))
        for run in range(3)
    ],
    columns=["run", "signature", "set", "outcome", "auc"],
)
PLANTED = pd.DataFrame(
    [
        ("Radiomics", TRAIN_OOF, 10, 0.71, 0.012, 0.9, 0.52, 0.03, np.nan, np.nan),
        ("Combined", TEST, 10, 0.81, 0.022, 0.91, 0.75, 0.04, 0.05, 0.006),
    ],
    columns=["signature", "set", "runs", "auc", "auc_se", "best", "share", "share_se", "gain", "gain_se"],
)
MIXTURE = {"strength": 2.0, "mixture": {"clinical": 1.0, "radiomics": 0.5}}


def test_cells_of_the_null_audit() -> None:
    parts = list(audit_parts(by.view(audits=Audits(NullAudit(RUNS, SUMMARY)))))
    assert [part.name for part in parts] == ["null", "null"]
    table = by.tables(parts)["null"]
    assert table.shown.columns.tolist() == [
        "Signature", "Set", "AUC, real labels", "AUC, permuted labels", "Standard error", "p",
    ]  # fmt: skip
    assert table.shown.to_numpy().tolist() == [
        ["Radiomics", "Training", "0.712", "0.480 (0.400–0.570)", "0.011", "0.050"],
        ["Radiomics", "Test", "0.654", "0.510 (0.430–0.620)", "0.022", "0.100"],
    ]
    caption = by.drawings(parts)["null"].caption
    assert caption.startswith("Dots: AUC of 19 runs of the whole pipeline")
    assert caption.endswith("with 19 runs it cannot be below 0.050.")


def test_a_cheap_audit_says_so() -> None:
    for settings, deep, said in (
        ({"cheap": True}, DeepConfig(), True),
        ({"cheap": True}, None, False),
        ({"cheap": False}, DeepConfig(), False),
    ):
        audits = Audits(NullAudit(RUNS, SUMMARY, settings), PlantedAudit(PLANTED, PLANTED, {**MIXTURE, **settings}))
        drawn = by.drawings(audit_parts(by.View(by.configured(by.study(audits=audits), deep=deep))))
        text = "Networks were replaced by a small frozen one"
        assert (text + ", for the real labels too." in drawn["null"].caption) == said
        assert drawn["planted"].caption.endswith(f"out of fold. {text}." if said else "out of fold.")


def test_dots_are_permuted_runs_of_the_set_and_the_diamond_is_real() -> None:
    figure = by.drawings(audit_parts(by.view(audits=Audits(NullAudit(RUNS, SUMMARY)))))["null"].figure
    for axes, title, dots, bar, real in zip(
        figure.axes,
        ("Training (out of fold)", "Test"),
        ([0.41, 0.42], [0.46, 0.47]),
        ([0.4, 0.57], [0.43, 0.62]),
        (0.7123, 0.6543),
        strict=True,
    ):
        assert (axes.get_title("left") or axes.get_title()) == title
        assert np.allclose(axes.lines[0].get_xdata(), dots)
        assert np.allclose(axes.lines[1].get_xdata(), bar)
        assert np.allclose(axes.lines[2].get_xdata(), real)
    assert figure.axes[0].texts[0].get_text() == "p = 0.050"


def test_cells_of_the_simulated_signal() -> None:
    parts = list(audit_parts(by.view(audits=Audits(planted=PlantedAudit(PLANTED, PLANTED, MIXTURE)))))
    table = by.tables(parts)["planted"]
    assert table.shown.columns.tolist() == [
        "Signature", "Set", "AUC", "Best possible", "Share found", "Gain over the best part",
    ]  # fmt: skip
    assert table.shown.to_numpy().tolist() == [
        ["Radiomics", "Training", "0.710 ± 0.012", "0.900", "0.52 ± 0.03", "–"],
        ["Combined", "Test", "0.810 ± 0.022", "0.910", "0.75 ± 0.04", "0.050 ± 0.006"],
    ]
    drawing = by.drawings(parts)["planted"]
    assert "(mixture: clinical 1 and radiomics 0.5; standard deviation of the log-odds 2)" in drawing.caption
    assert "Mean of 10 runs ±" in drawing.caption


def test_hollow_is_training_and_bars_are_one_error_wide() -> None:
    audit = PlantedAudit(PLANTED, PLANTED, MIXTURE)
    axes = by.drawings(audit_parts(by.view(audits=Audits(planted=audit))))["planted"].figure.axes[0]
    bars, dots = axes.lines[0:4:2], axes.lines[1:4:2]
    assert np.allclose(bars[0].get_xdata(), [0.49, 0.55])
    assert np.allclose(bars[1].get_xdata(), [0.71, 0.79])
    assert [dot.get_xdata()[0] for dot in dots] == [0.52, 0.75]
    assert dots[0].get_markerfacecolor() == "white"
    assert dots[1].get_markerfacecolor() == dots[1].get_markeredgecolor()


def test_no_audit_no_chapter() -> None:
    assert list(audit_parts(by.view())) == []
