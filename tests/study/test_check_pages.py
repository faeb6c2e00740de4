"""Every check has its page, and every page its check."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.study.checks.outcome import CHECKS, docs_page

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("code", list(CHECKS))
def test_a_page_with_an_example_and_a_remedy(code: str) -> None:
    text = (ROOT / docs_page(code)).read_text(encoding="utf-8")
    assert text.startswith(f"# {code} {CHECKS[code].title}\n")
    for part in ("**What is looked for.**", "**Example.**", "**Remedy.**", "Severity: "):
        assert part in text
    assert f"    {code} " in text
    assert f"[{code}]({code}.md)" in (ROOT / "docs/checks/index.md").read_text(encoding="utf-8")


def test_no_page_without_a_check() -> None:
    pages = {path.stem for path in (ROOT / "docs/checks").glob("*.md")}
    assert pages == {*CHECKS, "index"}
