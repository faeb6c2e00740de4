"""One nomogram for each signature that has one."""

from __future__ import annotations

import numpy as np

import report_by_hand as by
from sonoher2.report.chapters.model.nomogram import nomogram_parts
from sonoher2.signatures.nomogram import NomogramTerm, build_nomogram

NOMOGRAM = build_nomogram([NomogramTerm("age", "years", ("30", "60"), np.array([0.0, 1.0]))], -1.0)


def test_titles_and_outcome() -> None:
    parts = list(nomogram_parts(by.view(nomograms={"Clinical": NOMOGRAM, "Combined": NOMOGRAM})))
    assert [(part.name, part.title) for part in parts] == [
        ("nomogram_1", "Nomogram of the Clinical signature"), ("nomogram_2", "Nomogram of the Combined signature"),
    ]  # fmt: skip
    texts = [text.get_text() for text in parts[0].figure.axes[0].texts]
    assert any(text.replace("\n", " ") == "Probability of HER2-positive" for text in texts)
    assert list(nomogram_parts(by.view())) == []
