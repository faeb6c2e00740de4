"""Outlines as closed lines, so that dashes are seen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from server.pages.conftest import browser, scripts  # noqa: F401

pytestmark = pytest.mark.slow


def loops(page: Page, rows: list[str]) -> list[list[list[int]]]:
    """Closed lines of a mask that is written with # for the lesion."""
    pixels = [int(letter == "#") for row in rows for letter in row]
    return page.evaluate(
        """async ([columns, rows, pixels]) => {
            const { loopsOf } = await import("/static/js/cohorts/loops.js");
            return loopsOf({ columns, rows, pixels: Uint8Array.from(pixels) });
        }""",
        [len(rows[0]), len(rows), pixels],
    )


def test_a_pixel_a_corner_and_a_hole_are_closed_lines(scripts: Page) -> None:  # noqa: F811
    assert sorted(loops(scripts, ["...", ".#.", "..."])[0]) == [[1, 1], [1, 2], [2, 1], [2, 2]]
    (corner,) = loops(scripts, ["##", "#."])
    assert sorted(corner) == [[0, 0], [0, 2], [1, 1], [1, 2], [2, 0], [2, 1]]
    # each step goes along one axis, and the last one back to the first
    for (x0, y0), (x1, y1) in zip(corner, [*corner[1:], corner[0]], strict=True):
        assert (x0 == x1) != (y0 == y1)
    assert len(loops(scripts, ["###", "#.#", "###"])) == 2
    assert loops(scripts, ["...", "..."]) == []
