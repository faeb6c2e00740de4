"""What a run knows at its beginning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sonoher2.networks.own import ImageNetworks
from sonoher2.study.steps.state import RunState


def state(**given: Any) -> RunState:
    return RunState("study", Path("run"), "context", **given)  # type: ignore[arg-type]


def test_a_study_has_no_bundle_and_a_validation_its_own() -> None:
    with pytest.raises(ValueError, match="no bundle"):
        _ = state().model_bundle
    assert state(bundle="a model").model_bundle == "a model"


def test_at_the_beginning_nothing_is_found_and_nothing_is_shared() -> None:
    one, other = state(), state()
    one.findings.append("noticed")  # type: ignore[arg-type]
    with one.watch.step("cohort"):
        pass
    assert other.findings == []
    assert other.watch.seconds == {}
    assert list(one.watch.seconds) == ["cohort"]
    assert one.networks == ImageNetworks()
    assert (one.drawn, one.recalibrate, one.explanations) == (None, None, None)


@pytest.mark.parametrize("name", ["checked", "measured", "fitted", "scored", "result", "main"])
def test_what_a_later_step_leaves_is_not_there_before(name: str) -> None:
    assert not hasattr(state(), name)
