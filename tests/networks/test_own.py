from __future__ import annotations

from sonoher2.networks.own import OwnNetwork, Weights


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
