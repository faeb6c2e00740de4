"""Models whose nodes point outside themselves are refused before compiled code follows them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import skops.io

from sonoher2.bundle.indices import BadIndexError, check_indices, check_lightgbm
from sonoher2.bundle.skops_file import load_skops
from sonoher2.classifiers.candidates import candidates
from sonoher2.core.errors import InputError


def fitted(name: str, classes: int = 2) -> Any:
    rng = np.random.default_rng(0)
    return candidates([name], 0)[0].fit(rng.normal(size=(60, 4)), np.arange(60) % classes)


def refused(model: Any) -> None:
    with pytest.raises(InputError, match="points outside itself"):
        load_skops(skops.io.dumps(model), most_bytes=1 << 28)


@pytest.mark.parametrize("name", ["random-forest", "extra-trees"])
@pytest.mark.parametrize(
    ("field", "value"),
    [("left_child", 10**6), ("right_child", -5), ("left_child", 0), ("feature", 4), ("feature", -7), ("left_child", 2)],
)
def test_a_tree_that_points_nowhere(name: str, field: str, value: int) -> None:
    forest = fitted(name)
    tree = next(one.tree_ for one in forest.estimators_ if one.tree_.node_count > 4)
    state = tree.__getstate__()
    nodes = state["nodes"].copy()
    nodes[field][0] = value if value != 2 else nodes["right_child"][0]
    tree.__setstate__(state | {"nodes": nodes})
    refused(forest)


def test_a_tree_that_says_it_has_fewer_nodes() -> None:
    with ZipFile(io.BytesIO(skops.io.dumps(fitted("random-forest")))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    plan = json.loads(parts["schema.json"])

    def inflate(node: Any) -> None:
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            if key == "node_count":
                child["content"] = "1"
                child.pop("__id__", None)
            elif isinstance(child, dict | list):
                inflate(child)

    inflate(plan)
    data = io.BytesIO()
    with ZipFile(data, "w") as archive:
        for name, part in (parts | {"schema.json": json.dumps(plan).encode()}).items():
            archive.writestr(name, part)
    with pytest.raises(InputError, match="points outside itself"):
        load_skops(data.getvalue(), most_bytes=1 << 28)


def test_a_forest_of_fewer_features_than_its_trees() -> None:
    forest = fitted("random-forest")
    forest.n_features_in_ = 3
    refused(forest)


@pytest.mark.parametrize(
    "change",
    [
        {"_n_support": np.array([1000, 1000], np.int32)},
        {"_n_support": np.array([-1, 61], np.int32)},
        {"support_vectors_": np.zeros((3, 4))},
        {"_dual_coef_": np.zeros((1, 3))},
        {"_intercept_": np.zeros(0)},
        {"shape_fit_": (60, 2)},
        {"_sparse": True},
        {"kernel": "precomputed"},
    ],
)
def test_a_support_vector_machine_whose_arrays_do_not_fit(change: dict[str, Any]) -> None:
    machine = fitted("svm")
    for name, value in change.items():
        setattr(machine, name, value)
    refused(machine)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        # each fits everything but one: how many vectors a class has, the shape of an array, what is not needed
        ("_n_support", lambda counts: np.array([-1, counts.sum() + 1], np.int32)),
        ("_n_support", lambda counts: np.array([counts.sum()], np.int32)),
        ("_n_support", lambda counts: counts + np.array([0, 1], np.int32)),
        ("support_", lambda places: places[:-1]),
        ("_probA", lambda _: np.zeros(1)),
        ("_probB", lambda _: np.zeros(1)),
        ("dual_coef_", lambda weights: weights[:, :-1]),
        ("_dual_coef_", lambda weights: np.vstack([weights, weights])),
        ("_intercept_", lambda offsets: np.append(offsets, 0.0)),
        ("shape_fit_", lambda shape: (shape[0], shape[1] + 1)),
        ("n_features_in_", lambda number: number + 1),
        ("support_vectors_", lambda vectors: vectors[:, :-1]),
    ],
)
def test_a_support_vector_machine_that_fails_one_rule_alone(name: str, change: Callable[[Any], Any]) -> None:
    machine = fitted("svm")
    check_indices(machine)
    setattr(machine, name, change(getattr(machine, name)))
    with pytest.raises(BadIndexError):
        check_indices(machine)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("split_feature", "99"), ("split_feature", "-1"), ("left_child", "99"), ("left_child", "0"),
        ("right_child", "-99"), ("num_leaves", "1000000000"), ("num_leaves", "-1"), ("num_leaves", "3"),
        ("num_cat", "1"), ("is_linear", "1"), ("tree_sizes", "99999999"), ("tree_sizes", "1"), ("num_class", "5"),
        ("num_tree_per_iteration", "7"), ("max_feature_idx", "0"), ("objective", "multiclass num_class:900"),
        ("objective", "custom"),
    ],
)  # fmt: skip
def test_a_lightgbm_model_whose_text_does_not_fit(name: str, value: str, classes: int) -> None:
    text = fitted("lightgbm", classes).booster_.model_to_string()
    check_lightgbm(text)
    lines = text.split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith(f"{name}="))
    first, _, rest = lines[at].partition("=")[2].partition(" ")
    changed = value if name == "objective" else f"{value} {rest}".strip()
    same_length = changed.ljust(len(first) + (len(rest) + 1 if rest else 0))
    with pytest.raises((BadIndexError, ValueError)):
        check_lightgbm("\n".join([*lines[:at], f"{name}={same_length}", *lines[at + 1 :]]))


def test_a_lightgbm_model_is_looked_at_before_it_is_read() -> None:
    model = fitted("lightgbm")
    data = skops.io.dumps(model)
    with ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["schema.json"] = parts["schema.json"].replace(b"num_leaves=", b"num_leaves=9", 1)
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    with pytest.raises(InputError, match="points outside itself"):
        load_skops(out.getvalue(), most_bytes=1 << 28)


@pytest.mark.parametrize(
    ("name", "value"), [("left_children", 1000), ("right_children", -9), ("split_indices", 77), ("left_children", 0)]
)
def test_an_xgboost_model_that_points_nowhere(name: str, value: int) -> None:
    import xgboost

    booster = fitted("xgboost").get_booster()
    about = json.loads(booster.save_raw("json"))
    tree = next(t for t in about["learner"]["gradient_booster"]["model"]["trees"] if len(t["left_children"]) > 2)
    tree[name][0] = value
    changed = xgboost.Booster()
    try:
        changed.load_model(bytearray(json.dumps(about).encode()))
    except xgboost.core.XGBoostError:
        return
    with pytest.raises(BadIndexError):
        check_indices([changed])
