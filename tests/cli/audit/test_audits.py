"""`audit`: each option reaches the audit, and which columns are shown."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sonoher2.cli.app import run

NULL = pd.DataFrame(
    {
        "signature": ["DLR"], "set": ["test"], "outcome": ["low"], "real": [0.7123], "runs": [20], "mean": [0.5],
        "se": [0.01], "mean_low": [0.1], "mean_high": [0.9], "p": [0.05],
    }
)  # fmt: skip
PLANTED = pd.DataFrame(
    {
        "signature": ["DLR"], "set": ["test"], "runs": [10], "auc": [0.8], "auc_se": [0.02], "best": [0.9],
        "share": [0.75], "share_se": [0.03], "gain": [0.04], "gain_se": [0.05],
    }
)  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    seen: dict[str, Any] = {"classes": ("no", "yes")}

    def result() -> SimpleNamespace:
        audits = SimpleNamespace(null=SimpleNamespace(summary=NULL), planted=SimpleNamespace(summary=PLANTED))
        return SimpleNamespace(about=SimpleNamespace(classes=seen["classes"]), audits=audits)

    def audit(name: str) -> Any:
        return lambda config, out, **given: seen.update({name: (config, out, given)}) or result()

    monkeypatch.setattr(
        "sonoher2.config.load.load_study", lambda study, data=None: seen.update(study=study, data=data) or "config"
    )
    monkeypatch.setattr("sonoher2.audit.null.audit_null", audit("null"))
    monkeypatch.setattr("sonoher2.audit.simulated_signal.audit_planted", audit("planted"))
    monkeypatch.setattr("sonoher2.report.page.html.write_report", lambda found, out: out / "report.html")
    return seen


def test_null(asked: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed = ["audit", "null", "s.yaml", "--out", str(tmp_path)]
    assert run([*typed, "--runs", "7", "--data", "d", "--jobs", "2", "--cheap"]) == 0
    assert (asked["study"], asked["data"]) == (Path("s.yaml"), Path("d"))
    assert asked["null"] == ("config", tmp_path, {"runs": 7, "jobs": 2, "cheap": True})
    head, row, *rest = capsys.readouterr().out.splitlines()
    assert head.split() == ["signature", "set", "real", "mean", "se", "p"]
    assert row.split() == ["DLR", "test", "0.712", "0.500", "0.010", "0.050"]
    assert rest == [f"Runs: {tmp_path / 'audit' / 'null.csv'}", f"Report: {tmp_path / 'report.html'}"]
    asked["classes"] = ("zero", "low", "high")
    assert run(typed) == 0
    assert asked["null"][2] == {"runs": 20, "jobs": None, "cheap": False}
    assert capsys.readouterr().out.split("\n")[0].split() == ["signature", "set", "outcome", "real", "mean", "se", "p"]


@pytest.mark.parametrize("name", ["simulated-signal", "planted"])
def test_simulated_signal(name: str, asked: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed = ["audit", name, "s.yaml", "--out", str(tmp_path)]
    assert run([*typed, "--strength", "3", "--mixture", "clinical=1,deep=0.5", "--runs", "4", "--cheap"]) == 0
    assert asked["planted"] == (
        "config", tmp_path, {"strength": 3.0, "mixture": {"clinical": 1, "deep": 0.5}, "runs": 4, "jobs": None,
                             "cheap": True},
    )  # fmt: skip
    head, row, runs, _ = capsys.readouterr().out.splitlines()
    assert head.split() == ["signature", "set", "auc", "auc_se", "best", "share", "share_se", "gain", "gain_se"]
    assert row.split() == ["DLR", "test", "0.800", "0.020", "0.900", "0.750", "0.030", "0.040", "0.050"]
    assert runs == f"Runs: {tmp_path / 'audit' / 'planted.csv'}"


def test_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[Any] = []
    found = SimpleNamespace(table=lambda: NULL, json=lambda: "{json}", text=lambda: "in words")
    monkeypatch.setattr("sonoher2.audit.tables.audit.audit_tables", lambda *given: asked.append(given) or found)
    typed = [
        "audit",
        "table",
        "a.csv",
        "b.csv",
        "--predictions",
        "p.csv",
        "--predictions",
        "q.csv",
        "--labels",
        "l.csv",
    ]
    assert run([*typed, "--selected", "s.csv", "--threshold", "0.4", "--out", str(tmp_path / "o.csv")]) == 0
    assert capsys.readouterr().out == "in words\n"
    assert pd.read_csv(tmp_path / "o.csv").columns.tolist() == NULL.columns.tolist()
    assert run(["audit", "table", "a.csv", "--json"]) == 0
    assert capsys.readouterr().out == "{json}\n"
    assert asked == [
        ([Path("a.csv"), Path("b.csv")], [Path("p.csv"), Path("q.csv")], [Path("l.csv")], Path("s.csv"), 0.4),
        ([Path("a.csv")], [], [], None, None),
    ]
    # a name that no table can have ends the command before anything is read
    assert run([*typed, "--out", "o.pdf"]) == 2
    assert len(asked) == 2
