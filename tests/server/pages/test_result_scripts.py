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


def test_probabilities_of_different_things_have_no_difference(scripts: Page) -> None:
    other = CHANGED.replace("[made(1, before), made(2, now)]", "made_otherwise(made)").replace(
        "return summary",
        """const made_otherwise = (made) => {
          const second = made(2, now);
          second.prediction.scores[0].outcome = "low";
          return [made(1, before), second]; };
        return summary""",
    )
    assert "Probability +0.00." in scripts.evaluate(CHANGED, [{}, {"bundle": "c"}])
    said = scripts.evaluate(other, [{}, {"bundle": "c"}])
    assert "Changed between them: the model." in said
    assert "Probability +" not in said


@pytest.mark.parametrize(("her2", "name"), [(True, "HER2 positive"), (False, "positive")])
def test_a_model_of_something_else_says_nothing_of_her2(scripts: Page, her2: bool, name: str) -> None:
    said = scripts.evaluate(CHANGED, [{"her2": her2}, {"her2": her2}])
    assert said.count(f"probability of {name}, S") == 2
    assert ("HER2" in said) == her2
    shown = """async (her2) => {
      const { decision, details } = await import("/static/js/case/result.js");
      const score = { signature: "S", outcome: "malignant", probability: 0.5, threshold: 0.4, positive: true };
      const similar = { signature: "S", outcome: "malignant", patients: 9, events: 3, share: 0.33, confidence: 0.95,
        low: 0.1, high: 0.6 };
      const explanation = { signature: "S", outcome: "malignant", parts: [], features: {}, similar: [similar],
        neighbours: [{ case: 1, label: "malignant", score: 0.5, distance: 1 }] };
      const made = { her2, number: 1, nomogram: null, images: [{ view: "v", heat: "h", predicted: "malignant" }],
        prediction: { scores: [score], findings: [], answers: {}, explanation, synthetic: false } };
      const parts = details(made, [made], [], "").flat().filter(Boolean).map((one) => one.textContent);
      return [decision(made, { score, answer: { classes_left: ["malignant"] } }), ...parts].join("\\n"); }"""
    said = scripts.evaluate(shown, her2)
    assert said.startswith("HER2 malignant" if her2 else "malignant")
    assert ("HER2" in said) == her2
    assert said.count("HER2 malignant") == (4 if her2 else 0)


def test_a_level_is_not_rounded_and_limits_keep_their_digits(scripts: Page) -> None:
    levels = """async () => [0.95, 0.995, 0.9].map((await import("/static/js/i18n.js")).level)"""
    assert scripts.evaluate(levels) == ["95%", "99.5%", "90%"]
    limits = """async () => (await import("/static/js/case/findings.js")).findingText({
      code: "OUTSIDE_RANGE", text: "", facts: { column: "year", low: 1987, high: 2019.5 } })"""
    assert scripts.evaluate(limits).endswith("range of 1,987 to 2,019.5.")


def test_both_sides_of_a_pixel_are_shown_where_they_differ(scripts: Page) -> None:
    shown = """async (size) => (await import("/static/js/case/facts.js")).pixelSize(size)"""
    assert scripts.evaluate(shown, [0.1, 0.1]) == "0.1 mm"
    assert scripts.evaluate(shown, [0.1, 0.25]) == "0.1 × 0.25 mm"
