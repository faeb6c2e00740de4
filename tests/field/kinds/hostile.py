"""Damaged and hostile bundles and study files."""

from __future__ import annotations

from pathlib import Path

from field.command import BAD_INPUT, Outcome, sonoher2


def refused(*arguments: object) -> Outcome:
    done = sonoher2(*arguments)
    assert done.code == BAD_INPUT, done.text
    assert not done.out
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err
    return done


def predict(bundle: Path) -> Outcome:
    done = refused("predict", bundle, "--clinical", "age=50")
    assert str(bundle) in done.err
    return done


def faults_bundle_array_header(folder: Path) -> None:
    assert "header" in predict(folder).err


def faults_bundle_manifest_shape(folder: Path) -> None:
    assert "this is no bundle" in predict(folder).err


def faults_bundle_model_damaged(folder: Path) -> None:
    assert "damaged" in predict(folder).err


def faults_bundle_reads_named_file(folder: Path) -> None:
    assert "no model of SonoHER2 is written in" in predict(folder).err


def faults_bundle_schema_inconsistent(folder: Path) -> None:
    assert "do not belong together" in predict(folder).err


def faults_bundle_unlisted_model(folder: Path) -> None:
    assert "model.skops" in predict(folder).err


def faults_yaml_bad_typed_scalar(folder: Path) -> None:
    assert "study.yaml, line 2" in refused("check", folder / "study.yaml").err


def faults_yaml_deep(folder: Path) -> None:
    assert "nested" in refused("check", folder / "study.yaml").err


def faults_yaml_huge_number(folder: Path) -> None:
    assert "study.yaml, line 1" in refused("check", folder / "study.yaml").err


def faults_yaml_key_not_text(folder: Path) -> None:
    assert "study.yaml, line 1" in refused("check", folder / "study.yaml").err
