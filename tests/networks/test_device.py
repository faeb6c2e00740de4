"""Which device, which turn, how many threads."""

from __future__ import annotations

import pytest
import torch

from sonoher2.networks.device import chosen_device, one_thread, take_accelerator


@pytest.mark.parametrize(("there", "auto"), [(True, "cuda"), (False, "cpu")])
def test_auto_takes_an_accelerator_where_there_is_one(there: bool, auto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert chosen_device("auto") == torch.device(auto)
    assert chosen_device("cpu") == torch.device("cpu")
    assert chosen_device("cuda") == torch.device("cuda")


def test_accelerators_are_taken_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    take_accelerator(1)
    assert taken == []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for turn in range(5):
        take_accelerator(turn)
    assert taken == [0, 1, 2, 0, 1]


def test_threads_are_given_back_also_after_an_error() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with pytest.raises(KeyError, match="1"), one_thread():
            raise KeyError(torch.get_num_threads())
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
