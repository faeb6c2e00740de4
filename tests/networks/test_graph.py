from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper
from torch import Tensor, nn

from sonoher2.core.errors import InputError
from sonoher2.networks.export import export_graph
from sonoher2.networks.graph import _TYPES, _fields, _initializer, _read_varint, _varint, check_graph, open_graph


class Affine(nn.Module):
    """w x + b, and a scale that is no weight."""

    def __init__(self, w: float, b: float) -> None:
        super().__init__()
        self.w, self.b = nn.Parameter(torch.full((2, 1), w)), nn.Parameter(torch.tensor([b]))

    def forward(self, x: Tensor, unused: Tensor) -> Tensor:
        return (x @ self.w + self.b) * 10


def weights(w: float, b: float) -> dict[str, Any]:
    return {"w": np.full((2, 1), w, np.float32), "b": np.array([b], np.float32), "other": np.zeros(3, np.float32)}


@pytest.fixture(scope="module")
def graph() -> bytes:
    found = export_graph(Affine(2.0, 1.0).eval(), {"x": torch.zeros(1, 2), "unused": torch.zeros(1)})
    assert found is not None
    return found


def test_a_graph_takes_the_weights_that_it_is_opened_with(graph: bytes) -> None:
    x = np.array([[3, 4]], np.float32)
    inputs = {"x": x, "unused": np.zeros(1, np.float32), "more": x}
    assert open_graph(graph, weights(2, 1))(inputs).tolist() == [[150]]
    assert open_graph(graph, weights(1, -1))(inputs).tolist() == [[60]]


@pytest.mark.parametrize("x", [np.zeros((1, 3), np.float32), np.zeros((1, 2), np.int32)])
def test_an_input_of_another_kind_is_refused(graph: bytes, x: NDArray[Any]) -> None:
    with pytest.raises(InputError, match="does not take its input"):
        open_graph(graph, weights(2, 1))({"x": x, "unused": np.zeros(1, np.float32)})
    with pytest.raises(InputError, match="does not take its input"):
        open_graph(graph, weights(2, 1))({"x": np.zeros((1, 2), np.float32)})


def test_a_graph_holds_no_weights_and_is_the_same_for_all(graph: bytes) -> None:
    names = [one.name for one in onnx.load_from_string(graph).graph.initializer]
    assert not {"w", "b"} & set(names)
    assert export_graph(Affine(7.0, 5.0).eval(), {"x": torch.zeros(1, 2), "unused": torch.zeros(1)}) == graph


def test_weights_that_are_missing_are_not_made_up(graph: bytes) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        open_graph(graph, {"w": np.full((2, 1), 2, np.float32)})


def test_what_onnx_cannot_express_has_no_graph() -> None:
    class Steps(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            for _ in range(int(x.sum())):
                x = x * 2
            return x

    assert export_graph(Steps().eval(), {"x": torch.zeros(1, 2)}) is None


def _model(nodes: Sequence[onnx.NodeProto], **more: Any) -> bytes:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y"))
    return bytes(helper.make_model(helper.make_graph(nodes, "g", [x], [y]), **more).SerializeToString())


def _branch() -> onnx.GraphProto:
    return helper.make_graph([], "inner", [], [])


def _elsewhere() -> bytes:
    model = onnx.load_from_string(_model([helper.make_node("Add", ["x", "w"], ["y"])]))
    tensor = model.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return bytes(model.SerializeToString())


def _constant_elsewhere() -> bytes:
    tensor = TensorProto(data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="secret")
    return _model([helper.make_node("Constant", [], ["y"], value=tensor)])


def _function() -> bytes:
    inner = helper.make_function("own", "f", ["a"], ["b"], [helper.make_node("Neg", ["a"], ["b"])], [])
    return _model([helper.make_node("Neg", ["x"], ["y"])], functions=[inner])


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        (_elsewhere(), "names a file"),
        (_constant_elsewhere(), "names a file"),
        (_model([helper.make_node("Loop", ["x"], ["y"], body=_branch())]), "loops or conditions"),
        (_model([helper.make_node("If", ["x"], ["y"], then_branch=_branch())]), "loops or conditions"),
        (_model([helper.make_node("Own", ["x"], ["y"], domain="com.example")]), "not ONNX's own"),
        (_function(), "functions of its own"),
        (_model([helper.make_node("Neg", ["x"], ["y"])])[:-3], "is damaged"),
        (b"\xff" * 40, "is damaged"),
    ],
)
def test_a_graph_that_does_more_than_arithmetic_is_refused(graph: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_graph(graph)
    with pytest.raises(InputError, match=said):
        open_graph(graph, {})


def test_nonsense_that_looks_like_a_graph_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        open_graph(_model([helper.make_node("Nonsense", ["x"], ["y"])]), {})


@pytest.mark.parametrize(
    ("number", "written"), [(0, b"\0"), (127, b"\x7f"), (128, b"\x80\x01"), (255, b"\xff\x01"), (300, b"\xac\x02")]
)
def test_numbers_are_written_seven_bits_at_a_time(number: int, written: bytes) -> None:
    assert _varint(number) == written
    assert _read_varint(b"\xff" + written + b"\xff", 1) == (number, 1 + len(written))


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (b"", []),
        # field 1: a number of ten bytes, 2 ** 63; field 2: eight bytes; field 3: four; field 4: two with their length
        (b"\x08" + b"\x80" * 9 + b"\x01", [(1, 1 << 63)]),
        (b"\x11" + b"eight  8", [(2, b"eight  8")]),
        (b"\x1d" + b"four", [(3, b"four")]),
        (b"\x22\x02ab\x08\x05", [(4, b"ab"), (1, 5)]),
        (b"\xa2\x01\x01x", [(20, b"x")]),
    ],
)
def test_fields_of_a_message(message: bytes, fields: list[tuple[int, Any]]) -> None:
    assert list(_fields(message)) == fields
    for damaged in (message[:-1],) if message else ():
        with pytest.raises(InputError, match="is damaged"):
            check_graph(damaged)


@pytest.mark.parametrize("message", [b"\x08" + b"\x80" * 10 + b"\x01", b"\x0b", b"\x0c", b"\x0e", b"\x12\x03ab"])
def test_a_message_that_breaks_the_rules_is_damaged(message: bytes) -> None:
    with pytest.raises(InputError, match="is damaged"):
        check_graph(message)


def test_weights_are_written_with_shape_and_kind() -> None:
    written = onnx.TensorProto.FromString(next(_fields(_initializer("w", np.arange(6).reshape(2, 3))))[1])
    assert (written.name, list(written.dims), written.data_type) == ("w", [2, 3], TensorProto.INT64)
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(written), [[0, 1, 2], [3, 4, 5]])
    kinds = {name: TensorProto.DataType.Value(name.upper().replace("32", "")) for name in ("float32", "int64", "bool")}
    assert kinds == _TYPES
