"""What the pages say of an answer that is an error, run by a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"message": "the image is empty", "fix": "Give another file"}, "The image is empty. Give another file."),
        ({"where": "bus_0001-l.png", "message": "no lesion", "fix": ""}, "bus_0001-l.png: no lesion."),
        ({"where": "age", "message": "‘fifty’ is no number"}, "age: ‘fifty’ is no number."),
        ({"message": "c.dcm, frame 3: no picture"}, "c.dcm, frame 3: no picture."),
        ({"message": "不能读取图像。", "fix": "请换一个文件"}, "不能读取图像。 请换一个文件。"),
        ({"message": "Frame 2 cannot be shown.", "fix": "Is it whole?"}, "Frame 2 cannot be shown. Is it whole?"),
    ],
)
def test_an_error_is_said_in_sentences_and_names_stay_as_they_are(
    scripts: Page, facts: dict[str, str], said: str
) -> None:
    body = "async (a) => { const m = await import('/static/js/api.js'); return [m.sentences(a), %s]; }"
    assert scripts.evaluate(body % "new m.ApiError(422, a).text", facts) == [said, said]
