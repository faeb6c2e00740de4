"""`sonoher2 new-key`: which file is whose."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.cli.app import run


def test_the_private_key_is_the_one_to_keep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new-key", str(tmp_path / "hospital")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "hospital.key (keep it to yourself) and" in said
    assert "hospital.pub (give it to those who use your bundles)." in said
    assert b"PRIVATE KEY" in (tmp_path / "hospital.key").read_bytes()
    assert b"PUBLIC KEY" in (tmp_path / "hospital.pub").read_bytes()
