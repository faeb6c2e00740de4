"""Reading a skops file that anybody may have written: its plan is looked at before anything is made from it.

skops checks the names of types, but not what a type is made with: a file may have it call a trusted class with a path,
and that class then opens the file of that name. So only the few shapes are let through that our own models are written
in. In them nothing is called with what the file says: objects are made empty and get their state, LightGBM's and
XGBoost's from their own bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np

from sonoher2.bundle.indices import BadIndexError, check_indices, check_lightgbm
from sonoher2.bundle.skops_library import skops_io
from sonoher2.bundle.stable import at_home
from sonoher2.bundle.type_names import HOMES, TRUSTED_TYPES
from sonoher2.core.errors import InputError

SCHEMA = "schema.json"
MOST_SCHEMA_BYTES = 64 << 20
MOST_NODES = 300_000
MOST_LEVELS = 60
"""Limits of the plan. A random forest of 250 trees has 6,000 nodes and 1.5 MB; our models have some 20 levels."""
AGAIN = "Use the folder `bundle` that `sonoher2 run` wrote, unchanged"

_WORDS = frozenset({"builtins.str", "builtins.int", "builtins.float", "builtins.bool"})
_NUMBERS = frozenset(
    f"numpy.{name}"
    for name in ("bool", "bool_", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint32", "uint64")
)
_ESTIMATORS = frozenset(
    f"sklearn.{name}"
    for name in (
        "decomposition._pca.PCA",
        "ensemble._forest.ExtraTreesClassifier",
        "ensemble._forest.RandomForestClassifier",
        "linear_model._logistic.LogisticRegression",
        "linear_model._ridge.RidgeClassifier",
        "linear_model._ridge.RidgeClassifierCV",
        "neural_network._multilayer_perceptron.MLPClassifier",
        "preprocessing._label.LabelBinarizer",
        "preprocessing._label.LabelEncoder",
        "svm._classes.SVC",
        "tree._classes.DecisionTreeClassifier",
        "tree._classes.ExtraTreeClassifier",
    )
)
_OBJECTS = _ESTIMATORS | set(TRUSTED_TYPES) - {"collections.OrderedDict", "sklearn.tree._tree.Tree"}

# by kind of node: the keys that it has, and the types that it may make
_SHAPES: dict[str, tuple[tuple[frozenset[str], ...], frozenset[str]]] = {
    "JsonNode": ((frozenset({"content", "is_json"}),), frozenset({"builtins.str"})),
    "TypeNode": ((frozenset(),), _WORDS | _NUMBERS | {"collections.OrderedDict"}),
    "DictNode": ((frozenset({"content", "key_types"}),), frozenset({"builtins.dict", "collections.OrderedDict"})),
    "DefaultDictNode": ((frozenset({"content"}),), frozenset({"collections.defaultdict"})),
    "ListNode": ((frozenset({"content"}),), frozenset({"builtins.list"})),
    "TupleNode": ((frozenset({"content"}),), frozenset({"builtins.tuple"})),
    "NdArrayNode": (
        (frozenset({"type", "file"}), frozenset({"type", "content", "shape"})),
        _NUMBERS | {"numpy.ndarray"},
    ),
    "BytearrayNode": ((frozenset({"file"}),), frozenset({"builtins.bytearray"})),
    "RandomStateNode": ((frozenset({"content"}),), frozenset({"numpy.random.mtrand.RandomState"})),
    "TreeNode": ((frozenset({"__reduce__", "content"}),), frozenset({"sklearn.tree._tree.Tree"})),
    "ObjectNode": ((frozenset({"content"}),), frozenset(_OBJECTS)),
}
_OF_EVERY_NODE = {"__class__", "__module__", "__loader__", "__id__"}
_OF_THE_ROOT = {"protocol", "_skops_version"}


def load_skops(data: bytes, *, most_bytes: int) -> Any:
    """Make what a skops file describes, if it describes nothing but what our own models are made of.

    Parameters
    ----------
    data
        The file.
    most_bytes
        Limit of all its parts together, unpacked.

    Raises
    ------
    InputError
        The file is damaged, too large, or describes something else.
    """
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            _check_plan(archive, most_bytes)
        made = skops_io().loads(at_home(data), trusted=[*TRUSTED_TYPES, *_ESTIMATORS])
        check_indices(made)
        return made
    except InputError:
        raise
    except (BadZipFile, KeyError, EOFError):
        raise InputError("the file is damaged", fix=AGAIN) from None
    except BadIndexError:
        raise InputError("a model in the file points outside itself", fix=AGAIN) from None
    # libraries make the parts from their own bytes; what those raise for bytes that they did not write is anything
    except Exception as error:
        raise InputError(f"the file cannot be read ({type(error).__name__})", fix=AGAIN) from None


def _refused(what: str) -> InputError:
    return InputError(f"the file {what}", fix=AGAIN)


def _check_plan(archive: ZipFile, most_bytes: int) -> None:
    parts = _parts(archive, most_bytes)
    if SCHEMA not in parts or parts[SCHEMA].file_size > MOST_SCHEMA_BYTES:
        raise _refused(f"has no plan ({SCHEMA}), or one of more than {MOST_SCHEMA_BYTES >> 20} MB")
    root = json.loads(archive.read(SCHEMA))
    if not isinstance(root, dict) or root.get("protocol") not in (1, 2) or isinstance(root["protocol"], bool):
        raise _refused("is of another version of skops")
    _Plan(archive, parts, most_bytes).check({key: value for key, value in root.items() if key not in _OF_THE_ROOT})


def _parts(archive: ZipFile, most_bytes: int) -> dict[str, ZipInfo]:
    infos = archive.infolist()
    parts = {info.filename: info for info in infos}
    if len(parts) != len(infos):
        raise _refused("has two parts of one name")
    if sum(info.file_size for info in infos) > most_bytes:
        raise _refused(f"is larger than {most_bytes >> 20} MB when unpacked")
    if any(info.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or info.flag_bits & 1 for info in infos):
        raise _refused("is packed in a way that no bundle is")
    return parts


class _Plan:
    """The tree of nodes, each looked at once."""

    def __init__(self, archive: ZipFile, parts: dict[str, ZipInfo], most_bytes: int) -> None:
        self._archive, self._parts, self._bytes_left = archive, parts, most_bytes
        self._nodes = 0
        self._known: dict[int, bytes] = {}

    def check(self, node: Any, level: int = 1) -> bytes:
        """Check a node and all below it; returns the hash of what it makes."""
        self._nodes += 1
        if self._nodes > MOST_NODES or level > MOST_LEVELS:
            raise _refused(f"has more than {MOST_NODES:,} objects or {MOST_LEVELS} levels")
        if not isinstance(node, dict) or not all(isinstance(node.get(key), str) for key in _NAMES):
            raise _refused("holds something that is no object")
        kind, written = node["__loader__"], f"{node['__module__']}.{node['__class__']}"
        made = HOMES.get(written, written)
        keys, types = _SHAPES.get(kind, ((), frozenset()))
        own = frozenset(node) - _OF_EVERY_NODE
        if own not in keys or made not in types:
            raise _refused(f"holds a {made} in a form ({kind}) that no model of SonoHER2 is written in")
        if made == "lightgbm.basic.Booster":
            _check_booster(node)
        digest = hashlib.blake2b(f"{kind} {made}".encode(), digest_size=16)
        for part in self._content(kind, node, level):
            digest.update(part)
        return self._of_one_number(node, digest.digest())

    def _of_one_number(self, node: dict[str, Any], digest: bytes) -> bytes:
        """For skops two nodes of one number are one object, whatever the second says: they must say the same."""
        number = node.get("__id__")
        if number is None:
            return digest
        if not isinstance(number, int) or self._known.setdefault(number, digest) != digest:
            raise _refused("says two things of one object")
        return digest

    def _content(self, kind: str, node: dict[str, Any], level: int) -> Iterator[bytes]:
        if kind == "JsonNode":
            yield _scalar(node)
        elif "file" in node:
            yield self._file(node["file"], array=kind == "NdArrayNode", form=node.get("type"))
        elif kind == "TreeNode":
            if set(node["__reduce__"]) != {"args"}:
                raise _refused("holds a tree in a form that no model of SonoHER2 is written in")
            yield self.check(node["__reduce__"]["args"], level + 1)
            yield self.check(node["content"], level + 1)
        elif kind != "TypeNode":
            yield from self._children(kind, node, level)

    def _children(self, kind: str, node: dict[str, Any], level: int) -> Iterator[bytes]:
        content = node["content"]
        if kind == "NdArrayNode" and node["type"] != "json":
            raise _refused("holds an array in a form that no model of SonoHER2 is written in")
        for name in ("key_types", "shape"):
            if name in node:
                yield self.check(node[name], level + 1)
        if kind in ("ObjectNode", "RandomStateNode"):
            yield self.check(content, level + 1)
        elif kind in ("DictNode", "DefaultDictNode"):
            if not isinstance(content, dict):
                raise _refused("holds something that is no object")
            for name, child in content.items():
                yield json.dumps(name).encode()
                yield self.check(child, level + 1)
        else:
            if not isinstance(content, list):
                raise _refused("holds something that is no object")
            for child in content:
                yield self.check(child, level + 1)

    def _file(self, name: Any, *, array: bool, form: Any) -> bytes:
        if not isinstance(name, str) or name not in self._parts or (array and form != "numpy"):
            raise _refused("names a part that it does not have")
        self._bytes_left -= self._parts[name].file_size
        if self._bytes_left < 0:
            raise _refused("uses its parts too often")
        data = self._archive.read(name)
        if array:
            check_array(data)
        return hashlib.blake2b(data, digest_size=16).digest()


_NAMES = ("__class__", "__module__", "__loader__")


def _check_booster(node: dict[str, Any]) -> None:
    """Look at the text of a LightGBM model before LightGBM does."""
    state = node["content"]["content"]
    for name in ("_handle", "handle"):
        text = json.loads(state[name]["content"]) if name in state else None
        if text is not None:
            check_lightgbm(text)


def _scalar(node: dict[str, Any]) -> bytes:
    content = node["content"]
    if not isinstance(content, str) or isinstance(json.loads(content), list | dict):
        raise _refused("holds a value that is no number, word or truth value")
    return content.encode("utf-8", "surrogatepass")


def check_array(data: bytes) -> None:
    """Check that a .npy file holds as many numbers as its header says, and no objects.

    Raises
    ------
    InputError
        It does not: reading it would ask for memory that the header makes up, or the file is cut off.
    """
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise _refused("holds an array of an unknown version")
    reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = reader(stream)
    count = 1
    for length in shape:
        count *= int(length)
    if dtype.hasobject or min(shape, default=0) < 0 or count * max(dtype.itemsize, 1) != len(data) - stream.tell():
        raise _refused("holds an array whose header and numbers do not fit")
