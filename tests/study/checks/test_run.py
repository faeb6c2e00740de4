"""All checks together: which are made, and in which order they are told."""

from __future__ import annotations

from sonoher2.study.checks.run import CohortChecks, check_facts, with_checks
from sonoher2.study.checks.shortcuts import Shortcuts
from study_facts import facts, folds, result, validation


def test_a_sound_study_passes_every_check() -> None:
    checks = check_facts(facts(1500))
    states = {outcome.code: outcome.state for outcome in checks.outcomes}
    assert states.pop("SITE001") == "not checked"
    assert states.pop("MISS001") == "not checked"
    assert states.pop("SITE002") == "not checked"
    assert states.pop("LEAK007") == "not checked"
    assert set(states.values()) == {"passed"}


def test_leak003_cannot_be_checked_where_nothing_was_fitted() -> None:
    table = with_checks(validation(), CohortChecks((), Shortcuts()), None).checks.table.set_index("code")
    for code in ("LEAK003", "LEAK004", "LEAK005"):
        assert table.loc[code, ["result", "found"]].to_list() == ["not checked", "there are no training patients"]


def test_all_outcomes_are_added_in_order() -> None:
    known = with_checks(result(), CohortChecks((), Shortcuts(skipped="no images")), folds())
    assert list(known.checks.table["code"]) == [
        "LEAK003",
        "LEAK004",
        "LEAK005",
        "LEAK006",
        "BASE001",
        "BASE002",
        "CAL001",
        "FAIR001",
    ]
    assert dict(zip(known.checks.table["code"], known.checks.table["result"], strict=True))["BASE001"] == "not checked"
    assert known.checks.findings == ()
    warned = with_checks(result(slope=3.0), CohortChecks((), Shortcuts()), None)
    assert [finding.code for finding in warned.checks.findings] == ["CAL001"]
