"""Bundles that no run wrote, each with right hashes: none opens a file, calls anything or ends in a traceback."""

from __future__ import annotations

import builtins
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import skops.io

from sonoher2.bundle.load import load_bundle
from sonoher2.bundle.skops_file import load_skops
from sonoher2.bundle.stable import stable_bytes
from sonoher2.classifiers.candidates import candidates
from sonoher2.config.models import ALL_MODELS
from sonoher2.core.errors import InputError
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.selection.reduce import EarlyFusion, PrincipalComponents

HEALTHY = Path(__file__).parents[1] / "field" / "faults" / "bundle_unlisted_model"
PARTS = ("model.skops", "model.json", "reference.parquet")
JSON = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "is_json": True}


def seal(folder: Path, *names: str) -> None:
    """Write a manifest whose hashes are right."""
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names or PARTS}
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "files": files}))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    shutil.copytree(HEALTHY, folder)
    seal(folder)
    return folder


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_bundle(folder)
    said = str(caught.value)
    assert str(folder) in said
    assert "\n" not in said
    return said


def members(folder: Path) -> dict[str, bytes]:
    with ZipFile(folder / "model.skops") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def repack(folder: Path, parts: dict[str, bytes], name: str = "model.skops") -> None:
    with ZipFile(folder / name, "w", ZIP_DEFLATED) as archive:
        for member, data in parts.items():
            archive.writestr(member, data)
    seal(folder)


def change_plan(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    parts = members(folder)
    plan = json.loads(parts["schema.json"])
    change(plan)
    repack(folder, parts | {"schema.json": json.dumps(plan).encode()})


def value(content: object) -> dict[str, Any]:
    return JSON | {"content": json.dumps(content)}


def node(loader: str, made: str, **rest: Any) -> dict[str, Any]:
    module, _, name = made.rpartition(".")
    return {"__class__": name, "__module__": module, "__loader__": loader, **rest}


def several(*contents: object, loader: str = "TupleNode", made: str = "builtins.tuple") -> dict[str, Any]:
    return node(loader, made, content=[value(one) for one in contents])


def with_attribute(plan: dict[str, Any], name: str, attribute: dict[str, Any]) -> None:
    attributes = plan["content"]
    attributes["content"][name] = attribute
    attributes["key_types"]["content"].append(node("TypeNode", "builtins.str"))


def test_the_bundle_that_the_others_are_made_from_is_whole(bundle: Path) -> None:
    assert load_bundle(bundle).schema.signatures
    change_plan(bundle, lambda plan: None)
    assert load_bundle(bundle).schema.signatures


BOOSTERS = ("lightgbm.basic.Booster", "xgboost.core.Booster")
PATH = "/etc/hostname"
WITH_A_PATH = {
    "constructor, third": node("ConstructorFromReduceNode", BOOSTERS[0], content=several(None, None, PATH)),
    "constructor, xgboost": node("ConstructorFromReduceNode", BOOSTERS[1], content=several(None, [], PATH)),
    "list": several(PATH, loader="ListNode", made=BOOSTERS[1]),
    "tuple": several(PATH, loader="TupleNode", made=BOOSTERS[0]),
    "set": several(PATH, loader="SetNode", made="builtins.set"),
    "number": node("NdArrayNode", BOOSTERS[1], type="numpy", file="0.npy"),
    "key": node(
        "DictNode",
        "builtins.dict",
        content={PATH: value(1)},
        key_types=node("ListNode", "builtins.list", content=[node("TypeNode", BOOSTERS[0])]),
    ),
    "dict": node("DictNode", BOOSTERS[0], content={}, key_types=several(loader="ListNode", made="builtins.list")),
    "type": node("TypeNode", BOOSTERS[0]),
    "function": node("FunctionNode", "scipy.special._basic.factorial"),
    "os function": node("FunctionNode", "os.listdir"),
    "method": node("MethodNode", "builtins.str", content={"func": "format", "obj": value("x")}),
    "partial": node(
        "PartialNode",
        "functools.partial",
        content={
            "func": node("TypeNode", "builtins.list"),
            "args": several(1),
            "kwds": value(1),
            "namespace": value(1),
        },
    ),
    "operator": node("OperatorFuncNode", "operator.attrgetter", attrs=several("x")),
    "zone": node("ConstructorFromReduceNode", "zoneinfo.ZoneInfo", content=several("Europe/Paris")),
    "random": node("RandomStateNode", BOOSTERS[1], content=value(1)),
    "tree": node("TreeNode", BOOSTERS[0], content=value(1), __reduce__={"args": several(PATH)}),
    "reads files": node(
        "ObjectNode",
        "sklearn.feature_extraction.text.CountVectorizer",
        content=node(
            "DictNode",
            "builtins.dict",
            content={"input": value("filename")},
            key_types=node("ListNode", "builtins.list", content=[node("TypeNode", "builtins.str")]),
        ),
    ),
    "cached": node("CachedNode", "builtins.str", __id__=1),
    "sparse": node("SparseMatrixNode", "scipy.sparse._csr.csr_matrix", type="scipy", file="0.npy"),
}


@pytest.mark.parametrize("name", WITH_A_PATH)
@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_nothing_is_called_with_what_a_file_says(
    name: str, protocol: int, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(plan: dict[str, Any]) -> None:
        plan["protocol"] = protocol
        with_attribute(plan, "zz_", WITH_A_PATH[name])

    change_plan(bundle, spoil)
    opened: list[str] = []
    for module, function in ((builtins, "open"), (io, "open"), (os, "open")):
        real = getattr(module, function)

        def noted(file: Any, *rest: Any, real: Callable[..., Any] = real, **options: Any) -> Any:
            opened.append(str(file))
            return real(file, *rest, **options)

        monkeypatch.setattr(module, function, noted)
    said = refused(bundle)
    assert "no model of SonoHER2" in said or "version" in said
    assert all(str(bundle) in file for file in opened)


def test_one_number_cannot_stand_for_two_objects(bundle: Path) -> None:
    """For skops the second is the first, whatever it says: a harmless one could stand for a harmful one."""

    def spoil(plan: dict[str, Any]) -> None:
        with_attribute(plan, "first_", value("a") | {"__id__": 10**6})
        with_attribute(plan, "second_", value("b") | {"__id__": 10**6})

    change_plan(bundle, spoil)
    assert "two things of one object" in refused(bundle)


def test_an_object_inside_itself_is_refused(bundle: Path) -> None:
    inner = several(loader="ListNode", made="builtins.list") | {"__id__": 10**6}
    outer = node("ListNode", "builtins.list", content=[inner], __id__=10**6)
    change_plan(bundle, lambda plan: with_attribute(plan, "zz_", outer))
    assert "two things of one object" in refused(bundle)


@pytest.mark.parametrize(
    "rest", [{"content": 5}, {"content": {}}, {"content": "x"}, {}, {"content": [5]}, {"content": [None], "more": 1}]
)
def test_a_list_of_another_form_is_refused(rest: dict[str, Any], bundle: Path) -> None:
    change_plan(bundle, lambda plan: with_attribute(plan, "zz_", node("ListNode", "builtins.list", **rest)))
    refused(bundle)


@pytest.mark.parametrize("plan", [b"[]", b"5", b"{", b"null", b"\xff", b"[" * 100000, b'{"protocol": 2}'])
def test_a_plan_of_another_form_is_refused(plan: bytes, bundle: Path) -> None:
    repack(bundle, members(bundle) | {"schema.json": plan})
    refused(bundle)


def test_depth_of_a_plan_has_a_limit(bundle: Path) -> None:
    deep = value(1)
    for _ in range(100):
        deep = node("ListNode", "builtins.list", content=[deep])
    change_plan(bundle, lambda plan: with_attribute(plan, "zz_", deep))
    assert "60 levels" in refused(bundle)


def npy(shape: str, numbers: bytes = b"\0" * 64, descr: str = "'<f8'") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (118 - len(header) - 1) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + numbers


@pytest.mark.parametrize(
    "array",
    [
        npy("(400000000,)"),
        npy("(99999999999999999999999,)"),
        npy("(7,)"),
        npy("(9,)"),
        npy("(-8,)"),
        npy("(1000000000000,)", b"", "'V0'"),
        npy("(8,)", descr="'|O'"),
        npy("(0,)", b"", "'|O'"),
        npy("(0, -8)", b""),
        npy("8"),
        npy("(8,)", descr="5"),
        npy("(8,)")[:90],
        b"\x93NUMPY\x09\x00" + npy("(8,)")[8:],
        b"",
        b"no array",
    ],
)
def test_an_array_must_hold_what_its_header_says(array: bytes, bundle: Path) -> None:
    parts = members(bundle)
    repack(bundle, parts | {next(name for name in parts if name.endswith(".npy")): array})
    refused(bundle)


def test_what_is_packed_small_is_measured_unpacked(bundle: Path) -> None:
    parts = members(bundle)
    repack(bundle, parts | {"1000.npy": bytes(300 << 20)})
    assert "256 MB" in refused(bundle)


def test_a_part_that_is_named_too_often_is_refused(bundle: Path) -> None:
    parts = members(bundle)
    big = io.BytesIO()
    np.save(big, np.zeros(4 << 20))
    plan = json.loads(parts["schema.json"])
    for number in range(9):
        with_attribute(plan, f"zz{number}_", node("NdArrayNode", "numpy.ndarray", type="numpy", file="1000.npy"))
    repack(bundle, parts | {"1000.npy": big.getvalue(), "schema.json": json.dumps(plan).encode()})
    assert "too often" in refused(bundle)


@pytest.mark.parametrize("data", [b"hello", b"", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" + bytes(100)])
@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_something_else_is_refused(name: str, data: bytes, bundle: Path) -> None:
    (bundle / name).write_bytes(data)
    seal(bundle)
    refused(bundle)


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_part_that_is_cut_off_is_refused(name: str, share: float, bundle: Path) -> None:
    data = (bundle / name).read_bytes()
    (bundle / name).write_bytes(data[: int(len(data) * share)])
    seal(bundle)
    refused(bundle)


@pytest.mark.parametrize(
    "manifest",
    [
        "[1]", "5", '"x"', "null", "true", "{}", "", "{", "[" * 100000, '{"format": 1}', '{"files": {}}',
        '{"format": 1, "files": []}', '{"format": 1, "files": "model.skops"}', '{"format": 1, "files": null}',
        '{"format": 1, "files": {}}', '{"format": 1, "files": {"model.skops": 5, "model.json": null}}',
        '{"format": 1, "files": {"model.skops": [], "model.json": {}}}', '{"format": true, "files": {}}',
        '{"format": [1], "files": {}}', '{"format": 2, "files": {}}', '{"format": "1", "files": {}}',
        '{"format": 1, "files": {"model.skops": "x", "model.json": "x"}}',
    ],
)  # fmt: skip
def test_a_manifest_of_another_form_is_refused(manifest: str, bundle: Path) -> None:
    (bundle / "manifest.json").write_text(manifest)
    refused(bundle)


@pytest.mark.parametrize("other", ["/etc/passwd", "../other", "sub/model.skops", "C:\\x", "a\0b", "", ".", "card.md"])
def test_a_manifest_names_no_other_file(other: str, bundle: Path) -> None:
    about = json.loads((bundle / "manifest.json").read_text())
    about["files"][other] = "0" * 64
    (bundle / "manifest.json").write_text(json.dumps(about))
    assert "no other files" in refused(bundle)


@pytest.mark.parametrize("left_out", PARTS)
def test_a_part_that_is_read_must_be_listed(left_out: str, bundle: Path) -> None:
    seal(bundle, *(name for name in PARTS if name != left_out))
    refused(bundle)
    if left_out == "reference.parquet":
        (bundle / left_out).unlink()
        assert load_bundle(bundle).reference is None


@pytest.mark.parametrize("gone", [*PARTS, "manifest.json"])
def test_a_part_that_is_missing_is_refused(gone: str, bundle: Path) -> None:
    (bundle / gone).unlink()
    refused(bundle)
    (bundle / gone).mkdir()
    refused(bundle)


def test_a_part_that_never_ends_is_not_read(bundle: Path) -> None:
    (bundle / "model.skops").unlink()
    os.mkfifo(bundle / "model.skops")
    refused(bundle)


def test_a_part_over_its_limit_is_not_read(bundle: Path) -> None:
    with (bundle / "reference.parquet").open("wb") as file:
        file.truncate(65 << 20)
    assert "larger than 64 MB" in refused(bundle)


def change_schema(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    about = json.loads((folder / "model.json").read_text())
    change(about)
    (folder / "model.json").write_text(json.dumps(about))
    seal(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.update(signatures=["Nobody"]),
        lambda s: s.update(signatures=[]),
        lambda s: s.update(main="Nobody"),
        lambda s: s.update(thresholds={}),
        lambda s: s["thresholds"].popitem(),
        lambda s: s["thresholds"].update({name: {} for name in s["thresholds"]}),
        lambda s: s["thresholds"].update({name: {"x": 0.5} for name in s["thresholds"]}),
        lambda s: s["thresholds"].update({name: {s["classes"][1]: float("nan")} for name in s["thresholds"]}),
        lambda s: s.update(classes=["one"]),
        lambda s: s.update(classes=[]),
        lambda s: s.update(classes=["a", "a"]),
        lambda s: s.update(classes=["a", "b"]),
        lambda s: s.update(classes=["a", "b", "c"]),
        lambda s: s.update(clinical={}),
        lambda s: s["clinical"]["age"].update(kind="category"),
        lambda s: s.update(reading=None),
        lambda s: s.update(radiomics=None),
        lambda s: s.update(reading=None, radiomics=None),
        lambda s: s.update(radiomics={"filters": ["square"]}),
        lambda s: s.update(deep={"network": ["ResNet18"], "weights": "none"}),
        lambda s: s.update(deep={"network": ["ResNet18"], "weights": "/etc/hostname"}),
        lambda s: s.update(uncertainty={"Nobody": next(iter(s["uncertainty"].values()))}),
        lambda s: [one.update(limits=[0.5]) for one in s["uncertainty"].values()],
        lambda s: [one.update(rule_in={}) for one in s["uncertainty"].values()],
        lambda s: [one.update(rule_out={"x": 1.0}) for one in s["uncertainty"].values()],
        lambda s: s.update(training_patients={"x": 3}),
        lambda s: s.update(format=2),
        lambda s: s.pop("title"),
        lambda s: s.update(extra=1),
    ],
)
def test_a_schema_of_another_model_is_refused(change: Callable[[dict[str, Any]], object], bundle: Path) -> None:
    change_schema(bundle, change)
    refused(bundle)


@pytest.mark.parametrize("name", ["classes_", "fitted_"])
@pytest.mark.parametrize("other", ["x", 5, None])
def test_a_model_whose_parts_are_of_another_kind_is_refused(name: str, other: object, bundle: Path) -> None:
    change_plan(bundle, lambda plan: plan["content"]["content"].update({name: value(other)}))
    refused(bundle)


def test_training_cases_of_another_form_are_refused(bundle: Path) -> None:
    whole = pd.read_parquet(bundle / "reference.parquet")
    column = next(name for name in whole.columns if name[0] == "score")
    wrong = {
        "other classes": whole.copy(),
        "no scores": whole.drop(columns=[name for name in whole.columns if name[0] == "score"]),
        "not a number": whole.astype({column: float}),
        "a column less": whole.drop(columns=[whole.columns[-1]]),
    }
    wrong["other classes"][whole.columns[0]] = "x"
    wrong["not a number"][column] = np.nan
    for table in wrong.values():
        table.to_parquet(bundle / "reference.parquet")
        seal(bundle)
        refused(bundle)


def test_few_bytes_that_stand_for_many_rows_are_refused(bundle: Path) -> None:
    pq.write_table(pa.table({"x": pa.array(np.zeros(30_000_000, np.int8))}), bundle / "reference.parquet")
    seal(bundle)
    assert (bundle / "reference.parquet").stat().st_size < 1 << 20
    assert "cells" in refused(bundle)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", ALL_MODELS)
def test_every_model_of_the_zoo_is_let_through(name: str, classes: int) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)), np.arange(60) % classes
    fitted = candidates([name], 0)[0].fit(X, y)
    data = skops.io.dumps(fitted)
    for form in (data, stable_bytes(data)):
        assert np.array_equal(load_skops(form, most_bytes=1 << 28).predict(X), fitted.predict(X))


@pytest.mark.parametrize("step", [PrincipalComponents(3), EarlyFusion(prefix="deep_"), SelectionPipeline()])
def test_every_way_to_reduce_features_is_let_through(step: Any) -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 8)), columns=[*"abcd", *(f"deep_{k}" for k in range(4))])
    y = (X["a"] + X["deep_0"] > 0).to_numpy(np.int64)
    fitted = step.fit(X, y)
    opened = load_skops(stable_bytes(skops.io.dumps(fitted)), most_bytes=1 << 28)
    pd.testing.assert_frame_equal(opened.transform(X), fitted.transform(X))
