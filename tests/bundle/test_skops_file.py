"""The plan of a skops file: each limit and each form on plans of a few nodes."""

from __future__ import annotations

import io
import json
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_STORED, ZipFile

import numpy as np
import pytest
import skops.io

from sonoher2.bundle import skops_file
from sonoher2.bundle.skops_file import check_array, load_skops
from sonoher2.core.errors import InputError


def word(content: str, **more: Any) -> dict[str, Any]:
    return {
        "__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "is_json": True,
        "content": json.dumps(content), **more,
    }  # fmt: skip


def listed(*content: Any, **more: Any) -> dict[str, Any]:
    return {
        "__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": list(content), **more,
    }  # fmt: skip


def packed(root: Any, kind: int = ZIP_STORED, **parts: bytes) -> bytes:
    data = io.BytesIO()
    with ZipFile(data, "w", kind) as archive:
        archive.writestr("schema.json", json.dumps(root))
        for name, part in parts.items():
            archive.writestr(name, part)
    return data.getvalue()


def loaded(root: dict[str, Any], **more: Any) -> Any:
    return load_skops(packed({"protocol": 2, "_skops_version": "0.16", **root}, **more), most_bytes=10_000)


def said(root: dict[str, Any], **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        loaded(root, **more)
    return caught.value.what


def test_a_plan_of_words_is_read() -> None:
    assert loaded(listed(word("a"), listed(word("b"), word("c")))) == ["a", ["b", "c"]]
    assert loaded(listed(word("a", __id__=1), word("a", __id__=1))) == ["a", "a"]


def test_objects_and_levels_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skops_file, "MOST_NODES", 4)
    monkeypatch.setattr(skops_file, "MOST_LEVELS", 3)
    limits = "the file has more than 4 objects or 3 levels"
    assert loaded(listed(word("a"), word("b"), word("c"))) == ["a", "b", "c"]
    assert said(listed(word("a"), word("b"), word("c"), word("d"))) == limits
    assert loaded(listed(listed(word("a")))) == [["a"]]
    assert said(listed(listed(listed(word("a"))))) == limits


@pytest.mark.parametrize("protocol", [0, 3, True, None])
def test_other_versions_are_refused(protocol: Any) -> None:
    assert said(listed() | {"protocol": protocol}) == "the file is of another version of skops"
    assert loaded(listed() | {"protocol": 1}) == []


def test_one_number_is_one_object_down_to_its_last_part() -> None:
    twice = "the file says two things of one object"
    assert said(listed(word("a", __id__=1), word("b", __id__=1))) == twice
    # the same but for what lies deepest
    one, other = (listed(listed(word(text)), __id__=7) for text in "ab")
    assert said(listed(one, other)) == twice
    assert said(listed(word("a", __id__="1"))) == twice


@pytest.mark.parametrize("node", [5, {}, word("a") | {"__loader__": 5}, {"__class__": "str", "__module__": "builtins"}])
def test_what_is_no_node_is_refused(node: Any) -> None:
    assert said(listed(node)) == "the file holds something that is no object"


def test_a_value_is_one_word_or_number() -> None:
    for content in ("[1]", "{}"):
        assert said(listed(word("a") | {"content": content})) == (
            "the file holds a value that is no number, word or truth value"
        )


def test_parts_that_no_bundle_has() -> None:
    data = io.BytesIO()
    with ZipFile(data, "w") as archive:
        archive.writestr("schema.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("schema.json", "{}")
    with pytest.raises(InputError, match="has two parts of one name"):
        load_skops(data.getvalue(), most_bytes=10_000)
    assert said(listed(), kind=ZIP_BZIP2) == "the file is packed in a way that no bundle is"
    assert said(listed(), more=bytes(10_000)) == "the file is larger than 0 MB when unpacked"
    with pytest.raises(InputError, match=r"has no plan \(schema\.json\), or one of more than 64 MB"):
        load_skops(packed({}).replace(b"schema.json", b"schema.jsox"), most_bytes=10_000)


def test_a_plan_has_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    root = {"protocol": 2, **listed()}
    size = len(json.dumps(root))
    monkeypatch.setattr(skops_file, "MOST_SCHEMA_BYTES", size)
    assert load_skops(packed(root), most_bytes=size) == []
    monkeypatch.setattr(skops_file, "MOST_SCHEMA_BYTES", size - 1)
    with pytest.raises(InputError, match="has no plan"):
        load_skops(packed(root), most_bytes=size)


def test_an_array_is_counted_as_often_as_it_is_named() -> None:
    array = {"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode", "type": "numpy"}
    data = io.BytesIO()
    np.save(data, np.arange(500.0))
    twice = listed(array | {"file": "a.npy"}, array | {"file": "a.npy"})
    root = {"protocol": 2, "_skops_version": "0.16", **twice}
    most = 2 * len(data.getvalue())
    found = load_skops(packed(root, **{"a.npy": data.getvalue()}), most_bytes=most)
    assert [one.tolist() for one in found] == [list(range(500))] * 2
    with pytest.raises(InputError, match="uses its parts too often"):
        load_skops(packed(root, **{"a.npy": data.getvalue()}), most_bytes=most - 1)
    for wrong in ({"file": "b.npy"}, {"file": 5}, {"file": "a.npy", "type": "json"}):
        assert (
            said(listed(array | wrong), **{"a.npy": data.getvalue()}) == "the file names a part that it does not have"
        )


def test_arrays_of_every_shape_are_what_their_header_says() -> None:
    for value in (np.float64(3), np.zeros((0, 3)), np.zeros((2, 3), np.int8), np.zeros(2, "U3")):
        data = io.BytesIO()
        np.save(data, value)
        check_array(data.getvalue())
        with pytest.raises(InputError, match="header and numbers do not fit"):
            check_array(data.getvalue() + b"x")
    version_two = io.BytesIO()
    np.lib.format.write_array(version_two, np.arange(3), version=(2, 0))
    check_array(version_two.getvalue())
    with pytest.raises(InputError, match="unknown version"):
        check_array(version_two.getvalue().replace(b"NUMPY\x02", b"NUMPY\x03"))


def test_what_skops_writes_of_plain_things_is_let_through() -> None:
    whole = {"a": [1, 2.5, None, True, "x"], "b": (np.arange(3), np.float32(2)), 3: bytearray(b"xy")}
    back = load_skops(skops.io.dumps(whole), most_bytes=1 << 20)
    assert back["a"] == whole["a"]
    assert back["b"][0].tolist() == [0, 1, 2]
    assert back[3] == bytearray(b"xy")
