"""Who may be called what among the readers of a cohort."""

from __future__ import annotations

import pytest

from sonoher2.server.cohorts.readers import may_read


@pytest.mark.parametrize("name", ["Li", "王芳", "Dr. Wu-2", "a@b.org", "x", "y" * 64])
def test_a_name_of_letters_and_figures_can_read(name: str) -> None:
    assert may_read(name)


@pytest.mark.parametrize(
    "name",
    ["", " Li", "Li ", "a/b", "mask", "MASK", "second_mask", "adjudicated", "Segmenter", "y" * 65, "Zoe\u0308"],
)
def test_names_that_an_export_uses_and_names_that_could_be_read_two_ways_cannot(name: str) -> None:
    assert not may_read(name)
