"""`run`, `check`, `validate` and `report`: options, order and what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sonoher2.cli.app import run
from sonoher2.core.errors import Finding, InputError

SIGNATURES = pd.DataFrame(
    {
        "signature": ["Clinical"], "set": ["test"], "outcome": ["positive"], "n": [50], "events": [20], "auc": [0.7123],
        "auc_low": [0.6], "auc_high": [0.8], "brier": [0.9],
    }
)  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the commands ask for; nothing is computed."""
    seen: dict[str, Any] = {}
    result = SimpleNamespace(
        checks=SimpleNamespace(findings=[Finding("warning", "few cases", "t.csv")]),
        performance=SimpleNamespace(signatures=SIGNATURES),
    )
    monkeypatch.setattr(
        "sonoher2.config.load.load_study", lambda study, data=None: seen.update(study=study, data=data) or "config"
    )
    monkeypatch.setattr(
        "sonoher2.study.run.run_study", lambda config, out, jobs: seen.update(run=(config, out, jobs)) or result
    )
    monkeypatch.setattr(
        "sonoher2.bundle.load.load_bundle", lambda folder, trust=None: seen.update(bundle=(folder, trust)) or "frozen"
    )
    monkeypatch.setattr("sonoher2.study.external.validate_bundle", lambda *given: seen.update(validate=given) or result)
    monkeypatch.setattr("sonoher2.study.results.saved.open_run", lambda folder: seen.update(opened=folder) or result)
    monkeypatch.setattr(
        "sonoher2.report.page.html.write_report",
        lambda found, out, *jobs, for_print=False: (
            seen.update(reported=(found, out), drawn_in=jobs, for_print=for_print) or Path(out) / "report.html"
        ),
    )
    seen["result"] = result
    return seen


def shown(capsys: pytest.CaptureFixture[str], out: Path, asked: dict[str, Any]) -> None:
    said = capsys.readouterr()
    assert said.err == "warning: t.csv: few cases.\n"
    head, row, last = said.out.splitlines()
    assert head.split() == ["signature", "set", "outcome", "n", "events", "auc", "auc_low", "auc_high"]
    assert row.split() == ["Clinical", "test", "positive", "50", "20", "0.712", "0.600", "0.800"]
    assert last == f"Report: {out / 'report.html'}"
    assert asked["reported"] == (asked["result"], out)


def test_run(asked: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert run(["run", "s.yaml", "--out", str(out), "--data", "d", "--jobs", "3"]) == 0
    assert (asked["study"], asked["data"], asked["run"]) == (Path("s.yaml"), Path("d"), ("config", out, 3))
    shown(capsys, out, asked)
    assert asked["drawn_in"] == (3,)


def test_validate(asked: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "second"
    typed = ["validate", "B", "s.yaml", "--out", str(out), "--data", "d", "--jobs", "2", "--trust", "k.pub"]
    assert run([*typed, "--recalibrate", "0.4"]) == 0
    assert asked["bundle"] == (Path("B"), Path("k.pub"))
    assert (asked["study"], asked["data"]) == (Path("s.yaml"), Path("d"))
    assert asked["validate"] == ("frozen", "config", out, 2, 0.4)
    shown(capsys, out, asked)
    assert asked["drawn_in"] == (2,)
    assert run(["validate", "B", "s.yaml", "--out", str(out)]) == 0
    assert asked["validate"] == ("frozen", "config", out, None, None)
    for share in ("0.04", "0.96"):
        assert run([*typed, "--recalibrate", share]) == 2


def test_report(asked: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(tmp_path)]) == 0
    assert asked["opened"] == tmp_path
    assert asked["reported"] == (asked["result"], tmp_path)
    assert (asked["drawn_in"], asked["for_print"]) == ((None,), False)
    assert capsys.readouterr().out == f"Report: {tmp_path / 'report.html'}\n"
    assert run(["report", str(tmp_path), "--print", "--jobs", "1"]) == 0
    assert (asked["drawn_in"], asked["for_print"]) == ((1,), True)


@pytest.mark.parametrize("wrong", [False, True])
def test_check(
    wrong: bool, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def raise_errors() -> None:
        if wrong:
            raise InputError("a column is absent", fix="Name it")

    report = SimpleNamespace(text=lambda: "all that is wrong", raise_errors=raise_errors)
    monkeypatch.setattr("sonoher2.study.check.check_study", lambda *given: asked.update(check=given) or report)
    assert run(["check", "s.yaml", "--data", "d", "--jobs", "2"]) == (3 if wrong else 0)
    assert asked["check"] == ("config", 2)
    said = capsys.readouterr()
    assert said.out == "all that is wrong\n"
    assert ("Error: a column is absent. Name it." in said.err) == wrong


def test_demo(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[Any] = []

    def write(out: Path, **given: Any) -> Path:
        asked.append((out, given))
        return out / "study.yaml"

    monkeypatch.setattr("sonoher2.synthetic.demo.write_demo_cohort", write)
    assert run(["demo", "--out", "d", "--patients", "9", "--seed", "4", "--deep"]) == 0
    assert run(["demo", "--jobs", "3"]) == 0
    assert asked == [
        (Path("d"), {"patients": 9, "seed": 4, "deep": True, "jobs": None}),
        (Path("demo"), {"patients": 120, "seed": 0, "deep": False, "jobs": 3}),
    ]
    assert capsys.readouterr().out.splitlines()[0] == (
        "Wrote d/study.yaml (synthetic patients). Next: sonoher2 run d/study.yaml --out d/run"
    )


def test_check_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"P{i},{age},{score}" for i, (age, score) in enumerate([(40, "0"), ("old", "3+"), (50, "HER2+")])]
    (tmp_path / "t.csv").write_text("\n".join(["patient_id,age,score", *rows]), encoding="utf-8")
    study = tmp_path / "study.yaml"
    text = "clinical: {table: t.csv, columns: {age: {kind: number, timing: pre-biopsy}}}\n"
    study.write_text(text + "target: {ihc: score, rule: ASCO/CAP 2023}\n", encoding="utf-8")
    assert run(["check", str(study), "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == []
    places = {one["where"]: one for one in found["findings"]}
    assert set(places) == {"t.csv, column 'age', row 3", "t.csv, column 'score', row 4", "target"}
    assert places["t.csv, column 'score', row 4"]["unread"] == [
        {"column": "score", "role": "ihc", "spelling": "HER2+", "rows": [4]}
    ]
    study.write_text(text, encoding="utf-8")
    assert run(["check", str(study), "--json"]) == 3
    (only,) = json.loads(capsys.readouterr().out)["findings"]
    assert (only["severity"], only["what"]) == ("error", "the key 'target' is missing")
