"""Sentences of the methods about the label."""

from __future__ import annotations

from sonoher2.config import Her2Target
from sonoher2.report.methods import _label


def test_declared_spellings_and_the_guideline_of_words_are_told() -> None:
    given = {"ihc": "a", "rule": "ASCO/CAP 2023"}
    plain = _label(Her2Target.model_validate(given), ("negative", "positive"), lambda _: "")  # type: ignore[arg-type]
    assert "spelling" not in plain
    declared = {"values": {"9": "missing", "ish": {"1": "positive", "0": "negative"}}, "ish_rule": "ASCO/CAP 2018"}
    told = _label(Her2Target.model_validate(given | declared), ("negative", "positive"), lambda _: "")  # type: ignore[arg-type]
    assert "The study file says what 3 spellings of these results mean." in told
    assert "follow ASCO/CAP 2018, as declared" in told
