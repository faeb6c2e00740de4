"""From a torch network to the ONNX graph that `graph.open_graph` runs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from onnx import ModelProto

OUTPUT = "output"


def export_graph(network: nn.Module, inputs: Mapping[str, Tensor]) -> bytes | None:
    """Give the graph of a network without its weights; it is the same whatever they are.

    Parameters
    ----------
    network
        In evaluation mode. The graph calls its weights by their names in `state_dict`.
    inputs
        Examples by name, in the order in which `forward` takes them; the graph is for their shapes.

    Returns
    -------
    None for a network that ONNX cannot express.
    """
    try:
        # the exporter warns of its own parts that will change
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                network,
                tuple(inputs.values()),
                input_names=list(inputs),
                output_names=[OUTPUT],
                dynamo=True,
                optimize=False,
                verbose=False,
            )
            if program is None:
                return None
            return _without_weights(program.model_proto, set(network.state_dict()))
    except torch.onnx.OnnxExporterError:
        return None


def _without_weights(model: ModelProto, names: set[str]) -> bytes:
    # slow to import, and only who trains needs them
    import onnx
    from onnxscript.optimizer import optimize

    graph = model.graph
    weights = [tensor for tensor in graph.initializer if tensor.name in names]
    others = [tensor for tensor in graph.initializer if tensor.name not in names]
    # as inputs the weights stay as they are when the rest is simplified
    given = [onnx.helper.make_tensor_value_info(one.name, one.data_type, list(one.dims)) for one in weights]
    _replace(graph.initializer, others)
    graph.input.extend(given)
    simple = optimize(model)
    _replace(simple.graph.input, [one for one in simple.graph.input if one.name not in names])
    _replace(simple.graph.value_info, [])
    # where the exporter notes paths and versions
    for part in (simple, simple.graph, *simple.graph.node, *simple.graph.input, *simple.graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for name in ("producer_name", "producer_version"):
        simple.ClearField(name)
    return bytes(simple.SerializeToString(deterministic=True))


def _replace(repeated: Any, values: list[Any]) -> None:
    del repeated[:]
    repeated.extend(values)
