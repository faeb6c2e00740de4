"""`predict`: each option reaches the prediction, and what is printed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sonoher2.cli.app import run


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command asks for; nothing is loaded or computed."""
    seen: dict[str, Any] = {}
    prediction = SimpleNamespace(json=lambda: "{json}", text=lambda: "in words")
    monkeypatch.setattr(
        "sonoher2.bundle.load.load_bundle", lambda folder, trust: seen.update(folder=folder, trust=trust) or "frozen"
    )

    def case(frozen: str, patient: Any) -> SimpleNamespace:
        seen.update(frozen=frozen, patient=patient)
        return SimpleNamespace(patient=patient)

    monkeypatch.setattr("sonoher2.predict.case.Case", case)
    monkeypatch.setattr("sonoher2.predict.scoring.predict_patient", lambda frozen, case: prediction)
    monkeypatch.setattr("sonoher2.predict.views.case_views", lambda case, found: [case.patient.patient_id, found])
    monkeypatch.setattr("sonoher2.report.page.case_page.write_case_page", lambda *given: seen.update(page=given))
    seen["prediction"] = prediction
    return seen


def test_every_option_reaches_the_prediction(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    typed = "predict B --image a.png --image b.png --mask m.png --mask n.png --clinical age=52 --mm-per-pixel 0.1"
    typed += " --frame 2 --frame 3 --site North --label 4 --trust k.pub --patient Anna"
    assert run(typed.split()) == 0
    patient = asked["patient"]
    assert (asked["folder"], asked["trust"], asked["frozen"]) == (Path("B"), Path("k.pub"), "frozen")
    assert [(one.image, one.masks, one.mm_per_pixel, one.frame) for one in patient.images] == [
        (Path("a.png"), (Path("m.png"),), 0.1, 2), (Path("b.png"), (Path("n.png"),), 0.1, 3),
    ]  # fmt: skip
    assert (patient.clinical, patient.site, patient.mask_label, patient.patient_id) == (
        {"age": "52"}, "North", "4", "Anna",
    )  # fmt: skip
    assert capsys.readouterr().out == "in words\n"
    assert "page" not in asked


def test_json_and_page(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["predict", "B", "--clinical", "age=52", "--json", "--page", "p.html"]) == 0
    assert capsys.readouterr().out == "{json}\n"
    path, prediction, views, patient = asked["page"]
    assert (path, prediction) == (Path("p.html"), asked["prediction"])
    assert views == ["", prediction]
    assert patient is asked["patient"]
    assert asked["trust"] is None


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("a.png", "would replace a file that is no page"),
        ("sub/../a.html", "would replace a file that is no page"),
        ("notes.txt", "would replace a file that is no page"),
        ("B/case.html", "lies in the bundle"),
        ("B/deep/case.html", "lies in the bundle"),
    ],
)
def test_a_page_replaces_nothing_but_a_page(
    asked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "a.html", "notes.txt", "old.html"):
        Path(name).write_text("x")
    Path("sub").mkdir()
    assert run(["predict", "B", "--image", "a.png", "--image", "a.html", "--page", page]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert (asked.get("folder"), Path("a.png").read_text()) == (None, "x")
    assert run(["predict", "B", "--clinical", "age=5", "--page", "old.html"]) == 0
