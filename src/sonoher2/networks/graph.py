"""A network as an ONNX graph without weights, run by ONNX Runtime: the same numbers as torch's, in less time.

The weights stay where they are (a bundle's tensors, a safetensors file) and are joined to the graph when it is opened:
protocol buffers add up, so that the graph followed by a graph of nothing but weights is the graph with its weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sonoher2.core.errors import InputError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Run = Callable[[Mapping[str, NDArray[Any]]], NDArray[Any]]
"""From the inputs by name to the output."""

# numbers of the fields in onnx.proto3, and of the types of tensors
_GRAPH, _FUNCTIONS = 7, 25
_NODE, _INITIALIZER = 1, 5
_OPERATOR, _ATTRIBUTE, _DOMAIN = 4, 5, 7
_TENSOR_OF_ATTRIBUTE, _TENSORS_OF_ATTRIBUTE = 5, 10
_GRAPH_OF_ATTRIBUTE, _GRAPHS_OF_ATTRIBUTE = 6, 11
_DIMS, _TYPE, _NAME, _RAW, _EXTERNAL = 1, 2, 8, 9, 13
_TYPES = {"float32": 1, "int64": 7, "bool": 9}


def open_graph(graph: bytes, tensors: Mapping[str, NDArray[Any]]) -> Run:
    """Make a network ready to run, on one thread: sums are then taken in one order.

    Parameters
    ----------
    graph
        From `export.export_graph`; it may come from a file that anybody wrote.
    tensors
        Weights by the names that the graph uses; others are left out.

    Raises
    ------
    InputError
        The graph cannot be read, asks for more than arithmetic, or for weights that are not there; raised by what is
        given back, too, for an input that the graph does not take.
    """
    check_graph(graph)
    # slow to import, and most commands need no network
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    whole = graph + _field(_GRAPH, b"".join(_initializer(*one) for one in tensors.items() if one[0].encode() in graph))
    try:
        session = onnxruntime.InferenceSession(whole, options, providers=["CPUExecutionProvider"])
    # the library raises kinds of its own for each way in which a graph is wrong
    except Exception as error:
        raise _refused(f"cannot be read ({type(error).__name__})") from None
    return _runner(session)


def _runner(session: InferenceSession) -> Run:
    names = [wanted.name for wanted in session.get_inputs()]

    def run(inputs: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        try:
            (output,) = session.run(None, {name: inputs[name] for name in names})
        # as above: the input has another shape, or the graph cannot be computed
        except Exception as error:
            raise _refused(f"does not take its input ({type(error).__name__})") from None
        return np.asarray(output)

    return run


def check_graph(graph: bytes) -> None:
    """Refuse a graph that does more than arithmetic on its inputs and weights.

    Loops and conditions hold graphs of their own, functions and foreign operators run other code, and a tensor may name
    a file to be read.

    Raises
    ------
    InputError
        It does, or it is no graph.
    """
    try:
        for number, value in _fields(graph):
            if number == _FUNCTIONS:
                raise _refused("has functions of its own")
            if number == _GRAPH:
                _check_parts(value)
    except (IndexError, TypeError):
        raise _refused("is damaged") from None


def _check_parts(graph: bytes) -> None:
    for number, value in _fields(graph):
        if number == _INITIALIZER:
            _check_tensor(value)
        elif number == _NODE:
            for part, content in _fields(value):
                if part == _DOMAIN and content not in (b"", b"ai.onnx"):
                    raise _refused("uses operators that are not ONNX's own")
                if part == _ATTRIBUTE:
                    _check_attribute(content)


def _check_attribute(attribute: bytes) -> None:
    for number, value in _fields(attribute):
        if number in (_GRAPH_OF_ATTRIBUTE, _GRAPHS_OF_ATTRIBUTE):
            raise _refused("has loops or conditions")
        if number in (_TENSOR_OF_ATTRIBUTE, _TENSORS_OF_ATTRIBUTE):
            _check_tensor(value)


def _check_tensor(tensor: bytes) -> None:
    if any(number == _EXTERNAL for number, _ in _fields(tensor)):
        raise _refused("names a file to be read")


def _refused(what: str) -> InputError:
    return InputError(f"the network's graph {what}", fix="Use the file as it was written")


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Numbers and values of a protocol buffer's fields: bytes of what has a length, an integer of the rest."""
    place = 0
    while place < len(message):
        tag, place = _read_varint(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = _read_varint(message, place)
            yield tag >> 3, value
            continue
        if kind == 2:
            length, place = _read_varint(message, place)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise IndexError
        if place + length > len(message):
            raise IndexError
        yield tag >> 3, message[place : place + length]
        place += length


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
        if shift > 63:
            raise IndexError


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _initializer(name: str, value: NDArray[Any]) -> bytes:
    kind = _varint(_TYPE << 3) + _varint(_TYPES[value.dtype.name])
    shape = b"".join(map(_varint, value.shape))
    return _field(
        _INITIALIZER, _field(_DIMS, shape) + kind + _field(_NAME, name.encode()) + _field(_RAW, value.tobytes())
    )
