"""What the scripts of a case say of its figures, without any server."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

CHANGED = """async ([before, now]) => {
  const { summary } = await import("/static/js/case/result.js");
  const made = (number, own) => ({
    number, mask_sha256: "a", clinical: {}, frame: 1, mm_per_pixel: [0.1, 0.1], bundle: "b",
    prediction: {
      scores: [{ signature: "S", outcome: "positive", probability: 0.5, threshold: 0.4, positive: true, filled: [] }],
      findings: [], answers: {}, explanation: null, synthetic: false },
    ...own });
  return summary([made(1, before), made(2, now)], []).textContent;
}"""


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({}, {}, "Nothing that is sent to the model changed between them."),
        ({}, {"mm_per_pixel": [0.1, 0.2]}, "Changed between them: the size of a pixel."),
        ({"mm_per_pixel": None}, {"frame": 2}, "Changed between them: the frame, the size of a pixel."),
    ],
)
def test_what_changed_between_two_answers_is_named(scripts: Page, before: dict, now: dict, said: str) -> None:
    assert said in scripts.evaluate(CHANGED, [before, now])


def test_both_sides_of_a_pixel_are_shown_where_they_differ(scripts: Page) -> None:
    shown = """async (size) => (await import("/static/js/case/facts.js")).pixelSize(size)"""
    assert scripts.evaluate(shown, [0.1, 0.1]) == "0.1 mm"
    assert scripts.evaluate(shown, [0.1, 0.25]) == "0.1 × 0.25 mm"
