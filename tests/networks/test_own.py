from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.core.errors import InputError
from sonoher2.networks.own import SHIPPED_NETWORKS, ImageNetworks, OwnNetwork, Weights, require_same


def weights(name: str, without: int | None) -> Weights:
    return Weights(f"{name}.safetensors", name * 64, f"{name}.json", without)


def test_each_patient_has_the_weights_that_did_not_see_them() -> None:
    final, first, second, third = weights("b", None), weights("d", 0), weights("a", 1), weights("c", 2)
    network = OwnNetwork(final, {"P1": third, "P2": first, "P3": second, "P4": first, "P5": final})
    assert network.of("P1") == third
    assert network.of("P2") == first
    assert network.of("a new patient") == final
    # each once: the final ones, then by the fold that they are trained without
    assert network.all == (final, first, second, third)


def test_whom_weights_were_trained_on() -> None:
    assert weights("a", None).trained_on == "all training patients"
    assert weights("a", 0).trained_on == "training patients but fold 1"
    assert weights("a", 2).trained_on == "training patients but fold 3"
    assert weights("a", None).files == (Path("a.safetensors"), Path("a.json"))
    assert (weights("a", None).patients, weights("a", None).pictures) == (0, 0)


def test_weights_that_were_changed_are_refused() -> None:
    require_same(weights("a", None), "a" * 64)
    with pytest.raises(InputError) as caught:
        require_same(weights("a", None), "b" * 64)
    assert str(caught.value) == "a.safetensors: the weights were changed since they were named. Run it again."


def test_only_own_networks_are_named() -> None:
    one, other = (OwnNetwork(weights(name, None)) for name in "ab")
    assert SHIPPED_NETWORKS.own == {}
    assert ImageNetworks(enhancer=one).own == {"enhancer": one}
    assert ImageNetworks(one, other).own == {"segmenter": one, "enhancer": other}
