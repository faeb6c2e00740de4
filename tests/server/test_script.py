"""The script of docs/serve.md, as it stands there, against a real server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from server_by_hand import RunningServer

if TYPE_CHECKING:
    from conftest import FinishedStudy

PAGE = Path(__file__).parents[2] / "docs" / "serve.md"


@pytest.mark.slow
def test_the_script_of_the_documentation_predicts(
    server: RunningServer,
    finished: FinishedStudy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (script,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    image = Path(finished.file).parent / "images" / "SYN0003_radial.png"
    names = {"home": server.home, "image": image}
    monkeypatch.chdir(tmp_path)
    exec(compile(script, str(PAGE), "exec"), names)
    names["server"].close()  # type: ignore[attr-defined]
    printed = [line.rpartition(" ") for line in capsys.readouterr().out.splitlines()]
    assert [name for name, _, _ in printed] == ["Clinical", "Radiomics", "Clinical+Radiomics"]
    assert all(0 < float(value) < 1 for _, _, value in printed)
    assert "Research software" in (tmp_path / "page.html").read_text(encoding="utf-8")
