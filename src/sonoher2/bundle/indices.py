"""Whether the numbers by which fitted models find their way stay inside the models.

Trees and support vectors are walked by compiled code that does not ask whether the next node exists. A file with
right types and a node that points nowhere would end the process, or read memory that is not the model's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_LEAVES = 100_000


class BadIndexError(ValueError):
    """A model points outside itself."""


def _require(right: bool) -> None:
    if not right:
        raise BadIndexError("a model points outside itself")


def check_indices(model: Any) -> None:
    """Look at every forest, booster and support vector machine in a model that was read.

    Raises
    ------
    BadIndexError
        One points outside itself.
    """
    for part in _parts(model, set()):
        check = _CHECKS.get(f"{type(part).__module__}.{type(part).__name__}")
        if check is not None:
            check(part)


def _parts(thing: Any, seen: set[int]) -> Iterator[Any]:
    """Everything that a model consists of, each once."""
    if id(thing) in seen or isinstance(thing, str | bytes | int | float | np.ndarray | type(None)):
        return
    seen.add(id(thing))
    yield thing
    inside = list(thing) if isinstance(thing, list | tuple) else list(getattr(thing, "__dict__", {}).values())
    inside += list(thing.values()) if isinstance(thing, dict) else []
    for one in inside:
        yield from _parts(one, seen)


def _check_forest(forest: Any) -> None:
    for estimator in forest.estimators_:
        tree = estimator.tree_
        _require(tree.node_count == tree.capacity and tree.n_features == forest.n_features_in_)
        _require(tree.n_outputs == 1 and list(tree.n_classes) == [len(forest.classes_)])
        nodes = tree.__getstate__()["nodes"]
        leaf = nodes["left_child"] == -1
        _require(len(nodes) > 0 and bool((nodes["right_child"][leaf] == -1).all()))
        _check_children(nodes["left_child"], nodes["right_child"], ~leaf, len(nodes))
        _require(bool((nodes["feature"][~leaf] >= 0).all() and (nodes["feature"] < tree.n_features).all()))


def _check_children(left: NDArray[Any], right: NDArray[Any], inner: NDArray[np.bool_], count: int) -> None:
    """Each node but the first has one parent, and every child exists: then no way leads in a circle."""
    children = np.concatenate([left[inner], right[inner]]).astype(np.int64)
    _require(bool((children > 0).all() and (children < count).all()) and len(np.unique(children)) == len(children))


def _check_machine(machine: Any) -> None:
    vectors, classes = machine.support_vectors_, len(machine.classes_)
    counts = np.asarray(machine._n_support)
    _require(machine._sparse is False and machine.kernel in ("linear", "rbf"))
    _require(vectors.ndim == 2 and vectors.shape[1] == machine.n_features_in_ == machine.shape_fit_[1])
    _require(counts.shape == (classes,) and bool((counts >= 0).all()) and counts.sum() == len(vectors))
    pairs = classes * (classes - 1) // 2
    for weights, offsets in ((machine.dual_coef_, machine.intercept_), (machine._dual_coef_, machine._intercept_)):
        _require(weights.shape == (classes - 1, len(vectors)) and offsets.shape == (pairs,))
    _require(machine.support_.shape == (len(vectors),) and machine._probA.size == machine._probB.size == 0)


def _check_xgboost(booster: Any) -> None:
    about = json.loads(booster.save_raw("json"))["learner"]
    features = int(about["learner_model_param"]["num_feature"])
    groups = max(int(about["learner_model_param"]["num_class"]), 1)
    model = about["gradient_booster"]["model"]
    _require(all(0 <= group < groups for group in model["tree_info"]))
    for tree in model["trees"]:
        left, right = np.array(tree["left_children"]), np.array(tree["right_children"])
        _require(len(left) == len(right) == len(tree["split_indices"]) == int(tree["tree_param"]["num_nodes"]) > 0)
        _require(bool((right[left == -1] == -1).all()) and not any(tree["split_type"]))
        _check_children(left, right, left != -1, len(left))
        _require(all(0 <= feature < features for feature in tree["split_indices"]))


_CHECKS: dict[str, Callable[[Any], None]] = {
    "sklearn.ensemble._forest.RandomForestClassifier": _check_forest,
    "sklearn.ensemble._forest.ExtraTreesClassifier": _check_forest,
    "sklearn.svm._classes.SVC": _check_machine,
    "xgboost.core.Booster": _check_xgboost,
}


def check_lightgbm(text: str) -> None:
    """Check a LightGBM model before it is read: its reader trusts the lengths that the text states.

    Parameters
    ----------
    text
        As `Booster.model_to_string` writes it.

    Raises
    ------
    BadIndexError
        Lengths, children or features do not fit.
    """
    data = text.encode()
    head, found, _ = data.partition(b"\nTree=0\n")
    about = _lines(head)
    sizes = [int(size) for size in about.get("tree_sizes", "").split()]
    classes, features = int(about["num_class"]), int(about["max_feature_idx"]) + 1
    objective = about.get("objective", "")
    single = classes == 1 and re.fullmatch(r"binary sigmoid:1", objective)
    _require(bool(single) or (classes > 2 and objective == f"multiclass num_class:{classes}"))
    _require(int(about["num_tree_per_iteration"]) == classes and len(sizes) % classes == 0)
    _require(bool(found) == bool(sizes) and all(size > 0 for size in sizes))
    start = len(head) + 1
    for number, size in enumerate(sizes):
        block = data[start : start + size]
        _require(len(block) == size and block.startswith(f"Tree={number}\n".encode()) and block.count(b"Tree=") == 1)
        _check_lightgbm_tree(_lines(block), features)
        start += size
    _require(not sizes or data[start:].lstrip(b"\n").startswith(b"end of trees"))


def _lines(block: bytes) -> dict[str, str]:
    pairs = [line.partition("=") for line in block.decode().split("\n")]
    found = {key: value for key, _, value in pairs if key}
    _require(len(found) == sum(bool(key) for key, _, _ in pairs))
    return found


def _check_lightgbm_tree(tree: dict[str, str], features: int) -> None:
    leaves = int(tree["num_leaves"])
    _require(0 < leaves <= MOST_LEAVES and tree["num_cat"] == "0" and tree.get("is_linear", "0") == "0")
    _require(len(tree["leaf_value"].split()) == leaves)
    if leaves == 1:
        return
    for name in ("split_feature", "threshold", "decision_type", "left_child", "right_child"):
        _require(len(tree[name].split()) == leaves - 1)
    left, right, feature = (
        np.array(tree[name].split(), np.int64) for name in ("left_child", "right_child", "split_feature")
    )
    # leaves have negative numbers, -1 the first; together they are one tree when each has one parent
    children = np.concatenate([left, right])
    _require(bool((children >= -leaves).all() and (children < leaves - 1).all() and (children != 0).all()))
    _require(len(np.unique(children)) == len(children))
    _require(bool((feature >= 0).all() and (feature < features).all()))
