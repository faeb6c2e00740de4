"""A signature tells who a bundle is from; the manifest alone does not."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytest

from sonoher2.bundle.load import load_bundle
from sonoher2.bundle.save import save_bundle
from sonoher2.cli.app import run

PARTS = ("model.skops", "model.json", "reference.parquet")
DONE, USAGE, BAD_INPUT = 0, 2, 3


def seal(folder: Path) -> None:
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in PARTS}
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "files": files}))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    shutil.copytree(Path(__file__).parents[1] / "field" / "faults" / "bundle_unlisted_model", folder)
    seal(folder)
    return folder


@pytest.fixture
def signed(bundle: Path) -> Path:
    assert run(["new-key", str(bundle.parent / "ours")]) == DONE
    assert run(["sign", str(bundle), "--key", str(bundle.parent / "ours.key")]) == DONE
    return bundle


def predict(bundle: Path, key: Path | str | None) -> int:
    trust = [] if key is None else ["--trust", str(key)]
    return run(["predict", str(bundle), "--clinical", "age=50", *trust])


def test_a_signed_bundle_is_read_with_the_key_that_it_was_signed_with(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = signed.parent
    assert (folder / "ours.key").stat().st_mode & 0o777 == 0o600
    assert predict(signed, folder / "ours.pub") == DONE
    assert predict(signed, None) == DONE
    assert run(["new-key", str(folder / "theirs")]) == DONE
    assert predict(signed, folder / "theirs.pub") == BAD_INPUT
    assert "not of that key" in capsys.readouterr().err


def test_a_bundle_that_was_sealed_anew_is_not_taken_for_the_signed_one(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about = json.loads((signed / "model.json").read_text())
    about["title"] = "Another model"
    (signed / "model.json").write_text(json.dumps(about))
    seal(signed)
    # the manifest alone is content
    assert predict(signed, None) == DONE
    assert predict(signed, signed.parent / "ours.pub") == BAD_INPUT
    assert "the bundle was changed" in capsys.readouterr().err


@pytest.mark.parametrize("signature", [None, b"", b"x", b"\xff" * 99, b"A" * 88, b"A" * 100_000])
def test_no_signature_and_what_is_none(signature: bytes | None, signed: Path) -> None:
    (signed / "manifest.sig").unlink()
    if signature is not None:
        (signed / "manifest.sig").write_bytes(signature)
    assert predict(signed, signed.parent / "ours.pub") == BAD_INPUT
    assert predict(signed, None) == DONE


@pytest.mark.parametrize("key", [b"", b"x", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_is_refused(key: bytes, signed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = signed.parent / "bad.pub"
    file.write_bytes(key)
    assert predict(signed, file) == BAD_INPUT
    assert run(["sign", str(signed), "--key", str(file)]) == BAD_INPUT
    assert predict(signed, signed.parent / "ours.key") == BAD_INPUT
    assert predict(signed, signed.parent / "none.pub") == BAD_INPUT
    assert run(["sign", str(signed), "--key", str(signed.parent / "ours.pub")]) == BAD_INPUT
    assert capsys.readouterr().err.count("new-key NAME") == 5


def test_keys_are_never_overwritten_and_damaged_bundles_never_signed(signed: Path) -> None:
    key = (signed.parent / "ours.key").read_bytes()
    assert run(["new-key", str(signed.parent / "ours")]) == USAGE
    assert (signed.parent / "ours.key").read_bytes() == key
    (signed / "model.skops").write_bytes(b"x")
    assert run(["sign", str(signed), "--key", str(signed.parent / "ours.key")]) == BAD_INPUT


def test_without_the_library_it_is_named(
    signed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    assert predict(signed, signed.parent / "ours.pub") == BAD_INPUT
    assert "sonoher2[sign]" in capsys.readouterr().err


def test_a_second_run_that_makes_the_same_bundle_keeps_its_signature(signed: Path) -> None:
    schema = load_bundle(signed).schema
    model, reference = ((signed / name).read_bytes() for name in ("model.skops", "reference.parquet"))
    save_bundle(signed, model, schema, None, reference)
    assert not (signed / "manifest.sig").exists()
    assert run(["sign", str(signed), "--key", str(signed.parent / "ours.key")]) == DONE
    save_bundle(signed, model, schema, None, reference)
    assert predict(signed, signed.parent / "ours.pub") == DONE
