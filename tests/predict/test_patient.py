"""What is known of a patient, however it is given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.predict.patient import ImageInput, PatientInput


def test_values_of_any_type_are_the_text_of_a_table() -> None:
    given = {"nodes": 0, "age": 52.0, "size": np.float64(12.5), "grade": np.int64(2), "site": " left\u200b "}
    assert PatientInput((), given).clinical == {
        "nodes": "0", "age": "52", "size": "12.5", "grade": "2", "site": "left",
    }  # fmt: skip
    yes_and_no = PatientInput((), {"a": True, "b": False, "c": np.bool_(False)}).clinical
    assert yes_and_no == {"a": "yes", "b": "no", "c": "no"}


@pytest.mark.parametrize(("given", "site"), [(" A\u200b", "A"), (2, "2"), (2.0, "2"), ("", None), (None, None)])
def test_a_site_is_the_text_of_a_table_too(given: object, site: str | None) -> None:
    assert PatientInput(site=given).site == site  # type: ignore[arg-type]


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, "", "  "])
def test_nothing_is_an_empty_text(nothing: object) -> None:
    assert PatientInput((), {"age": nothing}).clinical == {"age": ""}


def test_a_single_mask_and_a_single_image_stand_alone() -> None:
    mask = np.zeros((4, 5), bool)
    for one in ("mask.png", Path("mask.png"), b"content", mask):
        image = ImageInput("a.png", one)  # type: ignore[arg-type]
        assert len(image.masks) == 1
        assert image.masks[0] is one
    assert ImageInput("a.png", ["1.png", "2.png"]).masks == ("1.png", "2.png")  # type: ignore[arg-type]
    assert ImageInput("a.png").masks == ()
    alone = ImageInput("a.png")
    assert PatientInput(alone).images == PatientInput([alone]).images == (alone,)  # type: ignore[arg-type]
