"""Where a network runs, and on how many threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def chosen_device(name: str) -> torch.device:
    """Device by name; ``auto`` takes the first accelerator of CUDA when there is one."""
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)


def take_accelerator(turn: int) -> None:
    """Let this process use one of several accelerators, so that networks trained side by side share them out.

    Parameters
    ----------
    turn
        Number of the job; accelerators are taken in turn. Nothing happens without any.
    """
    if torch.cuda.is_available():
        torch.cuda.set_device(turn % torch.cuda.device_count())


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch: sums are then taken in one order, and folds run side by side in processes instead."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
